// Products of 8-bit integers with AVX2, whose products of bytes are summed by pairs in 16 bits.
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
#define CT_INT8_TILE 6
#define CT_INT8_VECTORS 2
// Two products of bytes fit into 16 bits, since kInt8Pair bounds each pair of a weight's inputs.
#define CT_INT8_DOT(sum, a, w)                                                                                  \
  (Ints) _mm256_add_epi32(                                                                                      \
      (__m256i)(sum),                                                                                           \
      _mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)(a), (__m256i)(w)), _mm256_set1_epi16(1)))
#include "../kernels/int8_tile.h"
#pragma clang attribute pop

namespace ct::kernels {
const Int8Table int8_avx2_table = CT_INT8_TABLE("avx2");
}

#endif
