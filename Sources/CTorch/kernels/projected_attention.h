// Query, key and value projections and attention within each sequence of packed tokens, forward and backward.
#pragma once

#include <vector>

#include "fused.h"

namespace ct::kernels {

/// Weights [width, inputs] and biases [width].
struct Projections {
  at::Tensor query, query_bias, key, key_bias, value, value_bias;
};

struct AttentionSettings {
  /// Cumulative sequence lengths: 0, then each sequence's end.
  std::vector<int64_t> cumulative_lengths;
  int64_t heads;
  /// Only the first token of each sequence is a query.
  bool first_only;
  Dropout dropout;

  /// The settings, if sequences follow one another over all tokens.
  static AttentionSettings checked(
      const int64_t *cumulative_lengths, int64_t sequence_count, int64_t head_count, bool first_only, Dropout dropout,
      int64_t tokens);

  int64_t sequences() const { return static_cast<int64_t>(cumulative_lengths.size()) - 1; }
  int64_t queries() const { return first_only ? sequences() : cumulative_lengths.back(); }
  /// The rows of the queries, where not all tokens are.
  at::Tensor first_rows(const at::Tensor &of) const;
};

/// Whether dense tensors of one type follow one another in one piece of memory.
bool are_joined(at::TensorList tensors);

/// One pass, and what its backward pass needs besides its arguments.
class ProjectedAttention {
 public:
  ProjectedAttention(AttentionSettings settings, Precision precision)
      : settings_(std::move(settings)), precision_(precision) {}

  const AttentionSettings &settings() const { return settings_; }

  /// @param input [tokens, inputs], as `operand` gives it.
  /// @param distance_bias [heads, 2 longest - 1] or more, or undefined.
  /// @return [queries, width]
  at::Tensor forward(
      const at::Tensor &input, const Projections &projections, const at::Tensor &distance_bias, bool recorded);

  /// Which gradients are asked for; those of the rest come along.
  struct Needs {
    bool x, query, key, value;
  };
  struct Gradients {
    at::Tensor x;
    Projections projections;
    at::Tensor distance_bias;
  };
  /// To be called once.
  ///
  /// @param grad of the result `out`.
  /// @param beside the gradient [queries, inputs] that the rows of the queries get from elsewhere. Is overwritten.
  Gradients backward(
      const at::Tensor &grad, const at::Tensor &out, const at::Tensor &input, const Projections &projections,
      const at::Tensor &beside, Needs needs);

 private:
  AttentionSettings settings_;
  Precision precision_;
  /// Queries, keys and values [tokens, 3 width], or keys and values with the queries beside them.
  at::Tensor projected_, queries_;
  at::Tensor log_sums_, distance_bias_;
};

}  // namespace ct::kernels
