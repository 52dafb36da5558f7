// Query, key and value projections and attention within each sequence, as one function of packed tokens.
#include <ATen/ops/index_select.h>

#include "fused.h"

namespace ct::kernels {

namespace {

/// The three weights as one [3 width, inputs] where they lie one after the other in memory, else nothing.
std::optional<at::Tensor> joined(const at::Tensor &a, const at::Tensor &b, const at::Tensor &c) {
  const auto size = a.numel();
  if (b.numel() != size || c.numel() != size || !a.storage().is_alias_of(b.storage()) ||
      !a.storage().is_alias_of(c.storage()) || b.data_ptr<float>() != a.data_ptr<float>() + size ||
      c.data_ptr<float>() != b.data_ptr<float>() + size)
    return std::nullopt;
  return a.detach().as_strided({3 * a.size(0), a.size(1)}, {a.size(1), 1});
}

struct Settings {
  std::vector<int64_t> starts;
  int64_t heads;
  /// Only the first token of each sequence asks.
  bool first_only;
  Precision precision;
  Dropout dropout;
  bool recorded;
};

/// `[heads, 2 longest - 1]`, from the farthest before to the farthest after, with room for whole vectors behind.
at::Tensor padded_bias(const at::Tensor &bias) {
  at::Tensor padded = at::zeros({bias.size(0), bias.size(1) + kAlign}, bias.options());
  padded.narrow(1, 0, bias.size(1)).copy_(bias);
  return padded;
}

/// The place of distance 0 in a row of what `padded_bias` made.
float *centre(const at::Tensor &padded, int64_t row) {
  return padded.data_ptr<float>() + row * padded.size(1) + (padded.size(1) - kAlign) / 2;
}

/// What one pass works on. Queries, keys and values lie in one buffer [tokens, 3 width], or, where only first tokens
/// ask, the queries in their own.
struct Pass {
  const Settings &settings;
  int64_t width, head_width, sequences, longest = 0;
  const float *q, *k, *v, *q_bias, *k_bias, *v_bias;
  int64_t q_stride, kv_stride;
  float *out, *log_sum;
  /// A row for each head, as `padded_bias` makes it, or undefined.
  at::Tensor distance_bias;

  int64_t query_begin(int64_t s) const { return settings.first_only ? s : settings.starts[s]; }
  int64_t queries(int64_t s) const { return settings.first_only ? 1 : keys(s); }
  int64_t keys(int64_t s) const { return settings.starts[s + 1] - settings.starts[s]; }
  int64_t total_queries() const { return settings.first_only ? sequences : settings.starts.back(); }

  AttentionHead head(int64_t sequence, int64_t index) const {
    const int64_t column = index * head_width, first = query_begin(sequence), begin = settings.starts[sequence];
    AttentionHead head{};
    head.query_count = queries(sequence);
    head.key_count = keys(sequence);
    head.width = head_width;
    head.scale = 1 / std::sqrt(static_cast<float>(head_width));
    head.q = q + first * q_stride + column;
    head.k = k + begin * kv_stride + column;
    head.v = v + begin * kv_stride + column;
    head.q_stride = q_stride;
    head.k_stride = head.v_stride = kv_stride;
    head.q_bias = q_bias + column;
    head.k_bias = k_bias + column;
    head.v_bias = v_bias + column;
    head.distance_bias = distance_bias.defined() ? centre(distance_bias, index) : nullptr;
    head.out = out + first * width + column;
    head.out_stride = width;
    head.log_sum = log_sum == nullptr ? nullptr : log_sum + index * total_queries() + first;
    head.dropout = settings.dropout;
    head.index = static_cast<uint32_t>(sequence * settings.heads + index);
    return head;
  }

