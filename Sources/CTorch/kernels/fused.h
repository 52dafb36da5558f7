// What the fused functions on tensors share.
#pragma once

#include <ATen/EmptyTensor.h>

#include <algorithm>
#include <cmath>

#include "../boundary.h"
#include "../profile.h"
#include "node.h"
#include "parallel.h"
#include "precision.h"
#include "product.h"
#include "table.h"

namespace ct::kernels {

/// The dropout of one place in a model.
inline Dropout dropout(const ct_dropout_draw &draw) {
  TORCH_CHECK(draw.probability >= 0 && draw.probability <= 1, "a dropout probability of ", draw.probability);
  Dropout result;
  result.key = draw.key;
  result.place = draw.place;
  result.threshold = static_cast<uint32_t>(std::lround(draw.probability * 65536));
  result.scale = result.threshold >= 65536 ? 0.0f : 65536.0f / static_cast<float>(65536 - result.threshold);
  return result;
}

/// A float32 CPU tensor in rows; anything else has no fused kernel.
inline void check_dense(const at::Tensor &tensor, const char *name) {
  TORCH_CHECK(
      tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous(), "the fused kernels take ",
      name, " as contiguous float32 on the CPU, not ", tensor.scalar_type(), " on ", tensor.device());
}

inline void check_shape(const at::Tensor &tensor, at::IntArrayRef shape, const char *name) {
  check_dense(tensor, name);
  TORCH_CHECK(tensor.sizes() == shape, name, " has shape ", tensor.sizes(), " where ", shape, " is needed");
}

/// Not by libtorch's dispatcher, which looks for whom to ask for longer than it takes to get the memory.
inline at::Tensor floats(at::IntArrayRef shape) { return at::Tensor(at::detail::empty_cpu(shape, at::kFloat)); }

inline at::Tensor zeroed(at::IntArrayRef shape) {
  at::Tensor result = floats(shape);
  std::fill_n(result.data_ptr<float>(), result.numel(), 0.0f);
  return result;
}

/// Parts of rows that are worth a thread each, with sums of their own: some for each thread, so that none waits long for
/// another that is slower.
inline int64_t row_parts(int64_t rows) { return std::clamp<int64_t>(rows / 8, 1, thread_count() * 4); }

/// The sum of the rows of [parts, width].
inline at::Tensor sum_parts(const at::Tensor &parts) {
  const int64_t width = parts.size(1);
  at::Tensor total = floats({width});
  const float *rows = parts.data_ptr<float>();
  std::copy_n(rows, width, total.data_ptr<float>());
  for (int64_t i = 1; i < parts.size(0); ++i) table().add(total.data_ptr<float>(), rows + i * width, width);
  return total;
}

}  // namespace ct::kernels
