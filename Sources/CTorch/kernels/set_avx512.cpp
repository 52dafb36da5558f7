// The kernels for avx512.
#if defined(__x86_64__)

// Before the target changes: inline functions of these headers must run everywhere.
#include <cmath>
#include <cstring>
#include <utility>

#include "table.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#define CT_SET avx512
#define CT_WIDTH 16
#include "table_of_set.h"
#pragma clang attribute pop

namespace ct::kernels {
const Table avx512_table = CT_TABLE("avx512");
}

#endif
