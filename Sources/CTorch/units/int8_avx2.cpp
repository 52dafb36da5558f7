// Products of 8-bit integers with AVX2: by pairs in 16 bits, since its products of bytes would overflow.
#if defined(__x86_64__)

// Before the target changes: inline functions of these headers must run everywhere.
#include <immintrin.h>

#include <cstring>
#include <utility>

#include "../kernels/int8_table.h"
#include "../kernels/table.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CT_SET int8_avx2
#define CT_WIDTH 8
#define CT_INT8_TILE 2
// Bytes of even and of odd places: those of `a` from 0 to 255, those of `w` with their sign.
#define CT_INT8_DOT(sum, a, w)                                                                              \
  (Ints) _mm256_add_epi32(                                                                                  \
      _mm256_add_epi32(                                                                                     \
          (__m256i)(sum), _mm256_madd_epi16(                                                                \
                              _mm256_and_si256((__m256i)(a), _mm256_set1_epi16(255)),                       \
                              _mm256_srai_epi16(_mm256_slli_epi16((__m256i)(w), 8), 8))),                   \
      _mm256_madd_epi16(_mm256_srli_epi16((__m256i)(a), 8), _mm256_srai_epi16((__m256i)(w), 8)))
#include "../kernels/int8_tile.h"
#pragma clang attribute pop

namespace ct::kernels {
const Int8Table int8_avx2_table = CT_INT8_TABLE("avx2");
}

#endif
