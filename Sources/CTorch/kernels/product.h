// Products of matrices on all threads, each with its own share.
#pragma once

#include <ATen/core/Tensor.h>

namespace ct::kernels {

/// What is multiplied: a matrix in rows that `operand` made, or its transpose.
struct Factor {
  const at::Tensor &matrix;
  bool is_transposed = false;

  Factor(const at::Tensor &matrix, bool is_transposed = false) : matrix(matrix), is_transposed(is_transposed) {}

  int64_t rows() const { return matrix.size(is_transposed ? 1 : 0); }
  int64_t columns() const { return matrix.size(is_transposed ? 0 : 1); }
  at::Tensor tensor() const;
};

inline Factor transposed(const at::Tensor &matrix) { return {matrix, true}; }

enum class Into { empty, sum };

/// out = a b, or out += a b. `out` is float32 and lies in rows.
///
/// By kernels of this package where they are faster (own_product.h), else by libtorch's library. That shares a product
/// out by itself, and its threads wait for each other several times in it. Here each thread computes whole columns
/// (where `a` is transposed: rows) with a product of its own, and waits once.
void multiply(const at::Tensor &out, Factor a, Factor b, Into into = Into::empty);

/// a b, a new matrix of float32.
at::Tensor product(Factor a, Factor b);

}  // namespace ct::kernels
