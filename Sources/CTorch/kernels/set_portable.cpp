// The kernels for any processor: four floats at a time is what SSE2 and NEON have.
#define CT_SET portable
#define CT_WIDTH 4
#include "table_of_set.h"

namespace ct::kernels {
const Table portable_table = CT_TABLE("portable");
}
