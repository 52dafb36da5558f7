// Weights as the own products read them, kept between passes.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <memory>

#include "precision.h"
#include "product_table.h"

namespace ct::kernels {

/// The copy of `weight` to multiply so many rows with, if there is one or it is to be made; else null. `owners` as for
/// `weight_operand`.
///
/// To copy a weight for a product costs as much as multiplying ten rows with it: of 53 rows, 22% of the product's time,
/// of 424, 3%. So where nothing is recorded, and a weight is multiplied with few rows a second time without having
/// changed, its copy is kept, beside the weight and as large as it, until it changes or is gone.
std::shared_ptr<const float> packed_weight(
    const ProductTable &products, const at::Tensor &weight, std::initializer_list<const at::Tensor *> owners,
    int64_t rows, bool recorded);

/// out = x weight' in the precision, with the copy where there is one.
void multiply_weight(
    const at::Tensor &out, const at::Tensor &x, const at::Tensor &weight, Precision precision,
    std::initializer_list<const at::Tensor *> owners, bool recorded);

inline void multiply_weight(
    const at::Tensor &out, const at::Tensor &x, const at::Tensor &weight, Precision precision, bool recorded) {
  multiply_weight(out, x, weight, precision, {&weight}, recorded);
}

}  // namespace ct::kernels
