// NCCL for groups of processes on GPUs: a library of its own, which the program loads where libtorch has its CUDA part.
// So one program runs on machines with and without it. scripts/bootstrap compiles it; of NVIDIA's libraries it needs
// headers only, since what it calls is in libtorch_cuda.
#define USE_C10D_NCCL
#ifndef USE_DISTRIBUTED
#define USE_DISTRIBUTED
#endif
#include "plugin.h"

#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <torch/headeronly/version.h>

#include <cstdio>

extern "C" {

const char *swiftlet_nccl_torch_version(void) { return TORCH_VERSION; }

void swiftlet_nccl_version(char *text, size_t size) {
  int version = 0;
  if (ncclGetVersion(&version) != ncclSuccess) version = 0;
  std::snprintf(text, size, "%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
}

void swiftlet_nccl_backend(
    const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, int64_t timeout_ms,
    c10::intrusive_ptr<c10d::Backend> &out) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = std::chrono::milliseconds(timeout_ms);
  out = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

}  // extern "C"
