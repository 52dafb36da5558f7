// Products of 8-bit integers with the instruction for them that 64-bit ARM processors have since about 2018 (SDOT).
#if defined(__aarch64__)

// Before the target changes: inline functions of these headers must run everywhere.
#include <arm_neon.h>

#include <cstring>
#include <utility>

#include "../kernels/int8_table.h"
#include "../kernels/table.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define CT_SET int8_neondot
#define CT_WIDTH 8
#define CT_INT8_TILE 2
#define CT_INT8_VECTORS kBlockVectors
#define CT_INT8_NEON_DOT(sums, a, w) vdotq_s32((sums), (a), (w))
#include "../kernels/int8_neon.h"
#pragma clang attribute pop

namespace ct::kernels {
const Int8Table int8_neondot_table = CT_INT8_NEON_TABLE("neondot");
}

#endif
