// The first half of a layer: attention, its output's projection, dropout, and the norm of the sum with what went in.
#include "linear_norm.h"
#include "projected_attention.h"

namespace ct::kernels {

namespace {

class SelfAttention : public Node {
 public:
  explicit SelfAttention(AttentionSettings settings)
      : Node("SelfAttention backward"), precision_(kernels::precision()), attention_(std::move(settings), precision_) {}

  at::Tensor forward(
      const at::Tensor &x, const Projections &p, const at::Tensor &distance_bias, const NormLayer &output,
      bool recorded) {
    const at::Tensor input = operand(x, precision_);
    at::Tensor context = attention_.forward(input, p, distance_bias, recorded);
    at::Tensor rounded = operand(context, precision_);
    const bool first = attention_.settings().first_only;
    const at::Tensor y =
        norm_.forward(rounded, first ? attention_.settings().first_rows(x) : x, output, precision_, recorded);
    if (recorded) {
      keep(
          {&input, &p.query, &p.query_bias, &p.key, &p.key_bias, &p.value, &p.value_bias, &output.weight,
           &output.norm_weight});
      context_ = std::move(context);
      rounded_ = std::move(rounded);
    }
    return y;
  }

 protected:
  variable_list gradients(const at::Tensor &grad) override {
    const auto saved = kept();
    const at::Tensor &input = saved[0], &output = saved[7];
    const Projections of{saved[1], saved[2], saved[3], saved[4], saved[5], saved[6]};
    const at::Tensor context = std::move(context_);
    LinearNorm::Gradients d = norm_.backward(grad, saved[8], precision_);
    at::Tensor d_output;
    if (needs(8)) d_output = product(transposed(d.projected), rounded_);
    rounded_.reset();
    const at::Tensor d_context = product(d.projected, weight_operand(output, precision_));
    ProjectedAttention::Gradients a = attention_.backward(
        d_context, context, input, of, d.residual, {needs(0), needs(1), needs(3), needs(5)});
    Projections &p = a.projections;
    return {a.x,     p.query,    p.query_bias, p.key,  p.key_bias,    p.value,
            p.value_bias, a.distance_bias, d_output, d.bias, d.norm_weight, d.norm_bias};
  }

 private:
  Precision precision_;
  ProjectedAttention attention_;
  LinearNorm norm_;
  /// What the attention gave, and as `operand` gives it.
  at::Tensor context_, rounded_;
};

void check_distances(const at::Tensor &bias, const AttentionSettings &settings) {
  int64_t longest = 0;
  for (int64_t s = 0; s < settings.sequences(); ++s)
    longest = std::max(longest, settings.cumulative_lengths[s + 1] - settings.cumulative_lengths[s]);
  TORCH_CHECK(bias.dim() == 2, "the distances' bias is [heads, distances], not ", bias.sizes());
  check_shape(bias, {settings.heads, bias.size(1)}, "the distances' bias");
  TORCH_CHECK(bias.size(1) % 2 == 1 && bias.size(1) >= 2 * longest - 1,
              "biases of ", bias.size(1), " distances for sequences of up to ", longest, " tokens");
}

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

int32_t ct_fused_self_attention(
    const ct_tensor *x, const ct_tensor *const *weights_and_biases, const ct_tensor *distance_bias,
    const int64_t *cumulative_lengths, int64_t sequence_count, int64_t head_count, bool first_only,
    ct_dropout_draw draw,
    ct_residual_norm output, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor input = as_float32(ct::get(x));
    const auto all = ct::list(weights_and_biases, 6);
    const Projections p{all[0], all[1], all[2], all[3], all[4], all[5]};
    TORCH_CHECK(input.dim() == 2, "attention takes [tokens, width], not ", input.sizes());
    check_dense(input, "the input");
    const int64_t width = p.query.size(0);
    for (const at::Tensor *weight : {&p.query, &p.key, &p.value})
      check_shape(*weight, {width, input.size(1)}, "a projection's weight");
    for (const at::Tensor *bias : {&p.query_bias, &p.key_bias, &p.value_bias})
      check_shape(*bias, {width}, "a projection's bias");
    TORCH_CHECK(head_count > 0 && width % head_count == 0, "a width of ", width, " for ", head_count, " heads");
    AttentionSettings settings =
        AttentionSettings::checked(
            cumulative_lengths, sequence_count, head_count, first_only, dropout(draw), input.size(0));
    at::Tensor distances;
    if (distance_bias != nullptr) {
      distances = ct::get(distance_bias);
      check_distances(distances, settings);
    }
    const NormLayer layer = NormLayer::checked(output, width);
    TORCH_CHECK(
        layer.weight.size(0) == input.size(1), "attention leads from ", input.size(1), " to ", layer.weight.size(0));
    const auto node = make_node<SelfAttention>(std::move(settings));
    ct::give(
        run(node,
            {&input, &p.query, &p.query_bias, &p.key, &p.key_bias, &p.value, &p.value_bias, &distances, &layer.weight,
             &layer.bias, &layer.norm_weight, &layer.norm_bias},
            [&](bool recorded) { return node->forward(input, p, distances, layer, recorded); }),
        out);
  });
}
