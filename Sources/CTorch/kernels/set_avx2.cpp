// The kernels for avx2.
#if defined(__x86_64__)

// Before the target changes: inline functions of these headers must run everywhere.
#include <cmath>
#include <cstring>
#include <utility>

#include "table.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CT_SET avx2
#define CT_WIDTH 8
#include "table_of_set.h"
#pragma clang attribute pop

namespace ct::kernels {
const Table avx2_table = CT_TABLE("avx2");
}

#endif
