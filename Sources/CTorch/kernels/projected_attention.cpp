#include "projected_attention.h"

#include <ATen/ops/as_strided.h>
#include <ATen/ops/narrow.h>

#include <optional>
#include <tuple>

#include "attention_pass.h"
#include "int8.h"

namespace ct::kernels {

bool are_joined(at::TensorList tensors) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor &one = tensors[i];
    if (!one.is_contiguous()) return false;
    if (i == 0) continue;
    // Memory of one's own may happen to follow another's, but no tensor can lie on both.
    const at::Tensor &before = tensors[i - 1];
    if (one.scalar_type() != before.scalar_type() || !one.storage().is_alias_of(before.storage()) ||
        one.storage_offset() != before.storage_offset() + before.numel())
      return false;
  }
  return true;
}

namespace {

/// The three weights as one [3 width, inputs] where they are one in memory, else nothing.
std::optional<at::Tensor> joined(const at::Tensor &a, const at::Tensor &b, const at::Tensor &c) {
  if (a.sizes() != b.sizes() || a.sizes() != c.sizes() || !are_joined({a, b, c})) return std::nullopt;
  return a.as_strided({3 * a.size(0), a.size(1)}, {a.size(1), 1});
}

/// What all tokens are multiplied with, where it lies in one piece: without the queries' weight where only first
/// tokens are queries.
std::optional<at::Tensor> joined_weights(
    const Projections &of, const AttentionSettings &settings, Precision precision) {
  const auto weights = joined(of.query, of.key, of.value);
  if (!weights) return weights;
  if (!settings.first_only) return weight_operand(*weights, precision, {&of.query, &of.key, &of.value});
  const int64_t width = of.query.size(0);
  return weight_operand(rows_of(*weights, width, 2 * width), precision, {&of.key, &of.value});
}

/// Projections in 8 bits: first tokens' queries, where they are the only ones, and what all tokens are multiplied with.
void project_int8(
    const at::Tensor &projected, const at::Tensor &queries, const at::Tensor &input, const Projections &of,
    const AttentionSettings &settings) {
  const int64_t width = of.query.size(0);
  const bool first = settings.first_only;
  if (first) int8_linear(queries, settings.first_rows(input), *int8_weight(of.query, {&of.query}));
  if (const auto weights = joined(of.query, of.key, of.value)) {
    const auto all = first ? int8_weight(rows_of(*weights, width, 2 * width), {&of.key, &of.value})
                           : int8_weight(*weights, {&of.query, &of.key, &of.value});
    return int8_linear(projected, input, *all);
  }
  int64_t column = 0;
  for (const at::Tensor *weight : {&of.query, &of.key, &of.value}) {
    if (first && weight == &of.query) continue;
    int8_linear(projected.narrow(1, column, width), input, *int8_weight(*weight, {weight}));
    column += width;
  }
}

Pass make_pass(
    const AttentionSettings &settings, const Projections &of, const at::Tensor &projected, const at::Tensor &queries,
    const at::Tensor &out, const at::Tensor &log_sums, const at::Tensor &padded_bias) {
  const int64_t width = of.query.size(0);
  const bool first = settings.first_only;
  const float *base = projected.data_ptr<float>();
  Pass pass{settings, width, width / settings.heads, settings.sequences()};
  pass.q = first ? queries.data_ptr<float>() : base;
  pass.k = base + (first ? 0 : width);
  pass.v = pass.k + width;
  pass.q_bias = of.query_bias.data_ptr<float>();
  pass.k_bias = of.key_bias.data_ptr<float>();
  pass.v_bias = of.value_bias.data_ptr<float>();
  pass.q_stride = first ? width : 3 * width;
  pass.kv_stride = projected.size(1);
  pass.out = out.data_ptr<float>();
  pass.log_sum = log_sums.defined() ? log_sums.data_ptr<float>() : nullptr;
  pass.distance_bias = padded_bias;
  return pass;
}

}  // namespace

