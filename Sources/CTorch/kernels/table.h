// The fused CPU kernels as plain functions on memory, one set for each instruction set. What calls them knows tensors
// and gradients; they know neither.
#pragma once

#include <cstdint>

namespace ct::kernels {

/// Elements that are dropped, from a counter: the same numbers give the same mask, forward and backward, on every
/// processor and with any number of threads.
struct Dropout {
  /// One for each forward pass.
  uint64_t key = 0;
  /// Tells the dropout layers apart that draw with the same key.
  uint32_t site = 0;
  /// An element stays where a 16-bit random number is at least this; 0 keeps all.
  uint32_t threshold = 0;
  /// What a kept element is multiplied by.
  float scale = 1;

  bool active() const { return threshold > 0; }
};

/// Elements are padded to whole vectors of the widest instruction set.
constexpr int64_t kAlign = 16;
/// Elements that one draw of the generator covers.
constexpr int64_t kDraw = 64;

constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/// One head of one sequence. Rows of all pointers are tokens; a stride is the distance between rows.
struct AttentionHead {
  int64_t query_count, key_count, width;
  float scale;
  const float *q, *k, *v;
  int64_t q_stride, k_stride, v_stride;
  /// Added to every row while it is read; `width` numbers each.
  const float *q_bias, *k_bias, *v_bias;
  /// Added to the score of a query and a key that lies so many positions after it; negative for those before.
  /// Readable up to `kAlign` numbers beyond the farthest key. Null for none.
  const float *distance_bias;
  float *out;
  int64_t out_stride;
  /// Logarithm of each query's sum of exponentials. May be null in `attention_forward`.
  float *log_sum;
  Dropout dropout;
  /// Distinguishes sequences and heads in the dropout's counter.
  uint32_t index;
};

/// What `attention_backward` reads besides the head, and what it writes.
struct AttentionGradient {
  /// Of the output, laid out as `out`.
  const float *grad;
  float *dq, *dk, *dv;
  int64_t dq_stride, dk_stride, dv_stride;
  /// Column sums of dq, dk and dv; `width` numbers each, overwritten.
  float *dq_bias, *dk_bias, *dv_bias;
  /// Of the biases, added to, also beyond the farthest key, with zeros. Null where there are none.
  float *d_distance_bias;
};

/// Rows of `normalize(dropout(x + bias) + residual)`.
struct NormRows {
  int64_t width;
  /// In: the projection. Out: the normalized rows before weight and bias.
  float *x;
  const float *bias, *residual;
  const float *weight, *shift;
  float epsilon;
  float *out;
  float *inverse_deviation;
  Dropout dropout;
};

/// Gradients of rows; the sums are added to.
struct NormGradient {
  int64_t width;
  const float *grad, *normalized, *inverse_deviation, *weight;
  /// Of the residual, and of the projection; both may be the same memory where nothing is dropped.
  float *d_residual, *dx;
  float *d_weight, *d_shift, *d_bias;
  Dropout dropout;
};

struct EmbeddingRows {
  int64_t width;
  const int64_t *ids, *types, *positions;
  const float *words, *type_table, *position_table;
  const float *weight, *shift;
  float epsilon;
  float *normalized, *inverse_deviation, *out;
  Dropout dropout;
};

struct AdamWSettings {
  float grad_scale, beta1, beta2, one_less_beta1, one_less_beta2, decay, epsilon, step_size, root_correction;
};

struct Table {
  const char *name;
  /// Numbers of scratch that one head needs.
  int64_t (*attention_scratch)(int64_t queries, int64_t keys, int64_t width, bool backward);
  void (*attention_forward)(const AttentionHead &head, float *scratch);
  void (*attention_backward)(const AttentionHead &head, const AttentionGradient &gradient, float *scratch);
  /// y = gelu(x + bias) for rows [begin, end); with `keep_derivative`, x becomes the derivative.
  void (*gelu_forward)(float *x, const float *bias, float *y, int64_t width, int64_t begin, int64_t end,
                       bool keep_derivative);
  /// derivative *= grad, column sums added to `d_bias`.
  void (*gelu_backward)(
      float *derivative, const float *grad, float *d_bias, int64_t width, int64_t begin, int64_t end);
  void (*norm_forward)(const NormRows &rows, int64_t begin, int64_t end);
  void (*norm_backward)(const NormGradient &rows, int64_t begin, int64_t end);
  void (*embedding_forward)(const EmbeddingRows &rows, int64_t begin, int64_t end);
  /// to[i] += from[i]
  void (*add)(float *to, const float *from, int64_t count);
  double (*sum_of_squares)(const float *x, int64_t count);
  void (*adamw)(
      float *parameter, const float *gradient, float *average, float *square, int64_t count,
      const AdamWSettings &settings);
  /// The nearest numbers that bfloat16 can hold, ties to even.
  void (*round_to_bfloat16)(const float *from, float *to, int64_t count);
  void (*to_bfloat16)(const float *from, uint16_t *to, int64_t count);
  /// Rows [begin, end) of x *= their multipliers.
  void (*dropout_rows)(const Dropout &dropout, float *x, int64_t width, int64_t begin, int64_t end);
  /// 64 multipliers, 0 or the scale, for each draw [begin, end) of row `row`: what the kernels above use.
  void (*dropout_multipliers)(const Dropout &dropout, uint32_t row, int64_t begin, int64_t end, float *out);
  /// The cross-entropy of one row with the class `target`; `gradient`, if not null, becomes its gradient.
  double (*cross_entropy)(const float *x, int64_t classes, int64_t target, float *gradient);
  /// x *= factor
  void (*scale)(float *x, float factor, int64_t count);
};

/// The set for this processor, or the one that `select_table` chose.
const Table &table();
/// "avx512", "avx2", "neon" or "portable", or "auto" for the best; false where the processor lacks it.
bool select_table(const char *name);

#if defined(__x86_64__)
extern const Table avx2_table;
extern const Table avx512_table;
#elif defined(__aarch64__)
extern const Table neon_table;
#endif
extern const Table portable_table;

}  // namespace ct::kernels
