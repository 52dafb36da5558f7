// Which devices there are.
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include "boundary.h"

void ct::load_cuda() {
#ifdef __linux__
  static const bool loaded = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr;
  (void)loaded;
#endif
}

bool ct_cuda_available(void) {
  bool available = false;
  ct::boundary([&] {
    ct::load_cuda();
    available = at::hasCUDA();
  });
  return available;
}

int32_t ct_cuda_count(void) {
  int32_t count = 0;
  ct::boundary([&] {
    ct::load_cuda();
    count = at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
  });
  return count;
}

bool ct_mps_available(void) {
  bool available = false;
  ct::boundary([&] { available = at::hasMPS(); });
  return available;
}