  /// Calls `body(sequence, head, scratch)` for all of them. Heads go outside, so that threads get like shares.
  template <typename Body>
  void each(bool backward, const Body &body) const {
    int64_t most = 0;
    for (int64_t s = 0; s < sequences; ++s)
      most = std::max(most, table().attention_scratch(queries(s), keys(s), head_width, backward));
    // Two products forward, and five backward, one of them the scores' once more.
    int64_t pairs = 0;
    for (int64_t s = 0; s < sequences; ++s) pairs += queries(s) * keys(s);
    const Span span(backward ? "attention kernel backward" : "attention kernel", (backward ? 10 : 4) * pairs * width);
    const int64_t tasks = settings.heads * sequences;
    const int64_t parts = std::min<int64_t>(tasks, thread_count() * 8);
    // Allocated here: a loop's body must not throw.
    const at::Tensor scratch = floats({parts, round_up(most, kAlign) + kAlign});
    parallel(tasks, parts, [&](int64_t part, int64_t begin, int64_t end) {
      float *mine = scratch.data_ptr<float>() + part * scratch.size(1);
      for (int64_t task = begin; task < end; ++task) body(task % sequences, task / sequences, mine);
    });
  }
};

struct Attention : torch::autograd::Function<Attention> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &wq, const at::Tensor &bq, const at::Tensor &wk,
      const at::Tensor &bk, const at::Tensor &wv, const at::Tensor &bv,
      const std::optional<at::Tensor> &distance_bias, Settings settings) {
    const int64_t tokens = x.size(0), width = wq.size(0);
    const bool first = settings.first_only;
    const at::Tensor input = operand(x, settings.precision);
    at::Tensor projected = floats({tokens, (first ? 2 : 3) * width}), asked, first_rows;
    if (first) {
      first_rows = input.index_select(0, first_tokens(settings));
      asked = product(first_rows, weight_operand(wq, settings.precision).t());
    }
    project(input, wq, wk, wv, settings, projected);
    const int64_t queries = first ? asked.size(0) : tokens;
    at::Tensor out = floats({queries, width});
    at::Tensor log_sums = settings.recorded ? floats({settings.heads, queries}) : at::Tensor();
    Pass pass = make(settings, projected, asked, bq, bk, bv, out, log_sums);
    if (distance_bias) pass.distance_bias = padded_bias(*distance_bias);
    pass.each(false, [&](int64_t sequence, int64_t head, float *scratch) {
      table().attention_forward(pass.head(sequence, head), scratch);
    });
    if (settings.recorded) {
      context->save_for_backward({input, wq, bq, wk, bk, wv, bv, out});
      context->saved_data["projected"] = projected;
      context->saved_data["log_sums"] = log_sums;
      if (distance_bias) context->saved_data["distance_bias"] = pass.distance_bias;
      if (first) {
        context->saved_data["asked"] = asked;
        context->saved_data["first_rows"] = first_rows;
      }
      context->saved_data["starts"] = settings.starts;
      context->saved_data["numbers"] = std::vector<int64_t>{
          settings.heads, first, static_cast<int64_t>(settings.dropout.key), settings.dropout.place,
          settings.dropout.threshold, static_cast<int64_t>(settings.precision)};
      context->saved_data["scale"] = static_cast<double>(settings.dropout.scale);
    }
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &wq = saved[1], &wk = saved[3], &wv = saved[5], &out = saved[7];
    const auto numbers = context->saved_data["numbers"].toIntVector();
    Settings settings{
        context->saved_data["starts"].toIntVector(), numbers[0], numbers[1] != 0, static_cast<Precision>(numbers[5]), {},
        true};
    settings.dropout = Dropout{
        static_cast<uint64_t>(numbers[2]), static_cast<uint32_t>(numbers[3]), static_cast<uint32_t>(numbers[4]),
        static_cast<float>(context->saved_data["scale"].toDouble())};
    const bool first = settings.first_only;
    const at::Tensor projected = context->saved_data["projected"].toTensor();
    const at::Tensor log_sums = context->saved_data["log_sums"].toTensor();
    const at::Tensor asked = first ? context->saved_data["asked"].toTensor() : at::Tensor();
    const at::Tensor grad = grads[0].contiguous();
    Pass pass = make(settings, projected, asked, saved[2], saved[4], saved[6], out, log_sums);
    const int64_t width = pass.width;
    // Each head of each sequence adds to sums of its own: threads share none, and the order of additions is fixed.
    at::Tensor bias_sums;
    const auto kept_bias = context->saved_data.find("distance_bias");
    if (kept_bias != context->saved_data.end()) {
      pass.distance_bias = kept_bias->second.toTensor();
      bias_sums = at::zeros({pass.sequences * settings.heads, pass.distance_bias.size(1)}, projected.options());
    }

    at::Tensor slopes = floats(projected.sizes()), asked_slopes = first ? floats(asked.sizes()) : at::Tensor();
    at::Tensor sums = floats({pass.sequences, 3 * width});
    float *dq = first ? asked_slopes.data_ptr<float>() : slopes.data_ptr<float>();
    float *dk = slopes.data_ptr<float>() + (first ? 0 : width), *dv = dk + width;
    pass.each(true, [&](int64_t sequence, int64_t head, float *scratch) {
      const int64_t column = head * pass.head_width, asks = pass.query_begin(sequence);
      const int64_t begin = settings.starts[sequence];
      AttentionGradient gradient{};
      gradient.grad = grad.data_ptr<float>() + asks * width + column;
      gradient.dq = dq + asks * pass.q_stride + column;
      gradient.dk = dk + begin * pass.kv_stride + column;
      gradient.dv = dv + begin * pass.kv_stride + column;
      gradient.dq_stride = pass.q_stride;
      gradient.dk_stride = gradient.dv_stride = pass.kv_stride;
      gradient.dq_bias = sums.data_ptr<float>() + sequence * 3 * width + column;
      gradient.dk_bias = gradient.dq_bias + width;
      gradient.dv_bias = gradient.dk_bias + width;
      gradient.d_distance_bias = bias_sums.defined() ? centre(bias_sums, sequence * settings.heads + head) : nullptr;
      table().attention_backward(pass.head(sequence, head), gradient, scratch);
    });
    const at::Tensor total = sum_parts(sums);
    at::Tensor d_distance_bias;
    if (bias_sums.defined())
      d_distance_bias = bias_sums.view({pass.sequences, settings.heads, bias_sums.size(1)})
                            .sum(0)
                            .narrow(1, 0, bias_sums.size(1) - kAlign);

    const bool needs_x = context->needs_input_grad(0);
    const bool all_weights =
        context->needs_input_grad(1) && context->needs_input_grad(3) && context->needs_input_grad(5);
    const auto weights = projecting(wq, wk, wv, settings);
    at::Tensor dx, dwq, dwk, dwv;
    const auto part = [&](const at::Tensor &of, int64_t dim, int64_t index) {
      return of.narrow(dim, (index - (first ? 1 : 0)) * width, width);
    };
    const auto of_weight = [&](const at::Tensor &grad, const at::Tensor &rows, const at::Tensor &weight, size_t place) {
      return linear_gradients(
          grad, rows, weight_operand(weight, settings.precision), needs_x, context->needs_input_grad(place));
    };
    slopes = operand(slopes, settings.precision);
    if (all_weights && weights) {
      const LinearGradients d = linear_gradients(slopes, input, *weights, needs_x, true);
      dx = d.x;
      if (!first) dwq = part(d.weight, 0, 0);
      dwk = part(d.weight, 0, 1);
      dwv = part(d.weight, 0, 2);
    } else {
      const LinearGradients k = of_weight(part(slopes, 1, 1), input, wk, 3), v = of_weight(part(slopes, 1, 2), input, wv, 5);
      dwk = k.weight;
      dwv = v.weight;
      if (needs_x) dx = k.x.add_(v.x);
      if (!first) {
        const LinearGradients q = of_weight(part(slopes, 1, 0), input, wq, 1);
        dwq = q.weight;
        if (needs_x) dx.add_(q.x);
      }
    }
    if (first) {
      const LinearGradients q = of_weight(
          operand(asked_slopes, settings.precision), context->saved_data["first_rows"].toTensor(), wq, 1);
      dwq = q.weight;
      if (needs_x) dx.index_add_(0, first_tokens(settings), q.x);
    }
    return {dx, dwq, total.narrow(0, 0, width), dwk, total.narrow(0, width, width), dwv,
            total.narrow(0, 2 * width, width), d_distance_bias, {}};
  }

