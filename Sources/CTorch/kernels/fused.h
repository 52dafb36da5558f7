// What the fused functions on tensors share.
#pragma once

#include <ATen/EmptyTensor.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "../boundary.h"
#include "../profile.h"
#include "node.h"
#include "parallel.h"
#include "precision.h"
#include "product.h"
#include "table.h"

namespace ct::kernels {

/// The dropout of one layer.
inline Dropout dropout(const ct_dropout_draw &draw) {
  TORCH_CHECK(draw.probability >= 0 && draw.probability <= 1, "a dropout probability of ", draw.probability);
  Dropout result;
  result.key = draw.key;
  result.site = draw.site;
  result.threshold = static_cast<uint32_t>(std::lround(draw.probability * 65536));
  result.scale = result.threshold >= 65536 ? 0.0f : 65536.0f / static_cast<float>(65536 - result.threshold);
  return result;
}

/// A float32 CPU tensor in rows; anything else has no fused kernel.
inline void check_dense(const at::Tensor &tensor, const char *name) {
  TORCH_CHECK(
      tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous(),
      "the fused kernels take ", name, " as contiguous float32 on the CPU, not ", tensor.scalar_type(), " on ",
      tensor.device());
}

inline void check_shape(const at::Tensor &tensor, at::IntArrayRef shape, const char *name) {
  check_dense(tensor, name);
  TORCH_CHECK(tensor.sizes() == shape, name, " has shape ", tensor.sizes(), " where ", shape, " is needed");
}

/// Not by libtorch's dispatcher, which looks for whom to ask for longer than it takes to get the memory.
inline at::Tensor floats(at::IntArrayRef shape) { return at::Tensor(at::detail::empty_cpu(shape, at::kFloat)); }

/// For sums and small tables; `ct::zeros` takes no memory for what may stay zero.
inline at::Tensor zeroed(at::IntArrayRef shape) {
  at::Tensor result = floats(shape);
  std::fill_n(result.data_ptr<float>(), result.numel(), 0.0f);
  return result;
}

/// Parts of rows that are worth a thread each, with sums of their own: some for each thread, so that none waits long
/// for another that is slower.
inline int64_t row_parts(int64_t rows) { return std::clamp<int64_t>(rows / 8, 1, thread_count() * 4); }

/// The sum of the rows of [parts, count width], as so many tensors [width].
template <size_t Count>
std::array<at::Tensor, Count> sum_parts(const at::Tensor &parts) {
  const int64_t width = parts.size(1) / static_cast<int64_t>(Count);
  std::array<at::Tensor, Count> sums;
  for (size_t k = 0; k < Count; ++k) {
    sums[k] = floats({width});
    float *total = sums[k].template data_ptr<float>();
    for (int64_t i = 0; i < parts.size(0); ++i) {
      const float *part = parts.data_ptr<float>() + i * parts.size(1) + static_cast<int64_t>(k) * width;
      if (i == 0) {
        std::copy_n(part, width, total);
      } else {
        table().add(total, part, width);
      }
    }
  }
  return sums;
}

/// Rows [begin, begin + count) of a dense matrix, on its memory.
inline at::Tensor rows_of(const at::Tensor &matrix, int64_t begin, int64_t count) {
  at::Tensor rows = at::detail::make_tensor<c10::TensorImpl>(
      c10::TensorImpl::VIEW, c10::Storage(matrix.storage()), matrix.key_set(), matrix.dtype());
  const std::array<int64_t, 2> shape{count, matrix.size(1)};
  rows.unsafeGetTensorImpl()->set_storage_offset(matrix.storage_offset() + begin * matrix.size(1));
  rows.unsafeGetTensorImpl()->set_sizes_contiguous(shape);
  return rows;
}

}  // namespace ct::kernels
