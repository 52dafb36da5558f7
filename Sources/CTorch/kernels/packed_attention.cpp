// Attention within each sequence of packed tokens, of queries, keys and values that were made elsewhere.
#include "attention_pass.h"

namespace ct::kernels {

namespace {

/// Far below any score, and so large that nothing is left of it after the softmax.
constexpr float kForbidden = -1e30f;

/// What is added to the scores so that queries attend to keys at most `window` positions away, by distance.
at::Tensor window_bias(const AttentionSettings &settings, int64_t window) {
  int64_t longest = 0;
  for (int64_t s = 0; s < settings.sequences(); ++s)
    longest = std::max(longest, settings.cumulative_lengths[s + 1] - settings.cumulative_lengths[s]);
  if (window < 0 || longest - 1 <= window) return {};
  at::Tensor bias = floats({settings.heads, 2 * longest - 1});
  float *row = bias.data_ptr<float>();
  for (int64_t head = 0; head < settings.heads; ++head)
    for (int64_t distance = 1 - longest; distance < longest; ++distance)
      *row++ = std::abs(distance) <= window ? 0.0f : kForbidden;
  return padded_bias(bias);
}

class PackedAttention : public Node {
 public:
  PackedAttention(AttentionSettings settings, int64_t window)
      : Node("PackedAttention backward"), settings_(std::move(settings)), window_(window) {}

  at::Tensor forward(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, bool recorded) {
    at::Tensor out = floats(q.sizes());
    if (recorded) log_sums_ = floats({settings_.heads, settings_.queries()});
    const at::Tensor none = zeroed({q.size(1)});
    const Pass pass = make_pass(q, k, v, out, none);
    pass.each(false, [&](int64_t sequence, int64_t head, float *scratch) {
      table().attention_forward(pass.head(sequence, head), scratch);
    });
    if (recorded) {
      keep({&q, &k, &v});
      // Its own result a node may not keep as it is: they would hold each other.
      out_ = out.detach();
    }
    return out;
  }

 protected:
  variable_list gradients(const at::Tensor &grad) override {
    const auto saved = kept();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
    const at::Tensor out = std::move(out_);
    const int64_t width = q.size(1);
    const at::Tensor none = zeroed({width});
    const Pass pass = make_pass(q, k, v, out, none);
    at::Tensor dq = floats(q.sizes()), dk = floats(k.sizes()), dv = floats(v.sizes());
    // Of biases that aren't there; the kernel sums them up all the same.
    const at::Tensor sums = floats({pass.sequences, 3 * width});
    pass.each(true, [&](int64_t sequence, int64_t head, float *scratch) {
      const int64_t column = head * pass.head_width, query_row = pass.query_begin(sequence);
      const int64_t begin = settings_.cumulative_lengths[sequence];
      AttentionGradient gradient{};
      gradient.grad = grad.data_ptr<float>() + query_row * width + column;
      gradient.dq = dq.data_ptr<float>() + query_row * width + column;
      gradient.dk = dk.data_ptr<float>() + begin * width + column;
      gradient.dv = dv.data_ptr<float>() + begin * width + column;
      gradient.dq_stride = gradient.dk_stride = gradient.dv_stride = width;
      gradient.dq_bias = sums.data_ptr<float>() + sequence * 3 * width + column;
      gradient.dk_bias = gradient.dq_bias + width;
      gradient.dv_bias = gradient.dk_bias + width;
      table().attention_backward(pass.head(sequence, head), gradient, scratch);
    });
    log_sums_.reset();
    return {dq, dk, dv};
  }

 private:
  Pass make_pass(
      const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &out,
      const at::Tensor &none) const {
    const int64_t width = q.size(1);
    Pass pass{settings_, width, width / settings_.heads, settings_.sequences()};
    pass.q = q.data_ptr<float>();
    pass.k = k.data_ptr<float>();
    pass.v = v.data_ptr<float>();
    pass.q_bias = pass.k_bias = pass.v_bias = none.data_ptr<float>();
    pass.q_stride = pass.kv_stride = width;
    pass.out = out.data_ptr<float>();
    pass.log_sum = log_sums_.defined() ? log_sums_.data_ptr<float>() : nullptr;
    pass.distance_bias = window_bias(settings_, window_);
    return pass;
  }

  AttentionSettings settings_;
  int64_t window_;
  at::Tensor out_, log_sums_;
};

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

int32_t ct_fused_packed_attention(
    const ct_tensor *queries, const ct_tensor *keys, const ct_tensor *values, const int64_t *cumulative_lengths,
    int64_t sequence_count, int64_t head_count, int64_t window, bool first_only, ct_dropout_draw draw,
    ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor q = as_float32(ct::get(queries)), k = as_float32(ct::get(keys)), v = as_float32(ct::get(values));
    TORCH_CHECK(k.dim() == 2, "attention takes keys [tokens, width], not ", k.sizes());
    AttentionSettings settings = AttentionSettings::checked(
        cumulative_lengths, sequence_count, head_count, first_only, dropout(draw), k.size(0));
    const int64_t width = k.size(1);
    TORCH_CHECK(head_count > 0 && width % head_count == 0, "a width of ", width, " for ", head_count, " heads");
    check_shape(q, {settings.queries(), width}, "the queries");
    check_shape(k, {k.size(0), width}, "the keys");
    check_shape(v, k.sizes(), "the values");
    const auto node = make_node<PackedAttention>(std::move(settings), window);
    ct::give(
        run(node, {&q, &k, &v}, [&](bool recorded) { return node->forward(q, k, v, recorded); }), out);
  });
}
