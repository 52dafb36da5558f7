#include "linear_layer.h"

#include <ATen/autocast_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sum.h>

#include <utility>

#include "fused.h"
#include "own_product.h"
#include "packed_weight.h"

namespace ct::kernels {

namespace {

thread_local bool is_own_linear_on = false;

bool is_float32(const at::Tensor &tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided;
}

/// The last dimension in rows; a copy only where they don't lie so.
at::Tensor as_rows(const at::Tensor &x) {
  const at::Tensor dense = x.dim() == 2 && x.stride(1) == 1 && x.stride(0) >= x.size(1) ? x : x.contiguous();
  return dense.dim() == 2 ? dense : dense.view({-1, x.size(-1)});
}

class LinearLayer : public Node {
 public:
  LinearLayer() : Node("Linear backward", /*keeps_inputs_alone=*/true) {}

  at::Tensor forward(
      const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const ProductTable &products,
      bool recorded) {
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    const at::Tensor y = floats(shape);
    const at::Tensor rows = as_rows(x);
    const auto packed = packed_weight(products, weight, {&weight}, rows.size(0), recorded);
    multiply_own(
        products, y.view({-1, weight.size(0)}), rows, transposed(weight), Into::empty,
        bias.defined() ? bias.data_ptr<float>() : nullptr, packed.get());
    const at::Tensor none;
    if (recorded) keep({weight.requires_grad() ? &x : &none, x.requires_grad() ? &weight : &none});
    return y;
  }

 protected:
  variable_list gradients(const at::Tensor &grad) override {
    const auto saved = kept();
    const at::Tensor &x = saved[0], &weight = saved[1], rows = grad.view({-1, grad.size(-1)});
    at::Tensor dx, d_weight, d_bias;
    if (needs(0)) {
      auto shape = grad.sizes().vec();
      shape.back() = weight.size(1);
      dx = floats(shape);
      multiply(dx.view({-1, weight.size(1)}), rows, weight);
    }
    if (needs(1)) d_weight = product(transposed(rows), as_rows(x));
    if (needs(2)) d_bias = rows.sum(0);
    return {dx, d_weight, d_bias};
  }
};

}  // namespace

bool takes_own_linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  return is_own_linear_on && own_products() != nullptr && !at::autocast::is_autocast_enabled(at::kCPU) &&
         is_float32(x) && x.dim() >= 1 && x.numel() > 0 && is_float32(weight) && weight.dim() == 2 &&
         weight.is_contiguous() && weight.numel() > 0 && x.size(-1) == weight.size(1) &&
         (!bias || (is_float32(*bias) && bias->is_contiguous() && bias->dim() == 1 && bias->size(0) == weight.size(0)));
}

at::Tensor own_linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  const at::Tensor b = bias.value_or(at::Tensor());
  const auto node = make_node<LinearLayer>();
  // Another may be chosen meanwhile.
  const ProductTable *products = own_products();
  if (products == nullptr) return at::linear(x, weight, bias);
  return run(node, {&x, &weight, &b}, [&](bool recorded) { return node->forward(x, weight, b, *products, recorded); });
}

}  // namespace ct::kernels

bool ct_own_linear_begin(void) { return std::exchange(ct::kernels::is_own_linear_on, true); }

void ct_own_linear_end(bool was_on) { ct::kernels::is_own_linear_on = was_on; }
