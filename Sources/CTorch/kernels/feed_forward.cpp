// The second half of a layer: up, GELU, down, dropout, and the norm of the sum with what went in.
#include "int8.h"
#include "linear_norm.h"
#include "packed_weight.h"

namespace ct::kernels {

namespace {

class FeedForward : public Node {
 public:
  FeedForward() : Node("FeedForward backward") {}

  at::Tensor forward(
      const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const NormLayer &output, bool recorded) {
    precision_ = kernels::precision();
    if (precision_ == Precision::int8) {
      check_unrecorded(recorded);
      return int8_feed_forward(x, weight, bias, output);
    }
    const int64_t rows = x.size(0), width = weight.size(0);
    const at::Tensor input = operand(x, precision_);
    at::Tensor derivative = floats({rows, width}), activated = recorded ? floats({rows, width}) : derivative;
    multiply_weight(derivative, input, weight, precision_, recorded);
    float *from = derivative.data_ptr<float>(), *to = activated.data_ptr<float>();
    const float *b = bias.data_ptr<float>();
    {
      const Span span("GELU kernel");
      parallel(rows, row_parts(rows), [&](int64_t, int64_t begin, int64_t end) {
        table().gelu_forward(from, b, to, width, begin, end, recorded);
      });
    }
    activated = operand(activated, precision_);
    const at::Tensor y = norm_.forward(activated, x, output, precision_, recorded);
    if (recorded) {
      keep({&input, &weight, &output.weight, &output.norm_weight});
      derivative_ = std::move(derivative);
      activated_ = std::move(activated);
    }
    return y;
  }

 protected:
  variable_list gradients(const at::Tensor &grad) override {
    const auto saved = kept();
    const at::Tensor &input = saved[0], &weight = saved[1], &output = saved[2];
    LinearNorm::Gradients d = norm_.backward(grad, saved[3], precision_);
    at::Tensor activated = std::move(activated_), d_output;
    if (needs(3)) d_output = product(transposed(d.projected), activated);
    activated.reset();

    const at::Tensor d_activated = product(d.projected, weight_operand(output, precision_));
    const int64_t rows = input.size(0), width = weight.size(0), parts = row_parts(rows);
    const at::Tensor sums = zeroed({parts, width});
    // The derivative turns into the gradient in its own memory.
    at::Tensor derivative = std::move(derivative_);
    float *to = derivative.data_ptr<float>(), *bias_sums = sums.data_ptr<float>();
    const float *from = d_activated.data_ptr<float>();
    {
      const Span span("GELU kernel backward");
      parallel(rows, parts, [&](int64_t part, int64_t begin, int64_t end) {
        table().gelu_backward(to, from, bias_sums + part * width, width, begin, end);
      });
    }
    derivative = operand(derivative, precision_);
    at::Tensor d_weight;
    if (needs(1)) d_weight = product(transposed(derivative), input);
    if (needs(0)) multiply(d.residual, derivative, weight_operand(weight, precision_), Into::sum);
    return {d.residual, d_weight, sum_parts<1>(sums)[0], d_output, d.bias, d.norm_weight, d.norm_bias};
  }

 private:
  LinearNorm norm_;
  /// Of GELU, where it was.
  at::Tensor derivative_;
  /// As `operand` gives it.
  at::Tensor activated_;
  Precision precision_ = Precision::float32;
};

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

int32_t ct_fused_feed_forward(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_residual_norm output, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor input = as_float32(ct::get(x));
    const at::Tensor &w = ct::get(weight), &b = ct::get(bias);
    TORCH_CHECK(input.dim() == 2 && w.dim() == 2, "feedForward takes [rows, width] and [outputs, width]");
    check_shape(input, {input.size(0), w.size(1)}, "the input");
    check_dense(w, "the weight");
    check_shape(b, {w.size(0)}, "the bias");
    const NormLayer layer = NormLayer::checked(output, w.size(0));
    TORCH_CHECK(
        layer.weight.size(0) == input.size(1), "feedForward leads from ", input.size(1), " to ", layer.weight.size(0));
    const auto node = make_node<FeedForward>();
    ct::give(
        run(node, {&input, &w, &b, &layer.weight, &layer.bias, &layer.norm_weight, &layer.norm_bias},
            [&](bool recorded) { return node->forward(input, w, b, layer, recorded); }),
        out);
  });
}