AttentionSettings AttentionSettings::checked(
    const int64_t *cumulative_lengths, int64_t sequence_count, int64_t head_count, bool first_only, Dropout dropout,
    int64_t tokens) {
  TORCH_CHECK(sequence_count > 0 && cumulative_lengths[0] == 0 && cumulative_lengths[sequence_count] == tokens,
              "sequences that cover ", sequence_count > 0 ? cumulative_lengths[sequence_count] : 0, " tokens of ",
              tokens);
  for (int64_t s = 0; s < sequence_count; ++s)
    TORCH_CHECK(cumulative_lengths[s] < cumulative_lengths[s + 1], "an empty sequence");
  return {
      std::vector<int64_t>(cumulative_lengths, cumulative_lengths + sequence_count + 1), head_count, first_only,
      dropout};
}

at::Tensor AttentionSettings::first_rows(const at::Tensor &of) const {
  const int64_t width = of.size(1), bytes = width * of.element_size();
  at::Tensor rows(at::detail::empty_cpu({sequences(), width}, of.scalar_type()));
  const auto *from = static_cast<const char *>(of.const_data_ptr());
  auto *to = static_cast<char *>(rows.data_ptr());
  for (int64_t s = 0; s < sequences(); ++s) std::copy_n(from + cumulative_lengths[s] * bytes, bytes, to + s * bytes);
  return rows;
}

at::Tensor ProjectedAttention::forward(
    const at::Tensor &input, const Projections &of, const at::Tensor &distance_bias, bool recorded) {
  const int64_t tokens = input.size(0), width = of.query.size(0), query_count = settings_.queries();
  const bool first = settings_.first_only;
  at::Tensor projected = floats({tokens, (first ? 2 : 3) * width}), queries;
  if (first && precision_ != Precision::int8)
    queries = product(settings_.first_rows(input), transposed(weight_operand(of.query, precision_)));
  if (precision_ == Precision::int8) {
    check_unrecorded(recorded);
    if (first) queries = floats({query_count, width});
    project_int8(projected, queries, input, of, settings_);
  } else if (const auto weights = joined_weights(of, settings_, precision_)) {
    multiply(projected, input, transposed(*weights));
  } else {
    int64_t column = 0;
    for (const at::Tensor *weight : {&of.query, &of.key, &of.value}) {
      if (first && weight == &of.query) continue;
      multiply(projected.narrow(1, column, width), input, transposed(weight_operand(*weight, precision_)));
      column += width;
    }
  }
  const at::Tensor out = floats({query_count, width});
  at::Tensor log_sums = recorded ? floats({settings_.heads, query_count}) : at::Tensor();
  at::Tensor bias = distance_bias.defined() ? padded_bias(distance_bias) : at::Tensor();
  const Pass pass = make_pass(settings_, of, projected, queries, out, log_sums, bias);
  pass.each(false, [&](int64_t sequence, int64_t head, float *scratch) {
    table().attention_forward(pass.head(sequence, head), scratch);
  });
  if (recorded) {
    projected_ = std::move(projected);
    queries_ = std::move(queries);
    log_sums_ = std::move(log_sums);
    distance_bias_ = std::move(bias);
  }
  return out;
}

