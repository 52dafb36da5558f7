// Rows to 8 bits, and their products with packed weights. Included once by each file that names an instruction set:
// CT_INT8_DOT is its product of four bytes a lane, CT_INT8_TILE rows are multiplied at once, with CT_INT8_VECTORS
// vectors of weights: their sums, the weights and one number more stay in registers.
#pragma once

#include "int8_table.h"
#include "vector.h"

namespace ct::kernels::CT_SET {

typedef uint8_t Bytes __attribute__((vector_size(W)));
typedef Ints IntsAnywhere __attribute__((aligned(1)));

/// Numbers beyond so many times the root of the row's mean square are outliers. In rows of a normal distribution there
/// is one in 16,000; in those that trained encoders have, a handful of columns, at 10 to 30 times.
constexpr float kOutlierBound = 4;

/// What a row is measured by.
struct RowRange {
  Vec low, high, squares;
};

CT_INLINE void measure(RowRange &range, Vec value) {
  range.high = larger(range.high, value);
  range.low = larger(range.low, -value);
  range.squares += value * value;
}

/// A bit of its own in each lane.
template <int... Lanes>
CT_INLINE Ints lane_bits(Order<Lanes...>) {
  return Ints{(1 << Lanes)...};
}

/// Writes down the columns whose numbers are farther than `bound` from zero, at most one more than there is room for.
static int32_t int8_outliers(const float *x, int64_t inputs, float bound, int32_t *columns) {
  int32_t count = 0;
  for (int64_t begin = 0; begin < inputs; begin += W) {
    const Vec value = load_part(x + begin, inputs - begin);
    const Ints beyond = larger(value, -value) > all(bound);
    if (__builtin_reduce_or(beyond) == 0) continue;
    for (auto left = static_cast<uint32_t>(__builtin_reduce_or(beyond & lane_bits(InOrder{}))); left != 0;
         left &= left - 1) {
      if (count == kInt8Outliers) return count + 1;
      columns[count++] = static_cast<int32_t>(begin) + __builtin_ctz(left);
    }
  }
  return count;
}

/// `W` numbers, of which `count` are there, in 8 bits.
CT_INLINE void int8_cut(const float *x, int64_t count, float inverse, float zero, uint8_t *q) {
  // Rounded alike in all sets: half a unit decides between two integers.
  #pragma clang fp contract(off)
  const Vec value = load_part(x, count) * inverse + zero;
  // Adding 2^23 rounds to an integer and leaves it in the low bits.
  const Vec cut = larger(all(0), -larger(-value, all(-255))) + 8388608.0f;
  const Bytes bytes = __builtin_convertvector((Bits)cut & 255u, Bytes);
  if (count >= W) {
    std::memcpy(q, &bytes, W);
  } else {
    std::memcpy(q, &bytes, static_cast<size_t>(count));
  }
}

static void int8_quantize(const float *x, int64_t inputs, const Int8Rows &to, int64_t row) {
  // Numbers of whole vectors: what is left is apart, so that the loops have no choice to make.
  const int64_t whole = inputs / W * W;
  uint8_t *q = to.values + row * to.stride;
  RowRange range{};
  for (int64_t i = 0; i < whole; i += W) measure(range, load(x + i));
  if (whole < inputs) measure(range, load_part(x + whole, inputs - whole));
  const float root = __builtin_sqrtf(sum(range.squares) / static_cast<float>(inputs));
  float most = maximum(range.high), least = -maximum(range.low), bound = kOutlierBound * root;
  int32_t *columns = to.outlier_columns + row * kInt8Outliers, &count = to.outlier_counts[row];
  count = 0;
  // A number that is none makes the product none. Numbers whose squares are zero add nothing to it.
  const bool is_tiny = bound < 1e-18f;
  if (is_tiny || !(bound <= 3e38f)) {
    std::memset(q, 0, static_cast<size_t>(to.stride));
    to.scales[row] = is_tiny ? 0 : __builtin_nanf("");
    to.zeros[row] = 0;
    return;
  }
  if (most > bound || -least > bound) {
    while ((count = int8_outliers(x, inputs, bound, columns)) > kInt8Outliers) bound *= 1.5f;
    most = most < bound ? most : bound;
    least = least > -bound ? least : -bound;
  }
  const float scale = most > least ? (most - least) / 255 : 1;
  const float inverse = 1 / scale, zero = __builtin_rintf(-least * inverse);
  to.scales[row] = scale;
  to.zeros[row] = static_cast<int32_t>(zero);
  std::memset(q + inputs, static_cast<int>(zero), static_cast<size_t>(to.stride - inputs));
  for (int64_t i = 0; i < whole; i += W) int8_cut(x + i, W, inverse, zero, q + i);
  if (whole < inputs) int8_cut(x + whole, inputs - whole, inverse, zero, q + whole);
  float *outliers = to.outliers + row * kInt8Outliers;
  for (int32_t o = 0; o < count; ++o)
    outliers[o] = x[columns[o]] - scale * (static_cast<float>(q[columns[o]]) - zero);
}

constexpr int kBlockVectors = kInt8Block / W;

/// `CT_INT8_VECTORS` vectors of one block, from `first` on, of `Rows` rows. The first rows ask for the next block's
/// weights: they come from the shared cache while these are multiplied.
template <int Rows>
static void int8_tile(
    const Int8Matrix &weight, const Int8Rows &x, int64_t row, int64_t block, int first, float *out,
    int64_t out_stride) {
  // A row's numbers are rounded alike, however many rows there are.
  #pragma clang fp contract(off)
  const int8_t *packed = weight.packed + (block * weight.quads * kInt8Block + first * W) * 4;
  const uint8_t *values = x.values + row * x.stride;
  // Beyond the last block it asks for what isn't read; asking is harmless anywhere.
  const int64_t next = row == 0 ? weight.quads * kInt8Block * 4 : 0;
  // Only where every loop over them is unrolled are the sums in registers.
  Ints sums[Rows][CT_INT8_VECTORS];
  #pragma unroll
  for (int r = 0; r < Rows; ++r)
    #pragma unroll
    for (int v = 0; v < CT_INT8_VECTORS; ++v) sums[r][v] = Ints{};
  for (int64_t quad = 0; quad < weight.quads; ++quad) {
    Ints w[CT_INT8_VECTORS];
    #pragma unroll
    for (int v = 0; v < CT_INT8_VECTORS; ++v)
      w[v] = *reinterpret_cast<const IntsAnywhere *>(packed + (quad * kInt8Block + v * W) * 4);
    __builtin_prefetch(packed + next + quad * kInt8Block * 4, 0, 2);
    #pragma unroll
    for (int r = 0; r < Rows; ++r) {
      int32_t four;
      std::memcpy(&four, values + r * x.stride + quad * 4, 4);
      const Ints a = Ints{} + four;
      #pragma unroll
      for (int v = 0; v < CT_INT8_VECTORS; ++v) sums[r][v] = CT_INT8_DOT(sums[r][v], a, w[v]);
    }
  }
  #pragma unroll
  for (int r = 0; r < Rows; ++r) {
    const float scale = x.scales[row + r];
    const int32_t zero = x.zeros[row + r], outliers = x.outlier_counts[row + r];
    #pragma unroll
    for (int v = 0; v < CT_INT8_VECTORS; ++v) {
      const int64_t column = block * kInt8Block + (first + v) * W;
      if (column >= weight.outputs) break;
      const Ints of_ones = *reinterpret_cast<const IntsAnywhere *>(weight.sums + column);
      Vec y = __builtin_convertvector(sums[r][v] - of_ones * zero, Vec) * scale;
      for (int32_t o = 0; o < outliers; ++o) {
        const int64_t at = (row + r) * kInt8Outliers + o, input = x.outlier_columns[at];
        const Ints four =
            *reinterpret_cast<const IntsAnywhere *>(packed + ((input / 4) * kInt8Block + v * W) * 4);
        const Ints one = (four << static_cast<int32_t>(24 - input % 4 * 8)) >> 24;
        y += __builtin_convertvector(one, Vec) * x.outliers[at];
      }
      store_part(out + r * out_stride + column, y * load(weight.scales + column), weight.outputs - column);
    }
  }
}

template <int Rows>
static void int8_rows(
    const Int8Matrix &weight, const Int8Rows &x, int64_t row, int64_t rows, int64_t block, float *out,
    int64_t out_stride) {
  if (rows == Rows) {
    for (int first = 0; first < kBlockVectors; first += CT_INT8_VECTORS)
      int8_tile<Rows>(weight, x, row, block, first, out, out_stride);
    return;
  }
  if constexpr (Rows > 1) int8_rows<Rows - 1>(weight, x, row, rows, block, out, out_stride);
}

static void int8_multiply(
    const Int8Matrix &weight, const Int8Rows &x, int64_t rows, int64_t begin, int64_t end, float *out,
    int64_t out_stride) {
  for (int64_t block = begin; block < end; ++block)
    for (int64_t row = 0; row < rows; row += CT_INT8_TILE) {
      const int64_t some = rows - row < CT_INT8_TILE ? rows - row : CT_INT8_TILE;
      int8_rows<CT_INT8_TILE>(weight, x, row, some, block, out + row * out_stride, out_stride);
    }
}

}  // namespace ct::kernels::CT_SET

#define CT_INT8_TABLE(NAME) \
  { NAME, CT_INT8_TILE, CT_SET::int8_quantize, CT_SET::int8_multiply }