  static at::Tensor first_tokens(const Settings &settings) {
    at::Tensor rows = at::empty({static_cast<int64_t>(settings.starts.size()) - 1}, at::TensorOptions(at::kLong));
    std::copy(settings.starts.begin(), settings.starts.end() - 1, rows.data_ptr<int64_t>());
    return rows;
  }

  /// What all tokens are multiplied with, where it lies in one piece: without `wq` where only first tokens ask.
  static std::optional<at::Tensor> projecting(
      const at::Tensor &wq, const at::Tensor &wk, const at::Tensor &wv, const Settings &settings) {
    const auto weights = joined(wq, wk, wv);
    if (!weights) return weights;
    if (!settings.first_only) return weight_operand(*weights, settings.precision, {&wq, &wk, &wv});
    return weight_operand(weights->narrow(0, wq.size(0), 2 * wq.size(0)), settings.precision, {&wk, &wv});
  }

  static void project(
      const at::Tensor &input, const at::Tensor &wq, const at::Tensor &wk, const at::Tensor &wv,
      const Settings &settings, at::Tensor &projected) {
    if (const auto weights = projecting(wq, wk, wv, settings)) {
      multiply(projected, input, weights->t());
      return;
    }
    const int64_t width = wq.size(0);
    int64_t column = 0;
    for (const at::Tensor *weight : {&wq, &wk, &wv}) {
      if (settings.first_only && weight == &wq) continue;
      multiply(projected.narrow(1, column, width), input, weight_operand(*weight, settings.precision).t());
      column += width;
    }
  }

