#include "zeros.h"

#include <ATen/ops/zeros.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <utility>

#include "memory.h"

namespace ct {

namespace {

/// Below this, libtorch's own way costs least.
constexpr size_t kLeastBytes = 1 << 20;

/// Rows to a column, from where on a matrix is taken for a table: those of models have 30 or more, other weights up to
/// 8.
constexpr int64_t kSlender = 16;

/// Pages that the system has yet to provide.
struct Pages {
  void *start;
  size_t bytes;
  bool are_untouched = true;

  static void unmap(void *context) {
    auto *const pages = static_cast<Pages *>(context);
    munmap(pages->start, pages->bytes);
    delete pages;
  }

  static c10::DataPtr map(size_t bytes) {
    void *const start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return zero_memory(bytes);
    return {start, new Pages{start, bytes}, unmap, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

bool is_table(at::IntArrayRef shape) { return shape.size() == 2 && shape[0] / kSlender >= shape[1]; }

at::Tensor zeros(at::IntArrayRef shape, const at::TensorOptions &options) {
  size_t count = 1, bytes = 0;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, static_cast<size_t>(size), &count)) return at::zeros(shape, options);
  }
  if (!options.device().is_cpu() || __builtin_mul_overflow(count, options.dtype().itemsize(), &bytes) ||
      bytes < kLeastBytes)
    return at::zeros(shape, options);
  c10::Storage storage(c10::make_intrusive<c10::StorageImpl>(
      c10::StorageImpl::use_byte_size_t(), bytes, is_table(shape) ? Pages::map(bytes) : zero_memory(bytes),
      c10::GetCPUAllocator(), /*resizable=*/true));
  // Not `set_`, which counts as a change.
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(c10::DispatchKey::CPU), options.dtype());
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous(shape);
  return tensor;
}

bool take_untouched(const at::Tensor &tensor) {
  const c10::DataPtr &memory = tensor.storage().data_ptr();
  if (memory.get_deleter() != Pages::unmap || tensor._version() != 0) return false;
  return std::exchange(static_cast<Pages *>(memory.get_context())->are_untouched, false);
}

}  // namespace ct
