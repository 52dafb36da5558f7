// Products of 8-bit integers with NEON, which every 64-bit ARM processor has.
#if defined(__aarch64__)

#include <arm_neon.h>

#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include <cstring>
#include <utility>

#include "../kernels/int8_table.h"
#include "../kernels/table.h"

#define CT_SET int8_neon
#define CT_WIDTH 8
#define CT_INT8_TILE 2
#define CT_INT8_VECTORS kBlockVectors
// Two products of bytes from -128 to 127 and from -127 to 127 fit into 16 bits, three do not.
#define CT_INT8_NEON_DOT(sums, a, w) \
  vpadalq_s16((sums), vpaddq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(w)), vmull_high_s8((a), (w))))
#include "../kernels/int8_neon.h"

namespace ct::kernels {

const Int8Table int8_neon_table = CT_INT8_NEON_TABLE("neon");

bool has_neon_dotprod() {
#if defined(__ARM_FEATURE_DOTPROD)
  return true;
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif defined(__APPLE__)
  int has = 0;
  size_t size = sizeof(has);
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, nullptr, 0) == 0 && has != 0;
#else
  return false;
#endif
}

}  // namespace ct::kernels

#endif
