// The kernels for NEON, which every 64-bit ARM processor has: two of its registers at a time, since there are 32 and a
// multiply-add takes four cycles.
#if defined(__aarch64__)

#define CT_SET neon
#define CT_WIDTH 8
#include "table_of_set.h"

namespace ct::kernels {
const Table neon_table = CT_TABLE("neon");
}

#endif
