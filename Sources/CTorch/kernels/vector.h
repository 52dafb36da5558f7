// Vectors of `CT_WIDTH` floats in the compiler's own extension, and the functions of them that the kernels share.
// Included once by each file that names an instruction set.
#pragma once

#include <cstring>
#include <utility>

#include "table.h"

#define CT_INLINE static inline __attribute__((always_inline))

namespace ct::kernels::CT_SET {

constexpr int W = CT_WIDTH;
typedef float Vec __attribute__((vector_size(W * 4)));
typedef float VecAnywhere __attribute__((vector_size(W * 4), aligned(4)));
typedef int32_t Ints __attribute__((vector_size(W * 4)));
typedef uint32_t Bits __attribute__((vector_size(W * 4)));
typedef uint16_t Halves __attribute__((vector_size(W * 2)));

CT_INLINE Vec load(const float *p) { return *reinterpret_cast<const VecAnywhere *>(p); }
CT_INLINE void store(float *p, Vec v) { *reinterpret_cast<VecAnywhere *>(p) = v; }
/// Less zero, which is folded away; adding zero would not be, because of -0.
CT_INLINE Vec all(float x) { return x - Vec{}; }
CT_INLINE Vec larger(Vec a, Vec b) { return a > b ? a : b; }

/// The first `count` numbers, and zeros.
CT_INLINE Vec load_part(const float *p, int64_t count) {
  if (count >= W) return load(p);
  float buffer[W] = {};
  std::memcpy(buffer, p, static_cast<size_t>(count) * 4);
  return load(buffer);
}

CT_INLINE void store_part(float *p, Vec v, int64_t count) {
  if (count >= W) return store(p, v);
  float buffer[W];
  store(buffer, v);
  std::memcpy(p, buffer, static_cast<size_t>(count) * 4);
}

template <int... Lanes>
using Order = std::integer_sequence<int, Lanes...>;
using InOrder = std::make_integer_sequence<int, W>;

/// Lane i is lane i + Step of `v`, round about.
template <int Step, int... Lanes>
CT_INLINE Vec turned(Vec v, Order<Lanes...>) {
  return __builtin_shufflevector(v, v, (Lanes + Step) % W...);
}

template <int Step = W / 2>
CT_INLINE float sum(Vec v) {
  if constexpr (Step == 0) return v[0];
  else return sum<Step / 2>(v + turned<Step>(v, InOrder{}));
}

template <int Step = W / 2>
CT_INLINE float maximum(Vec v) {
  if constexpr (Step == 0) return v[0];
  else return maximum<Step / 2>(larger(v, turned<Step>(v, InOrder{})));
}

/// The halves of `a` and `b` from lane `From` on, in turn: a0 b0 a1 b1 ...
template <int From, int... Lanes>
CT_INLINE Vec zipped(Vec a, Vec b, Order<Lanes...>) {
  return __builtin_shufflevector(a, b, (Lanes % 2 * W + From + Lanes / 2)...);
}

/// `W` rows become the columns. Each round moves the row's highest bit to the column's lowest.
CT_INLINE void transpose(Vec (&rows)[W]) {
  for (int round = 1; round < W; round *= 2) {
    Vec next[W];
    for (int i = 0; i < W / 2; ++i) {
      next[2 * i] = zipped<0>(rows[i], rows[i + W / 2], InOrder{});
      next[2 * i + 1] = zipped<W / 2>(rows[i], rows[i + W / 2], InOrder{});
    }
    for (int i = 0; i < W; ++i) rows[i] = next[i];
  }
}

/// All bits of the lanes that lie before `end` in the vector at `begin`.
template <int... Lanes>
CT_INLINE Ints before(int64_t begin, int64_t end, Order<Lanes...>) {
  return Ints{Lanes...} < static_cast<int32_t>(end - begin);
}

/// e to the x for x up to 88, to one unit in the last place; below -87 something as small as 1e-38.
CT_INLINE Vec exponential(Vec x) {
  x = larger(x, all(-87.3f));
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Vec shifted = x * 1.44269504f + 12582912.0f;
  const Vec n = shifted - 12582912.0f;
  Vec r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  Vec p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return (Vec)(((Ints)p) + (((Ints)shifted) << 23));
}

}  // namespace ct::kernels::CT_SET
