// One pass of the attention kernel over all heads of all sequences.
#pragma once

#include "projected_attention.h"

namespace ct::kernels {

/// `[heads, 2 longest - 1]`, from the farthest before to the farthest after, with room for whole vectors behind.
inline at::Tensor padded_bias(const at::Tensor &bias) {
  const int64_t width = bias.size(1);
  at::Tensor padded = zeroed({bias.size(0), width + kAlign});
  for (int64_t head = 0; head < bias.size(0); ++head)
    std::copy_n(bias.data_ptr<float>() + head * width, width, padded.data_ptr<float>() + head * (width + kAlign));
  return padded;
}

/// The element of distance 0 in a row of what `padded_bias` made.
inline float *centre(const at::Tensor &padded, int64_t row) {
  return padded.data_ptr<float>() + row * padded.size(1) + (padded.size(1) - kAlign) / 2;
}

/// What one pass works on. Queries, keys and values lie in one buffer [tokens, 3 width], or, where only first tokens
/// are queries, those in their own.
struct Pass {
  const AttentionSettings &settings;
  int64_t width, head_width, sequences;
  const float *q, *k, *v, *q_bias, *k_bias, *v_bias;
  int64_t q_stride, kv_stride;
  float *out, *log_sum;
  /// A row for each head, as `padded_bias` makes it, or undefined.
  at::Tensor distance_bias;

  int64_t query_begin(int64_t s) const { return settings.first_only ? s : settings.cumulative_lengths[s]; }
  int64_t queries(int64_t s) const { return settings.first_only ? 1 : keys(s); }
  int64_t keys(int64_t s) const { return settings.cumulative_lengths[s + 1] - settings.cumulative_lengths[s]; }

  AttentionHead head(int64_t sequence, int64_t index) const {
    const int64_t column = index * head_width, first = query_begin(sequence);
    const int64_t begin = settings.cumulative_lengths[sequence];
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
    head.log_sum = log_sum == nullptr ? nullptr : log_sum + index * settings.queries() + first;
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

}  // namespace ct::kernels
