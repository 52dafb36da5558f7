#pragma once

#include <ATen/core/Tensor.h>

namespace ct {

/// Whether this is the shape of a table of embeddings, most rows of which are seldom or never written to.
bool is_table(at::IntArrayRef shape);

/// Zeros. Those for a table take neither memory nor time until they are written.
at::Tensor zeros(at::IntArrayRef shape, const at::TensorOptions &options);

/// Whether these are zeros for a table that nothing has been written to. True once at most: who asks is about to write.
bool take_untouched(const at::Tensor &tensor);

}  // namespace ct
