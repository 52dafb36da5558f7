// What ends both halves of a layer: the layer norm of a projection and what went in beside it.
#pragma once

#include "fused.h"

namespace ct::kernels {

/// Parameters of `normalize(dropout(x weight' + bias) + residual)`.
struct NormLayer {
  at::Tensor weight, bias, norm_weight, norm_bias;
  double epsilon;
  Dropout dropout;

  /// @param inputs the width of x.
  static NormLayer checked(const ct_residual_norm &layer, int64_t inputs);
};

/// One pass through it, and what its backward pass needs besides the parameters.
class LinearNorm {
 public:
  /// @param input x [rows, inputs], as `operand` gives it.
  at::Tensor forward(
      const at::Tensor &input, const at::Tensor &residual, const NormLayer &layer, Precision precision, bool recorded);

  struct Gradients {
    /// Of the projection, as `operand` gives it, and of the residual. Without dropout they may be one tensor: the
    /// caller adds to the latter once it has used the former.
    at::Tensor projected, residual;
    at::Tensor bias, norm_weight, norm_bias;
  };
  /// To be called once.
  Gradients backward(const at::Tensor &grad, const at::Tensor &norm_weight, Precision precision);

 private:
  at::Tensor normalized_, deviations_;
  Dropout dropout_;
};

}  // namespace ct::kernels
