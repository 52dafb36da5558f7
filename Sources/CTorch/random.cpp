// Random numbers, and settings of the whole process.
#include <ATen/Context.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/randperm.h>
#include <dlfcn.h>
#include <torch/headeronly/version.h>

#include <mutex>

#include "boundary.h"

namespace {

/// A CUDA build of libtorch has its kernels in a library of its own, which registers itself when loaded. Programs link
/// only the CPU part, so that they run with either build.
void load_cuda() {
#ifdef __linux__
  static const bool loaded = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr;
  (void)loaded;
#endif
}

}  // namespace

int32_t ct_manual_seed(uint64_t seed) {
  return ct::boundary([&] { at::manual_seed(seed); });
}

int32_t ct_generator_new(uint64_t seed, ct_generator **out) {
  return ct::boundary([&] { *out = new ct_generator{at::detail::createCPUGenerator(seed)}; });
}

int32_t ct_generator_default(ct_generator **out) {
  return ct::boundary([&] { *out = new ct_generator{at::detail::getDefaultCPUGenerator()}; });
}

void ct_generator_free(ct_generator *generator) { delete generator; }

int32_t ct_generator_seed(const ct_generator *generator, uint64_t *out) {
  return ct::boundary([&] {
    auto value = generator->value;
    std::lock_guard<std::mutex> lock(value.mutex());
    *out = value.current_seed();
  });
}

int32_t ct_generator_set_seed(const ct_generator *generator, uint64_t seed) {
  return ct::boundary([&] {
    auto value = generator->value;
    std::lock_guard<std::mutex> lock(value.mutex());
    value.set_current_seed(seed);
  });
}

int32_t ct_generator_state(const ct_generator *generator, ct_tensor **out) {
  return ct::boundary([&] {
    auto value = generator->value;
    std::lock_guard<std::mutex> lock(value.mutex());
    ct::give(value.get_state(), out);
  });
}

int32_t ct_generator_set_state(const ct_generator *generator, const ct_tensor *state) {
  return ct::boundary([&] {
    auto value = generator->value;
    std::lock_guard<std::mutex> lock(value.mutex());
    value.set_state(ct::get(state));
  });
}

int32_t ct_normal_(const ct_tensor *x, double mean, double deviation, const ct_generator *generator) {
  return ct::boundary([&] { ct::get(x).normal_(mean, deviation, ct::optional(generator)); });
}

int32_t ct_uniform_(const ct_tensor *x, double from, double to, const ct_generator *generator) {
  return ct::boundary([&] { ct::get(x).uniform_(from, to, ct::optional(generator)); });
}

int32_t ct_bernoulli_(const ct_tensor *x, double probability, const ct_generator *generator) {
  return ct::boundary([&] { ct::get(x).bernoulli_(probability, ct::optional(generator)); });
}

int32_t ct_random_(const ct_tensor *x, const ct_generator *generator) {
  return ct::boundary([&] { ct::get(x).random_(ct::optional(generator)); });
}

int32_t ct_random_below_(const ct_tensor *x, int64_t end, const ct_generator *generator) {
  return ct::boundary([&] { ct::get(x).random_(0, end, ct::optional(generator)); });
}

int32_t ct_randperm(int64_t count, const ct_generator *generator, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::randperm(count, ct::optional(generator), at::TensorOptions(at::kLong)), out); });
}

int32_t ct_thread_count(void) { return at::get_num_threads(); }

int32_t ct_set_thread_count(int32_t count) {
  return ct::boundary([&] { at::set_num_threads(count); });
}

bool ct_cuda_available(void) {
  bool available = false;
  ct::boundary([&] {
    load_cuda();
    available = at::hasCUDA();
  });
  return available;
}

bool ct_mps_available(void) {
  bool available = false;
  ct::boundary([&] { available = at::hasMPS(); });
  return available;
}

const char *ct_torch_version(void) { return TORCH_VERSION; }