ProjectedAttention::Gradients ProjectedAttention::backward(
    const at::Tensor &grad, const at::Tensor &out, const at::Tensor &input, const Projections &of,
    const at::Tensor &beside, Needs needs) {
  at::Tensor projected = std::move(projected_), queries = std::move(queries_);
  const bool first = settings_.first_only;
  const Pass pass = make_pass(settings_, of, projected, queries, out, log_sums_, distance_bias_);
  const int64_t width = pass.width, heads = settings_.heads;
  // Each head of each sequence adds to sums of its own: threads share none, and the order of additions is fixed.
  at::Tensor bias_sums;
  if (distance_bias_.defined()) bias_sums = zeroed({pass.sequences * heads, distance_bias_.size(1)});

  at::Tensor d_projected = floats(projected.sizes()), d_queries = first ? floats(queries.sizes()) : at::Tensor();
  const at::Tensor sums = floats({pass.sequences, 3 * width});
  float *dq = first ? d_queries.data_ptr<float>() : d_projected.data_ptr<float>();
  float *dk = d_projected.data_ptr<float>() + (first ? 0 : width), *dv = dk + width;
  pass.each(true, [&](int64_t sequence, int64_t head, float *scratch) {
    const int64_t column = head * pass.head_width, query_row = pass.query_begin(sequence);
    const int64_t begin = settings_.cumulative_lengths[sequence];
    AttentionGradient gradient{};
    gradient.grad = grad.data_ptr<float>() + query_row * width + column;
    gradient.dq = dq + query_row * pass.q_stride + column;
    gradient.dk = dk + begin * pass.kv_stride + column;
    gradient.dv = dv + begin * pass.kv_stride + column;
    gradient.dq_stride = pass.q_stride;
    gradient.dk_stride = gradient.dv_stride = pass.kv_stride;
    gradient.dq_bias = sums.data_ptr<float>() + sequence * 3 * width + column;
    gradient.dk_bias = gradient.dq_bias + width;
    gradient.dv_bias = gradient.dk_bias + width;
    gradient.d_distance_bias = bias_sums.defined() ? centre(bias_sums, sequence * heads + head) : nullptr;
    table().attention_backward(pass.head(sequence, head), gradient, scratch);
  });
  projected.reset();
  queries.reset();

  Gradients d;
  std::tie(d.projections.query_bias, d.projections.key_bias, d.projections.value_bias) =
      std::tuple_cat(sum_parts<3>(sums));
  if (bias_sums.defined())
    d.distance_bias =
        bias_sums.view({pass.sequences, heads, bias_sums.size(1)}).sum(0).narrow(1, 0, bias_sums.size(1) - kAlign);

  d_projected = operand(d_projected, precision_);
  if (first) d_queries = operand(d_queries, precision_);
  // Where only first tokens are queries, what the others get is keys' and values' alone.
  at::Tensor dx = first && needs.x ? floats(input.sizes()) : beside;
  Into into = first ? Into::empty : Into::sum;
  const auto add_to_x = [&](const at::Tensor &d_output, const at::Tensor &weight) {
    if (!needs.x) return;
    multiply(dx, d_output, weight, into);
    into = Into::sum;
  };
  const auto joined = joined_weights(of, settings_, precision_);
  if (joined && needs.query && needs.key && needs.value) {
    const at::Tensor all = product(transposed(d_projected), input);
    const int64_t before = first ? 0 : width;
    if (!first) d.projections.query = rows_of(all, 0, width);
    d.projections.key = rows_of(all, before, width);
    d.projections.value = rows_of(all, before + width, width);
    add_to_x(d_projected, *joined);
  } else {
    int64_t column = 0;
    const auto add = [&](const at::Tensor &weight, at::Tensor &gradient, bool is_needed) {
      const at::Tensor part = d_projected.narrow(1, column, width);
      column += width;
      if (is_needed) gradient = product(transposed(part), input);
      add_to_x(part, weight_operand(weight, precision_));
    };
    if (!first) add(of.query, d.projections.query, needs.query);
    add(of.key, d.projections.key, needs.key);
    add(of.value, d.projections.value, needs.value);
  }
  if (first) {
    if (needs.query) d.projections.query = product(transposed(d_queries), settings_.first_rows(input));
    if (needs.x) {
      multiply(beside, d_queries, weight_operand(of.query, precision_), Into::sum);
      const int64_t inputs = dx.size(1);
      for (int64_t s = 0; s < pass.sequences; ++s)
        table().add(
            dx.data_ptr<float>() + settings_.cumulative_lengths[s] * inputs, beside.data_ptr<float>() + s * inputs,
            inputs);
    }
  }
  d.x = needs.x ? dx : at::Tensor();
  return d;
}

}  // namespace ct::kernels

bool ct_are_joined(const ct_tensor *const *tensors, int32_t count) {
  bool result = false;
  ct::boundary([&] { result = ct::kernels::are_joined(ct::list(tensors, count)); });
  return result;
}
