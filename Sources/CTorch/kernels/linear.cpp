// A projection with what follows it: bias and GELU, or bias, dropout, residual and layer norm.
#include "fused.h"

namespace ct::kernels {

namespace {

struct LinearGelu : torch::autograd::Function<LinearGelu> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, bool recorded) {
    const int64_t rows = x.size(0), width = weight.size(0);
    const Precision precision = kernels::precision();
    const at::Tensor input = operand(x, precision);
    at::Tensor projected = floats({rows, width}), y = recorded ? floats({rows, width}) : projected;
    multiply(projected, input, weight_operand(weight, precision).t());
    float *from = projected.data_ptr<float>(), *to = y.data_ptr<float>();
    const float *b = bias.data_ptr<float>();
    const Span span("GELU kernel");
    parallel(rows, row_parts(rows), [&](int64_t, int64_t begin, int64_t end) {
      table().gelu_forward(from, b, to, width, begin, end, recorded);
    });
    if (recorded) {
      context->save_for_backward({input, weight, bias});
      context->saved_data["slope"] = projected;
      context->saved_data["precision"] = static_cast<int64_t>(precision);
    }
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1];
    const auto precision = static_cast<Precision>(context->saved_data["precision"].toInt());
    TORCH_CHECK(context->saved_data.count("slope"), "a fused function was run backward a second time");
    at::Tensor slope = context->saved_data["slope"].toTensor();
    // The slope turns into the gradient, in its place.
    context->saved_data.erase("slope");
    const at::Tensor grad = grads[0].contiguous();
    const int64_t rows = input.size(0), width = weight.size(0), parts = row_parts(rows);
    at::Tensor sums = at::zeros({parts, width}, at::TensorOptions(at::kFloat));
    float *to = slope.data_ptr<float>(), *bias_sums = sums.data_ptr<float>();
    const float *from = grad.data_ptr<float>();
    {
      const Span span("GELU kernel backward");
      parallel(rows, parts, [&](int64_t part, int64_t begin, int64_t end) {
        table().gelu_backward(to, from, bias_sums + part * width, width, begin, end);
      });
    }
    const LinearGradients d = linear_gradients(
        operand(slope, precision), input, weight_operand(weight, precision), context->needs_input_grad(0),
        context->needs_input_grad(1));
    return {d.x, d.weight, context->needs_input_grad(2) ? sum_parts(sums) : at::Tensor(), {}};
  }
};

struct LinearNorm : torch::autograd::Function<LinearNorm> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
      const at::Tensor &residual, const at::Tensor &norm_weight, const at::Tensor &norm_bias, double epsilon,
      Dropout dropout, bool recorded) {
    const int64_t rows = x.size(0), width = weight.size(0);
    const Precision precision = kernels::precision();
    const at::Tensor input = operand(x, precision);
    at::Tensor normalized = floats({rows, width}), y = recorded ? floats({rows, width}) : normalized;
    at::Tensor deviations = recorded ? floats({rows}) : at::Tensor();
    multiply(normalized, input, weight_operand(weight, precision).t());
    const NormRows job{
        width, normalized.data_ptr<float>(), bias.data_ptr<float>(), residual.data_ptr<float>(),
        norm_weight.data_ptr<float>(), norm_bias.data_ptr<float>(), static_cast<float>(epsilon), y.data_ptr<float>(),
        recorded ? deviations.data_ptr<float>() : nullptr, dropout};
    {
      const Span span("norm kernel");
      parallel(rows, row_parts(rows), [&](int64_t, int64_t begin, int64_t end) {
        table().norm_forward(job, begin, end);
      });
    }
    if (recorded) {
      context->save_for_backward({input, weight, norm_weight});
      context->saved_data["precision"] = static_cast<int64_t>(precision);
      context->saved_data["normalized"] = normalized;
      context->saved_data["deviations"] = deviations;
      context->saved_data["dropout"] = std::vector<int64_t>{
          static_cast<int64_t>(dropout.key), dropout.place, dropout.threshold};
      context->saved_data["scale"] = static_cast<double>(dropout.scale);
    }
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1], &norm_weight = saved[2];
    const auto precision = static_cast<Precision>(context->saved_data["precision"].toInt());
    const at::Tensor normalized = context->saved_data["normalized"].toTensor();
    const at::Tensor deviations = context->saved_data["deviations"].toTensor();
    const auto numbers = context->saved_data["dropout"].toIntVector();
    const Dropout dropout{
        static_cast<uint64_t>(numbers[0]), static_cast<uint32_t>(numbers[1]), static_cast<uint32_t>(numbers[2]),
        static_cast<float>(context->saved_data["scale"].toDouble())};
    const at::Tensor grad = grads[0].contiguous();
    const int64_t rows = input.size(0), width = weight.size(0), parts = row_parts(rows);
    at::Tensor d_residual = floats({rows, width});
    at::Tensor projected = dropout.active() ? floats({rows, width}) : d_residual;
    at::Tensor sums = at::zeros({parts, 3 * width}, at::TensorOptions(at::kFloat));
    float *base = sums.data_ptr<float>();
    NormGradient job{
        width, grad.data_ptr<float>(), normalized.data_ptr<float>(), deviations.data_ptr<float>(),
        norm_weight.data_ptr<float>(), d_residual.data_ptr<float>(), projected.data_ptr<float>(), nullptr, nullptr,
        nullptr, dropout};
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
    const at::Tensor total = sum_parts(sums);
    const LinearGradients d = linear_gradients(
        operand(projected, precision), input, weight_operand(weight, precision), context->needs_input_grad(0),
        context->needs_input_grad(1));
    return {d.x, d.weight, total.narrow(0, 2 * width, width), d_residual, total.narrow(0, 0, width),
            total.narrow(0, width, width), {}, {}, {}};
  }
};

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

int32_t ct_fused_linear_gelu(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor input = as_float32(ct::get(x));
    const at::Tensor &w = ct::get(weight), &b = ct::get(bias);
    TORCH_CHECK(input.dim() == 2 && w.dim() == 2, "linearGelu takes [rows, inputs] and [outputs, inputs]");
    check_shape(input, {input.size(0), w.size(1)}, "the input");
    check_dense(w, "the weight");
    check_shape(b, {w.size(0)}, "the bias");
    ct::give(LinearGelu::apply(input, w, b, records({&input, &w, &b})), out);
  });
}

int32_t ct_fused_linear_norm(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, const ct_tensor *residual,
    const ct_tensor *norm_weight, const ct_tensor *norm_bias, double epsilon, ct_dropout_draw draw, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor input = as_float32(ct::get(x)), r = as_float32(ct::get(residual));
    const at::Tensor &w = ct::get(weight), &b = ct::get(bias);
    const at::Tensor &nw = ct::get(norm_weight), &nb = ct::get(norm_bias);
    TORCH_CHECK(input.dim() == 2 && w.dim() == 2, "linearNorm takes [rows, inputs] and [outputs, inputs]");
    check_shape(input, {input.size(0), w.size(1)}, "the input");
    check_dense(w, "the weight");
    check_shape(b, {w.size(0)}, "the bias");
    check_shape(r, {input.size(0), w.size(0)}, "the residual");
    check_shape(nw, {w.size(0)}, "the norm's weight");
    check_shape(nb, {w.size(0)}, "the norm's bias");
    ct::give(
        LinearNorm::apply(input, w, b, r, nw, nb, epsilon, dropout(draw), records({&input, &w, &b, &r, &nw, &nb})),
        out);
  });
}
