// Products of float32 matrices with NEON.
#if defined(__aarch64__)

#include <cstring>
#include <utility>

#include "../kernels/product_table.h"
#include "../kernels/table.h"

#define CT_SET product_neon
#define CT_WIDTH 4
#define CT_PRODUCT_ROWS 8
#define CT_PRODUCT_VECTORS 3
#define CT_PRODUCT_COLUMNS 192
#include "../kernels/product_tile.h"

namespace ct::kernels {
const ProductTable product_neon_table = CT_PRODUCT_TABLE("neon");
}

#endif
