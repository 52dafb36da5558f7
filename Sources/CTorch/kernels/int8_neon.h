// Products of 8-bit integers on 64-bit ARM. Included once by each file that names an instruction set:
// CT_INT8_NEON_DOT is its product of sixteen bytes, those of four outputs.
#pragma once

#include "vector.h"

namespace ct::kernels::CT_SET {

template <int Half>
CT_INLINE int32x4_t half(Ints v) {
  return (int32x4_t)__builtin_shufflevector(v, v, Half * 4, Half * 4 + 1, Half * 4 + 2, Half * 4 + 3);
}

template <int Half>
CT_INLINE int32x4_t int8_half(Ints sums, Ints a, Ints w) {
  return CT_INT8_NEON_DOT(
      half<Half>(sums), vreinterpretq_s8_s32(half<Half>(a)), vreinterpretq_s8_s32(half<Half>(w)));
}

CT_INLINE Ints int8_dot(Ints sums, Ints a, Ints w) {
  return (Ints)__builtin_shufflevector(int8_half<0>(sums, a, w), int8_half<1>(sums, a, w), 0, 1, 2, 3, 4, 5, 6, 7);
}

}  // namespace ct::kernels::CT_SET

#define CT_INT8_DOT(sums, a, w) int8_dot((sums), (a), (w))
#include "int8_tile.h"

namespace ct::kernels::CT_SET {

/// NEON multiplies bytes of one kind: with a sign, as the weights have one. So a row's bytes and its zero are kept less
/// 128, which changes no result: what counts is how far they are apart.
static void int8_quantize_signed(const float *x, int64_t inputs, const Int8Rows &to, int64_t row) {
  int8_quantize(x, inputs, to, row);
  uint8_t *q = to.values + row * to.stride;
  for (int64_t i = 0; i < to.stride; ++i) q[i] ^= 128;
  to.zeros[row] -= 128;
}

}  // namespace ct::kernels::CT_SET

#define CT_INT8_NEON_TABLE(NAME) \
  { NAME, CT_INT8_TILE, CT_SET::int8_quantize_signed, CT_SET::int8_multiply }