  static Pass make(
      const Settings &settings, const at::Tensor &projected, const at::Tensor &asked, const at::Tensor &bq,
      const at::Tensor &bk, const at::Tensor &bv, const at::Tensor &out, const at::Tensor &log_sums) {
    const int64_t width = bq.size(0);
    const bool first = settings.first_only;
    const float *base = projected.data_ptr<float>();
    Pass pass{settings, width, width / settings.heads, static_cast<int64_t>(settings.starts.size()) - 1};
    pass.q = first ? asked.data_ptr<float>() : base;
    pass.k = base + (first ? 0 : width);
    pass.v = pass.k + width;
    pass.q_bias = bq.data_ptr<float>();
    pass.k_bias = bk.data_ptr<float>();
    pass.v_bias = bv.data_ptr<float>();
    pass.q_stride = first ? width : 3 * width;
    pass.kv_stride = projected.size(1);
    pass.out = out.data_ptr<float>();
    pass.log_sum = log_sums.defined() ? log_sums.data_ptr<float>() : nullptr;
    return pass;
  }
};

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

int32_t ct_fused_attention(
    const ct_tensor *x, const ct_tensor *const *weights_and_biases, const ct_tensor *distance_bias,
    const int64_t *starts, int64_t sequence_count, int64_t head_count, bool first_only, ct_dropout_draw draw,
    ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor input = as_float32(ct::get(x));
    const auto p = ct::list(weights_and_biases, 6);
    TORCH_CHECK(input.dim() == 2, "attention takes [tokens, width], not ", input.sizes());
    check_dense(input, "the input");
    const int64_t width = p[0].size(0);
    for (int i = 0; i < 6; ++i) {
      if (i % 2 == 0) {
        check_shape(p[i], {width, input.size(1)}, "a projection's weight");
      } else {
        check_shape(p[i], {width}, "a projection's bias");
      }
    }
    TORCH_CHECK(head_count > 0 && width % head_count == 0, "a width of ", width, " for ", head_count, " heads");
    TORCH_CHECK(sequence_count > 0 && starts[0] == 0 && starts[sequence_count] == input.size(0),
                "sequences that cover ", sequence_count > 0 ? starts[sequence_count] : 0, " tokens of ", input.size(0));
    int64_t longest = 0;
    for (int64_t s = 0; s < sequence_count; ++s) {
      TORCH_CHECK(starts[s] < starts[s + 1], "an empty sequence");
      longest = std::max(longest, starts[s + 1] - starts[s]);
    }
    std::optional<at::Tensor> distances;
    if (distance_bias != nullptr) {
      distances = ct::get(distance_bias);
      check_shape(*distances, {head_count, distances->size(-1)}, "the distances' bias");
      TORCH_CHECK(distances->size(1) % 2 == 1 && distances->size(1) >= 2 * longest - 1,
                  "biases of ", distances->size(1), " distances for sequences of up to ", longest, " tokens");
    }
    Settings settings{
        std::vector<int64_t>(starts, starts + sequence_count + 1), head_count, first_only, precision(), dropout(draw),
        records({&input, &p[0], &p[1], &p[2], &p[3], &p[4], &p[5]}) || (distances && records({&*distances}))};
    ct::give(Attention::apply(input, p[0], p[1], p[2], p[3], p[4], p[5], distances, std::move(settings)), out);
  });
}
