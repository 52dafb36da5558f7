// Products of float32 by the kernels of this package, where they are faster than libtorch's library.
#pragma once

#include "product.h"
#include "product_table.h"

namespace ct::kernels {

/// What multiplies float32 now; null for libtorch's library.
///
/// Where nothing else is chosen: the set of the kernels on processors that aren't Intel's. libtorch multiplies with
/// MKL, which runs its AVX-512 code on Intel's alone: on a Zen 5, at 41% of the rate that the core has, and these at
/// 90%. On Intel's, and where the kernels' set has none, the library.
const ProductTable *own_products();

/// Whether these lie so that `multiply_own` can read them.
bool takes_own(const at::Tensor &out, const Factor &a, const Factor &b);

/// As `multiply`, on all threads. `bias`, a number for each column or null, is added; not with `Into::sum`. `packed` is
/// `b` as `ProductTable::pack` copies it, or null.
void multiply_own(
    const ProductTable &products, const at::Tensor &out, const Factor &a, const Factor &b, Into into,
    const float *bias = nullptr, const float *packed = nullptr);

}  // namespace ct::kernels
