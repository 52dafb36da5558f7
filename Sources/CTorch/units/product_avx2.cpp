// Products of float32 matrices with AVX2.
#if defined(__x86_64__)

// Before the target changes: inline functions of these headers must run everywhere.
#include <cstring>
#include <utility>

#include "../kernels/product_table.h"
#include "../kernels/table.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CT_SET product_avx2
#define CT_WIDTH 8
#define CT_PRODUCT_ROWS 6
#define CT_PRODUCT_VECTORS 2
#define CT_PRODUCT_COLUMNS 192
#include "../kernels/product_tile.h"
#pragma clang attribute pop

namespace ct::kernels {
const ProductTable product_avx2_table = CT_PRODUCT_TABLE("avx2");
}

#endif
