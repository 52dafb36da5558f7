// Products of 8-bit integers as plain functions on memory, one set for each instruction set.
#pragma once

#include <cstdint>

namespace ct::kernels {

/// Outputs that lie together in a packed weight.
constexpr int64_t kInt8Block = 32;
/// Numbers of one row that are kept beside its 8-bit ones.
constexpr int64_t kInt8Outliers = 16;
/// What the magnitudes of inputs 2j and 2j + 1 of one output add up to, at most one more where both are rounded up: 255
/// times that fits into 16 bits, in which AVX2 sums two products. It costs a third of the weights' resolution, on every
/// processor, so that all give the same numbers.
constexpr int32_t kInt8Pair = 126;
/// Sums of so many products of 8 bits fit into 32.
constexpr int64_t kInt8Inputs = 1 << 16;

/// A weight [outputs, inputs] with one scale an output: weight[o, i] is about scales[o] * q[o, i], |q| <= kInt8Pair,
/// and so are pairs of inputs.
struct Int8Matrix {
  int64_t outputs, inputs;
  /// Inputs by fours, the last filled up with zeros; outputs by blocks.
  int64_t quads, blocks;
  /// [blocks, quads, kInt8Block, 4]
  const int8_t *packed;
  /// Of whole blocks, zeros beyond the outputs: scales, and the sums of each output's q.
  const float *scales;
  const int32_t *sums;
};

/// Rows of activations, each with a scale and a zero of its own: x[i] is about scale * (q[i] - zero), q from 0 to 255.
/// What lies far outside the rest of its row is cut off in q, and what was cut off is kept in float32.
struct Int8Rows {
  /// Bytes from row to row: whole quads, the last filled up with the row's zero.
  int64_t stride;
  uint8_t *values;
  float *scales;
  int32_t *zeros;
  /// [rows], and [rows, kInt8Outliers] each: columns and what is missing there.
  int32_t *outlier_counts, *outlier_columns;
  float *outliers;
};

struct Int8Table {
  const char *name;
  /// Rows that are multiplied at once.
  int64_t tile;
  /// Row `row` of `to` from `inputs` numbers. Only `multiply` of the same set reads it: on ARM, values and zeros are
  /// less 128.
  void (*quantize)(const float *x, int64_t inputs, const Int8Rows &to, int64_t row);
  /// out[r, o] = sum over i of x[r, i] weight[o, i], for rows [0, rows) and the outputs of blocks [begin, end). The
  /// sums are exact: a row's result is the same whatever else is multiplied with it.
  void (*multiply)(
      const Int8Matrix &weight, const Int8Rows &x, int64_t rows, int64_t begin, int64_t end, float *out,
      int64_t out_stride);
};

/// The set that goes with `table()` and the processor.
const Int8Table &int8_table();

#if defined(__x86_64__)
extern const Int8Table int8_avx512vnni_table;
extern const Int8Table int8_avxvnni_table;
extern const Int8Table int8_avx2_table;
#elif defined(__aarch64__)
extern const Int8Table int8_neondot_table;
extern const Int8Table int8_neon_table;
/// Whether the processor runs `int8_neondot_table`.
bool has_neon_dotprod();
#endif
extern const Int8Table int8_portable_table;

}  // namespace ct::kernels
