// Products of float32 matrices with AVX-512.
#if defined(__x86_64__)

// Before the target changes: inline functions of these headers must run everywhere.
#include <cstring>
#include <utility>

#include "../kernels/product_table.h"
#include "../kernels/table.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#define CT_SET product_avx512
#define CT_WIDTH 16
#define CT_PRODUCT_ROWS 14
#define CT_PRODUCT_VECTORS 2
#define CT_PRODUCT_COLUMNS 384
#include "../kernels/product_tile.h"
#pragma clang attribute pop

namespace ct::kernels {
const ProductTable product_avx512_table = CT_PRODUCT_TABLE("avx512");
}

#endif
