#include "zeros.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <sys/mman.h>

namespace ct {

namespace {

/// Below this, a mapping of its own costs more than it saves.
constexpr size_t kLeastBytes = 1 << 20;

}  // namespace

at::Tensor zeros(at::IntArrayRef shape, const at::TensorOptions &options) {
  size_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, static_cast<size_t>(size), &count)) return at::zeros(shape, options);
  }
  size_t bytes = 0;
  if (!options.device().is_cpu() || __builtin_mul_overflow(count, options.dtype().itemsize(), &bytes) ||
      bytes < kLeastBytes)
    return at::zeros(shape, options);
  void *pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return at::zeros(shape, options);
  return at::from_blob(
      pages, shape, [bytes](void *start) { munmap(start, bytes); }, options);
}

}  // namespace ct
