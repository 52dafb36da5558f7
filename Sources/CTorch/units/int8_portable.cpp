// Products of 8-bit integers on every processor.
#define CT_SET int8_portable
#define CT_WIDTH 4
#define CT_INT8_TILE 2
#define CT_INT8_VECTORS kBlockVectors
#define CT_INT8_DOT(sum, a, w)                                                                        \
  (sum) + ((a) & 255) * ((w) << 24 >> 24) + ((a) >> 8 & 255) * ((w) << 16 >> 24) +                    \
      ((a) >> 16 & 255) * ((w) << 8 >> 24) + ((a) >> 24 & 255) * ((w) >> 24)
#include "../kernels/int8_tile.h"

namespace ct::kernels {
const Int8Table int8_portable_table = CT_INT8_TABLE("portable");
}
