// Functions of neural networks and their losses.
#include <ATen/core/Reduction.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/nll_loss.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "boundary.h"
#include "kernels/int8_layer.h"
#include "kernels/linear_layer.h"

static_assert(CT_REDUCE_NONE == int(at::Reduction::None) && CT_REDUCE_MEAN == int(at::Reduction::Mean));
static_assert(CT_REDUCE_SUM == int(at::Reduction::Sum));

int32_t ct_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor &input = ct::get(x), &w = ct::get(weight);
    const std::optional<at::Tensor> b = ct::optional(bias);
    ct::give(
        ct::kernels::takes_int8(input, w)            ? ct::kernels::int8_linear(input, w, b)
        : ct::kernels::takes_own_linear(input, w, b) ? ct::kernels::own_linear(input, w, b)
                                                     : at::linear(input, w, b),
        out);
  });
}

int32_t ct_embedding(const ct_tensor *weight, const ct_tensor *ids, int64_t padding_index, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::embedding(ct::get(weight), ct::get(ids), padding_index), out); });
}

int32_t ct_layer_norm(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, double epsilon, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor &input = ct::get(x);
    TORCH_CHECK(input.dim() > 0, "layer norm of a tensor without dimensions");
    const int64_t width = input.size(-1);
    ct::give(at::layer_norm(input, width, ct::optional(weight), ct::optional(bias), epsilon), out);
  });
}

int32_t ct_dropout(const ct_tensor *x, double probability, bool training, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::dropout(ct::get(x), probability, training), out); });
}

int32_t ct_attention(
    const ct_tensor *query, const ct_tensor *key, const ct_tensor *value, const ct_tensor *mask, double dropout,
    const double *scale, ct_tensor **out) {
  return ct::boundary([&] {
    std::optional<double> factor;
    if (scale != nullptr) factor = *scale;
    ct::give(
        at::scaled_dot_product_attention(
            ct::get(query), ct::get(key), ct::get(value), ct::optional(mask), dropout, /*is_causal=*/false, factor),
        out);
  });
}

int32_t ct_cross_entropy(
    const ct_tensor *logits, const ct_tensor *targets, const ct_tensor *weight, ct_loss_reduction reduction,
    int64_t ignore_index, double label_smoothing, ct_tensor **out) {
  return ct::boundary([&] {
    ct::give(
        at::cross_entropy_loss(
            ct::get(logits), ct::get(targets), ct::optional(weight), reduction, ignore_index, label_smoothing),
        out);
  });
}

int32_t ct_nll_loss(
    const ct_tensor *log_probabilities, const ct_tensor *targets, const ct_tensor *weight,
    ct_loss_reduction reduction, int64_t ignore_index, ct_tensor **out) {
  return ct::boundary([&] {
    ct::give(
        at::nll_loss(ct::get(log_probabilities), ct::get(targets), ct::optional(weight), reduction, ignore_index), out);
  });
}

int32_t ct_mse_loss(const ct_tensor *x, const ct_tensor *target, ct_loss_reduction reduction, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::mse_loss(ct::get(x), ct::get(target), reduction), out); });
}

int32_t ct_bce_with_logits(
    const ct_tensor *x, const ct_tensor *target, const ct_tensor *weight, const ct_tensor *positive_weight,
    ct_loss_reduction reduction, ct_tensor **out) {
  return ct::boundary([&] {
    ct::give(
        at::binary_cross_entropy_with_logits(
            ct::get(x), ct::get(target), ct::optional(weight), ct::optional(positive_weight), reduction),
        out);
  });
}
