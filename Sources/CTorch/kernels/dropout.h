// Random numbers from a counter: Philox 4x32 with seven rounds (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", 2011). Each 32-bit word serves two elements.
#pragma once

#include "vector.h"

namespace ct::kernels::CT_SET {

/// Counters at once: those of one draw, or of two where vectors are that wide.
constexpr int kCounters = W == 16 ? 16 : 8;

typedef uint32_t Words __attribute__((vector_size(kCounters * 4)));
typedef uint64_t Pairs __attribute__((vector_size(kCounters * 4)));
typedef int32_t Lanes __attribute__((vector_size(32)));
typedef int32_t LanesAnywhere __attribute__((vector_size(32), aligned(4)));

/// The two halves of the products of each word with `factor`. Words in even lanes are multiplied where they are, those
/// in odd lanes in their neighbour's.
CT_INLINE void multiply(const Words &words, uint64_t factor, Words &low, Words &high) {
  const Pairs lower = Pairs{} + 0xFFFFFFFFull;
  const Pairs even = ((Pairs)words & lower) * factor, odd = ((Pairs)words >> 32) * factor;
  low = (Words)((even & lower) | (odd << 32));
  high = (Words)((even >> 32) | (odd & ~lower));
}

/// The 64 multipliers that eight counters give, from lane `From` of their words on.
template <int From>
CT_INLINE void put(const Words (&words)[4], const Lanes &threshold, int32_t scale_bits, float *out) {
  for (int w = 0; w < 4; ++w) {
    Lanes bits;
    std::memcpy(&bits, reinterpret_cast<const char *>(&words[w]) + From * 4, sizeof bits);
    const Lanes low = bits & 0xFFFF, high = (bits >> 16) & 0xFFFF;
    *reinterpret_cast<LanesAnywhere *>(out + w * 8) = (low >= threshold) & scale_bits;
    *reinterpret_cast<LanesAnywhere *>(out + 32 + w * 8) = (high >= threshold) & scale_bits;
  }
}

template <int... Lanes>
CT_INLINE void count(int64_t draw, Words &counters, Order<Lanes...>) {
  counters = static_cast<uint32_t>(draw * 8) + Words{Lanes...};
}

/// 64 multipliers for each draw of a row: the scale, or 0 where the element is dropped.
///
/// Always eight counters a draw, so that a mask doesn't depend on the instruction set.
CT_INLINE void multipliers(const Dropout &dropout, uint32_t row, int64_t begin, int64_t end, float *out) {
  constexpr int draws = kCounters / 8;
  const Lanes threshold = Lanes{} + static_cast<int32_t>(dropout.threshold);
  int32_t scale_bits;
  std::memcpy(&scale_bits, &dropout.scale, 4);
  for (int64_t draw = begin; draw < end; draw += draws, out += draws * kDraw) {
    Words c0, c1 = Words{} + row, c2 = Words{} + dropout.site, c3 = Words{};
    count(draw, c0, std::make_integer_sequence<int, kCounters>{});
    uint32_t k0 = static_cast<uint32_t>(dropout.key), k1 = static_cast<uint32_t>(dropout.key >> 32);
    for (int round = 0; round < 7; ++round) {
      Words low0, high0, low1, high1;
      multiply(c0, 0xD2511F53ull, low0, high0);
      multiply(c2, 0xCD9E8D57ull, low1, high1);
      c0 = high1 ^ c1 ^ k0;
      c1 = low1;
      c2 = high0 ^ c3 ^ k1;
      c3 = low0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    const Words words[4] = {c0, c1, c2, c3};
    put<0>(words, threshold, scale_bits, out);
    if constexpr (draws > 1)
      if (draw + 1 < end) put<8 % kCounters>(words, threshold, scale_bits, out + kDraw);
  }
}

/// Not inlined, so that the generator exists once.
static __attribute__((noinline)) void dropout_multipliers(
    const Dropout &dropout, uint32_t row, int64_t begin, int64_t end, float *out) {
  multipliers(dropout, row, begin, end, out);
}

}  // namespace ct::kernels::CT_SET
