#pragma once

#include <ATen/core/Tensor.h>

namespace ct {

/// Zeros. Large ones in the machine's memory take none of it, and no time, until they are written: of the moments and
/// the gradient of a table of embeddings most rows never are.
at::Tensor zeros(at::IntArrayRef shape, const at::TensorOptions &options);

}  // namespace ct
