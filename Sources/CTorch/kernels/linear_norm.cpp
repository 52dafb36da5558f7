#include "linear_norm.h"

#include "int8.h"
#include "packed_weight.h"

#include <tuple>

namespace ct::kernels {

NormLayer NormLayer::checked(const ct_residual_norm &layer, int64_t inputs) {
  NormLayer result{ct::get(layer.weight),    ct::get(layer.bias), ct::get(layer.norm_weight),
                   ct::get(layer.norm_bias), layer.epsilon,       kernels::dropout(layer.dropout)};
  TORCH_CHECK(result.weight.dim() == 2, "a projection's weight is [outputs, inputs], not ", result.weight.sizes());
  const int64_t width = result.weight.size(0);
  check_shape(result.weight, {width, inputs}, "the weight");
  check_shape(result.bias, {width}, "the bias");
  check_shape(result.norm_weight, {width}, "the norm's weight");
  check_shape(result.norm_bias, {width}, "the norm's bias");
  return result;
}

at::Tensor LinearNorm::forward(
    const at::Tensor &input, const at::Tensor &residual, const NormLayer &layer, Precision precision, bool recorded) {
  if (precision == Precision::int8) {
    check_unrecorded(recorded);
    return int8_linear_norm(input, residual, layer);
  }
  const int64_t rows = input.size(0), width = layer.weight.size(0);
  at::Tensor normalized = floats({rows, width}), y = recorded ? floats({rows, width}) : normalized;
  at::Tensor deviations = recorded ? floats({rows}) : at::Tensor();
  multiply_weight(normalized, input, layer.weight, precision, recorded);
  const NormRows job{
      width, normalized.data_ptr<float>(), layer.bias.data_ptr<float>(), residual.data_ptr<float>(),
      layer.norm_weight.data_ptr<float>(), layer.norm_bias.data_ptr<float>(), static_cast<float>(layer.epsilon),
      y.data_ptr<float>(), recorded ? deviations.data_ptr<float>() : nullptr, layer.dropout};
  {
    const Span span("norm kernel");
    parallel(rows, row_parts(rows), [&](int64_t, int64_t begin, int64_t end) {
      table().norm_forward(job, begin, end);
    });
  }
  if (recorded) {
    normalized_ = std::move(normalized);
    deviations_ = std::move(deviations);
    dropout_ = layer.dropout;
  }
  return y;
}

LinearNorm::Gradients LinearNorm::backward(
    const at::Tensor &grad, const at::Tensor &norm_weight, Precision precision) {
  const at::Tensor normalized = std::move(normalized_), deviations = std::move(deviations_);
  const int64_t rows = grad.size(0), width = grad.size(1), parts = row_parts(rows);
  Gradients d;
  d.residual = floats({rows, width});
  d.projected = dropout_.active() ? floats({rows, width}) : d.residual;
  at::Tensor sums = zeroed({parts, 3 * width});
  float *base = sums.data_ptr<float>();
  const NormGradient job{
      width, grad.data_ptr<float>(), normalized.data_ptr<float>(), deviations.data_ptr<float>(),
      norm_weight.data_ptr<float>(), d.residual.data_ptr<float>(), d.projected.data_ptr<float>(), nullptr, nullptr,
      nullptr, dropout_};
  {
    const Span span("norm kernel backward");
    parallel(rows, parts, [&](int64_t part, int64_t begin, int64_t end) {
      NormGradient mine = job;
      mine.d_weight = base + part * 3 * width;
      mine.d_shift = mine.d_weight + width;
      mine.d_bias = mine.d_shift + width;
      table().norm_backward(mine, begin, end);
    });
  }
  std::tie(d.norm_weight, d.norm_bias, d.bias) = std::tuple_cat(sum_parts<3>(sums));
  d.projected = operand(d.projected, precision);
  return d;
}

namespace {

/// The function by itself, for models whose attention has no kernel.
class LinearNormNode : public Node {
 public:
  LinearNormNode() : Node("LinearNorm backward") {}

  at::Tensor forward(const at::Tensor &x, const at::Tensor &residual, const NormLayer &layer, bool recorded) {
    precision_ = kernels::precision();
    const at::Tensor input = operand(x, precision_);
    if (recorded) keep({&input, &layer.weight, &layer.norm_weight});
    return norm_.forward(input, residual, layer, precision_, recorded);
  }

 protected:
  variable_list gradients(const at::Tensor &grad) override {
    const auto saved = kept();
    const at::Tensor &input = saved[0], &weight = saved[1];
    LinearNorm::Gradients d = norm_.backward(grad, saved[2], precision_);
    at::Tensor dx, d_weight;
    if (needs(0)) dx = product(d.projected, weight_operand(weight, precision_));
    if (needs(2)) d_weight = product(transposed(d.projected), input);
    return {dx, d.residual, d_weight, d.bias, d.norm_weight, d.norm_bias};
  }

 private:
  LinearNorm norm_;
  Precision precision_ = Precision::float32;
};

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

int32_t ct_fused_linear_norm(
    const ct_tensor *x, const ct_tensor *residual, ct_residual_norm output, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor input = as_float32(ct::get(x)), r = as_float32(ct::get(residual));
    TORCH_CHECK(input.dim() == 2, "linearNorm takes [rows, inputs], not ", input.sizes());
    check_dense(input, "the input");
    const NormLayer layer = NormLayer::checked(output, input.size(1));
    check_shape(r, {input.size(0), layer.weight.size(0)}, "the residual");
    const auto node = make_node<LinearNormNode>();
    ct::give(
        run(node, {&input, &r, &layer.weight, &layer.bias, &layer.norm_weight, &layer.norm_bias},
            [&](bool recorded) { return node->forward(input, r, layer, recorded); }),
        out);
  });
}
