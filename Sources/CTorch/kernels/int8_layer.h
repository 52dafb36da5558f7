// A linear layer by itself with products of 8-bit integers.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace ct::kernels {

/// Whether the calling thread multiplies in 8 bits, and these are what it can.
bool takes_int8(const at::Tensor &x, const at::Tensor &weight);

/// x weight' + bias on the last dimension, as `at::linear`.
at::Tensor int8_linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias);

}  // namespace ct::kernels
