// Products of matrices on all threads, each with its own share.
#pragma once

#include <ATen/core/Tensor.h>

namespace ct::kernels {

/// out = a b, for two that `operand` made. `out`, float32, lies in rows; `a` and `b` too, or they are the transpose of a
/// matrix that does.
///
/// libtorch's library shares a product out by itself, and its threads wait for each other several times in it. Here each
/// thread computes whole columns (where `a` is transposed: rows) with a product of its own, and waits once.
void multiply(const at::Tensor &out, const at::Tensor &a, const at::Tensor &b);

/// a b, a new matrix of float32.
at::Tensor product(const at::Tensor &a, const at::Tensor &b);

/// The gradients of `x weight'` for `grad`, that of the result, all of them made by `operand`; those that aren't needed
/// stay undefined.
struct LinearGradients {
  at::Tensor x, weight;
};

LinearGradients linear_gradients(
    const at::Tensor &grad, const at::Tensor &x, const at::Tensor &weight, bool needs_x, bool needs_weight);

}  // namespace ct::kernels
