// Products of float32 matrices as plain functions on memory, one set for each instruction set.
#pragma once

#include <cstdint>

namespace ct::kernels {

/// Numbers in rows that lie `stride` apart, or the transpose of such a matrix.
struct ProductMatrix {
  const float *data;
  int64_t stride;
  bool is_transposed;
};

/// out = a b, out = a b + bias, or out += a b.
struct ProductJob {
  ProductMatrix a, b;
  float *out;
  int64_t out_stride;
  int64_t rows, columns, depth;
  bool adds;
  /// A number for each column, or null; not with `adds`.
  const float *bias;
  /// All of `b` as `pack` has copied it, or null.
  const float *packed;
};

/// A part of `out`: rows and columns [begin, end).
struct ProductPart {
  int64_t row_begin, row_end, column_begin, column_end;
};

/// What a number of the result is depends on its row of `a`, its column of `b` and the depth alone: products are added
/// in the order of the depth, whatever part it is computed in, and by every set alike.
struct ProductTable {
  const char *name;
  /// Rows and columns that are computed at once; parts begin at whole ones.
  int64_t tile_rows, tile_columns;
  /// Numbers of memory that a call needs for itself, beginning at a cache line.
  int64_t scratch;
  /// Copies the columns [begin, end) of `b`, which begin and, but for the last, end at whole tiles. A packed matrix has
  /// `depth` numbers for each column, those of the last tile that there aren't included.
  void (*pack)(
      const ProductMatrix &b, int64_t depth, int64_t columns, int64_t begin, int64_t end, float *packed);
  void (*multiply)(const ProductJob &job, const ProductPart &part, float *scratch);
};

#if defined(__x86_64__)
extern const ProductTable product_avx512_table;
extern const ProductTable product_avx2_table;
#elif defined(__aarch64__)
extern const ProductTable product_neon_table;
#endif

}  // namespace ct::kernels
