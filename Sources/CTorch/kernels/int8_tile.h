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

/// -1 in lanes whose number is farther than `bound` from zero, else 0.
CT_INLINE Ints is_beyond(Vec value, float bound) { return larger(value, -value) > all(bound); }

static void int8_quantize(const float *x, int64_t inputs, const Int8Rows &to, int64_t row) {
  uint8_t *q = to.values + row * to.stride;
  Vec low{}, high{}, squares{};
  for (int64_t i = 0; i < inputs; i += W) {
    const Vec value = load_part(x + i, inputs - i);
    high = larger(high, value);
    low = larger(low, -value);
    squares += value * value;
  }
  float most = maximum(high), least = -maximum(low), bound = kOutlierBound * __builtin_sqrtf(sum(squares) / inputs);
  int32_t *count = to.outlier_counts + row;
  *count = 0;
  if (!(bound <= 3e38f)) {
    // Not finite: no more is the product.
    std::memset(q, 0, static_cast<size_t>(to.stride));
    to.scales[row] = __builtin_nanf("");
    to.zeros[row] = 0;
    return;
  }
  if (most > bound || -least > bound) {
    for (;; bound *= 1.5f) {
      Ints beyond{};
      for (int64_t i = 0; i < inputs; i += W) beyond -= is_beyond(load_part(x + i, inputs - i), bound);
      if (__builtin_reduce_add(beyond) <= kInt8Outliers) break;
    }
    most = most < bound ? most : bound;
    least = least > -bound ? least : -bound;
  }
  const float scale = most > least ? (most - least) / 255 : 1;
  const float inverse = 1 / scale, zero = __builtin_rintf(-least * inverse);
  to.scales[row] = scale;
  to.zeros[row] = static_cast<int32_t>(zero);
  std::memset(q + inputs, static_cast<int>(zero), static_cast<size_t>(to.stride - inputs));
  for (int64_t i = 0; i < inputs; i += W) {
    const Vec value = load_part(x + i, inputs - i) * inverse + zero;
    // Adding 2^23 rounds to an integer and leaves it in the low bits.
    const Vec cut = larger(all(0), -larger(-value, all(-255))) + 8388608.0f;
    const Bytes bytes = __builtin_convertvector((Bits)cut & 255u, Bytes);
    std::memcpy(q + i, &bytes, static_cast<size_t>(inputs - i < W ? inputs - i : W));
  }
  if (most < bound && -least < bound) return;
  for (int64_t begin = 0; begin < inputs; begin += W) {
    if (__builtin_reduce_or(is_beyond(load_part(x + begin, inputs - begin), bound)) == 0) continue;
    for (int64_t i = begin; i < begin + W && i < inputs; ++i) {
      if (__builtin_fabsf(x[i]) <= bound) continue;
      const int64_t at = row * kInt8Outliers + *count;
      to.outlier_columns[at] = static_cast<int32_t>(i);
      to.outliers[at] = x[i] - scale * (static_cast<float>(q[i]) - zero);
      *count += 1;
    }
  }
}

constexpr int kBlockVectors = kInt8Block / W;

/// `CT_INT8_VECTORS` vectors of one block, from `first` on, of `Rows` rows. The first rows ask for the next block's
/// weights: they come from the shared cache while these are multiplied.
template <int Rows>
static void int8_tile(
    const Int8Matrix &weight, const Int8Rows &x, int64_t row, int64_t block, int first, float *out,
    int64_t out_stride) {
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
