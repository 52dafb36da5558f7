// A linear layer by itself on the kernels' products, for what has no function of its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace ct::kernels {

/// Whether the calling thread is inside `ct_own_linear_begin`, and these are what the own products take.
bool takes_own_linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias);

/// x weight' + bias on the last dimension, as `at::linear`. As there, the backward pass may run again while
/// the graph is retained.
at::Tensor own_linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias);

}  // namespace ct::kernels
