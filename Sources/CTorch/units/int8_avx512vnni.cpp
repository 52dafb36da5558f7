// Products of 8-bit integers with AVX-512's instruction for them (VNNI).
#if defined(__x86_64__)

// Before the target changes: inline functions of these headers must run everywhere.
#include <immintrin.h>

#include <cstring>
#include <utility>

#include "../kernels/int8_table.h"
#include "../kernels/table.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"))), \
                             apply_to = function)
#define CT_SET int8_avx512vnni
#define CT_WIDTH 16
#define CT_INT8_TILE 12
#define CT_INT8_VECTORS kBlockVectors
#define CT_INT8_DOT(sum, a, w) (Ints) _mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(w))
#include "../kernels/int8_tile.h"
#pragma clang attribute pop

namespace ct::kernels {
const Int8Table int8_avx512vnni_table = CT_INT8_TABLE("avx512vnni");
}

#endif
