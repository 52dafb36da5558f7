// Random numbers, and settings of the whole process.
#include <ATen/Context.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/randperm.h>
#include <torch/headeronly/version.h>

#include <mutex>

#include "boundary.h"

int32_t ct_manual_seed(uint64_t seed) {
  return ct::boundary([&] {
    ct::load_cuda();
    at::manual_seed(seed);
  });
}

int32_t ct_generator_new(uint64_t seed, ct_generator **out) {
  return ct::boundary([&] { *out = new ct_generator{at::detail::createCPUGenerator(seed)}; });
}

int32_t ct_generator_default(ct_device device, ct_generator **out) {
  return ct::boundary([&] { *out = new ct_generator{at::globalContext().defaultGenerator(ct::device(device))}; });
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
  return ct::boundary([&] {
    ct::give(at::randperm(count, ct::optional(generator), at::TensorOptions(at::kLong)), out);
  });
}

int32_t ct_thread_count(void) { return at::get_num_threads(); }

int32_t ct_set_thread_count(int32_t count) {
  return ct::boundary([&] { at::set_num_threads(count); });
}

const char *ct_torch_version(void) { return TORCH_VERSION; }
