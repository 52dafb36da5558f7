// Layers whose products are of 8-bit integers: weights with a scale an output, activations with a scale a row. For
// inference; nothing is recorded.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <memory>
#include <vector>

#include "int8_table.h"
#include "linear_norm.h"

namespace ct::kernels {

/// Whether the calling thread is inside `ct_int8_begin`.
bool multiplies_int8();

/// Refuses what a backward pass would need.
inline void check_unrecorded(bool recorded) {
  TORCH_CHECK(!recorded, "products in 8 bits have no gradients");
}

/// Fewer outputs than these, such as a classifier's, stay float32: they cost nothing, and decide the answer.
constexpr int64_t kInt8Outputs = 16;

/// A weight in 8 bits, in the order in which it is multiplied.
class Int8Weight {
 public:
  /// @param weight [outputs, inputs], float32 in rows.
  explicit Int8Weight(const at::Tensor &weight);

  const Int8Matrix &matrix() const { return matrix_; }

 private:
  struct Free {
    void operator()(int8_t *memory) const;
  };
  std::unique_ptr<int8_t, Free> packed_;
  std::vector<float> scales_;
  std::vector<int32_t> sums_;
  Int8Matrix matrix_;
};

/// The weight in 8 bits, kept until one of `owners`, the tensors that are written to, changes.
std::shared_ptr<const Int8Weight> int8_weight(
    const at::Tensor &weight, std::initializer_list<const at::Tensor *> owners);

/// out = x weight', with `x` and `out` float32 [rows, inputs] and [rows, outputs], whose rows may lie apart.
void int8_linear(const at::Tensor &out, const at::Tensor &x, const Int8Weight &weight);

/// The halves of a layer; see `LinearNorm` and `ct_fused_feed_forward`.
at::Tensor int8_linear_norm(const at::Tensor &x, const at::Tensor &residual, const NormLayer &layer);
at::Tensor int8_feed_forward(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const NormLayer &output);

}  // namespace ct::kernels
