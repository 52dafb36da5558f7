// Products of 8-bit integers with the instruction for them that some processors without AVX-512 have.
#if defined(__x86_64__)

// Before the target changes: inline functions of these headers must run everywhere.
#include <immintrin.h>

#include <cstring>
#include <utility>

#include "../kernels/int8_table.h"
#include "../kernels/table.h"

#pragma clang attribute push(__attribute__((target("avxvnni,avx2,fma"))), apply_to = function)
#define CT_SET int8_avxvnni
#define CT_WIDTH 8
#define CT_INT8_TILE 6
#define CT_INT8_VECTORS 2
#define CT_INT8_DOT(sum, a, w) (Ints) _mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(a), (__m256i)(w))
#include "../kernels/int8_tile.h"
#pragma clang attribute pop

namespace ct::kernels {
const Int8Table int8_avxvnni_table = CT_INT8_TABLE("avxvnni");
}

#endif
