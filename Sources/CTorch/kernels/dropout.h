// Random numbers from a counter: Philox 4x32 with seven rounds (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", 2011). Each 32-bit word serves two elements.
#pragma once

#include "vector.h"

namespace ct::kernels::CT_SET {

typedef uint32_t Words __attribute__((vector_size(32)));
typedef uint64_t Products __attribute__((vector_size(64)));
typedef int32_t Lanes __attribute__((vector_size(32)));
typedef int32_t LanesAnywhere __attribute__((vector_size(32), aligned(4)));

/// 64 multipliers for each draw of a row: the scale, or 0 where the element is dropped.
///
/// Always eight counters wide, so that a mask doesn't depend on the instruction set.
CT_INLINE void multipliers(const Dropout &dropout, uint32_t row, int64_t begin, int64_t end, float *out) {
  const Lanes threshold = Lanes{} + static_cast<int32_t>(dropout.threshold);
  int32_t scale_bits;
  std::memcpy(&scale_bits, &dropout.scale, 4);
  for (int64_t draw = begin; draw < end; ++draw, out += kDraw) {
    Words c0 = static_cast<uint32_t>(draw * 8) + Words{0, 1, 2, 3, 4, 5, 6, 7};
    Words c1 = Words{} + row, c2 = Words{} + dropout.place, c3 = Words{};
    uint32_t k0 = static_cast<uint32_t>(dropout.key), k1 = static_cast<uint32_t>(dropout.key >> 32);
    for (int round = 0; round < 7; ++round) {
      const Products p0 = __builtin_convertvector(c0, Products) * 0xD2511F53ull;
      const Products p1 = __builtin_convertvector(c2, Products) * 0xCD9E8D57ull;
      const Words high0 = __builtin_convertvector(p0 >> 32, Words), low0 = __builtin_convertvector(p0, Words);
      const Words high1 = __builtin_convertvector(p1 >> 32, Words), low1 = __builtin_convertvector(p1, Words);
      c0 = high1 ^ c1 ^ k0;
      c1 = low1;
      c2 = high0 ^ c3 ^ k1;
      c3 = low0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    const Words words[4] = {c0, c1, c2, c3};
    for (int w = 0; w < 4; ++w) {
      const Lanes low = (Lanes)(words[w] & 0xFFFFu), high = (Lanes)(words[w] >> 16);
      *reinterpret_cast<LanesAnywhere *>(out + w * 8) = (low >= threshold) & scale_bits;
      *reinterpret_cast<LanesAnywhere *>(out + 32 + w * 8) = (high >= threshold) & scale_bits;
    }
  }
}

/// Not inlined, so that the generator exists once.
static __attribute__((noinline)) void dropout_multipliers(
    const Dropout &dropout, uint32_t row, int64_t begin, int64_t end, float *out) {
  multipliers(dropout, row, begin, end, out);
}

}  // namespace ct::kernels::CT_SET
