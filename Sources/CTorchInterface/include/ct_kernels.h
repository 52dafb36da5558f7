// Fused CPU kernels, and the profile of where time goes. Conventions: CTorchInterface.h.
#pragma once

#include "ct_types.h"

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Fused CPU kernels (kernels/)
//
// For contiguous float32 on the CPU; under autocast to bfloat16 the operands of products are rounded to it. Each has
// its own backward pass, which may run once. Tokens of all sequences lie one after the other, `[tokens, width]`.
// `cumulative_lengths` `[sequences + 1]` says where each ends: 0, then the number of tokens up to and with each
// sequence.

/// Which elements a fused function drops. The same numbers give the same mask.
typedef struct {
  double probability;
  /// Drawn anew for every forward pass.
  uint64_t key;
  /// Tells apart the dropout layers that draw with one key.
  uint32_t site;
} ct_dropout_draw;

/// The end of both halves of a layer, norm(dropout(x · weightᵀ + bias) + residual).
typedef struct {
  const ct_tensor *weight, *bias, *norm_weight, *norm_bias;
  double epsilon;
  ct_dropout_draw dropout;
} ct_residual_norm;

/// The first half of a layer: projections to queries, keys and values, the attention within each sequence, and `output`
/// with x as the residual: `[tokens, width]`. The six are weight and bias of query, key and value; weights that are
/// joined are multiplied as one. With `first_only`, just the first token of each sequence is a query, and the
/// result is `[sequences, width]`. `distance_bias`, `[heads, 2 longest - 1]`, is added to the scores by how far a key
/// lies from its query, the farthest before it first; it may be NULL. `dropout` is that of attention weights.
int32_t ct_fused_self_attention(
    const ct_tensor *x, const ct_tensor *const *weights_and_biases, const ct_tensor *distance_bias,
    const int64_t *cumulative_lengths, int64_t sequence_count, int64_t head_count, bool first_only,
    ct_dropout_draw dropout, ct_residual_norm output, ct_tensor **out);
/// Attention within each sequence of packed tokens, of queries, keys and values `[tokens, width]` that lie head by
/// head: `[tokens, width]`, without a projection before or after. With `first_only` there is one query a sequence,
/// `[sequences, width]`. A query attends to keys at most `window` positions away; -1 for all.
int32_t ct_fused_packed_attention(
    const ct_tensor *queries, const ct_tensor *keys, const ct_tensor *values, const int64_t *cumulative_lengths,
    int64_t sequence_count, int64_t head_count, int64_t window, bool first_only, ct_dropout_draw dropout,
    ct_tensor **out);
/// Whether dense tensors of one type follow one another in one piece of memory.
bool ct_are_joined(const ct_tensor *const *tensors, int32_t count);
/// The second half: `output` of gelu(x · weightᵀ + bias), with x `[rows, width]` as the residual.
int32_t ct_fused_feed_forward(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_residual_norm output, ct_tensor **out);
/// `output` of x by itself, `[rows, inputs]`.
int32_t ct_fused_linear_norm(
    const ct_tensor *x, const ct_tensor *residual, ct_residual_norm output, ct_tensor **out);

/// The mean of the cross-entropies of logits `[rows, classes]` with int64 targets `[rows]`, of the rows whose target
/// isn't `ignored`.
int32_t ct_fused_cross_entropy(
    const ct_tensor *logits, const ct_tensor *targets, int64_t ignored, ct_tensor **out);

/// The gradient of one embedding table: memory that is used again, and which rows have ever had one.
typedef struct ct_row_gradient ct_row_gradient;
/// NULL where memory runs out.
ct_row_gradient *ct_row_gradient_new(void);
/// NULL is fine.
void ct_row_gradient_free(ct_row_gradient *rows);
/// dropout(layer_norm(words + segments + positions)), `[tokens, width]`. `tables` and `ids` are in that order. The
/// gradient of word `padding_index` is zero; -1 for none. `rows` may be NULL.
int32_t ct_fused_embeddings(
    const ct_tensor *const *tables, const ct_tensor *const *ids, const ct_tensor *norm_weight,
    const ct_tensor *norm_bias, double epsilon, int64_t padding_index, ct_row_gradient *rows, ct_dropout_draw dropout,
    ct_tensor **out);

/// One parameter of an update, with tensors of its shape; `step` is float32 `[]`, the number of updates before this
/// one.
typedef struct {
  const ct_tensor *parameter, *gradient, *average, *square_average, *step;
  double learning_rate, weight_decay;
  /// Of an embedding table, or NULL.
  ct_row_gradient *rows;
} ct_update;
/// Scales the gradients so that their common norm is at most `max_norm`, without changing them, and makes one AdamW
/// update in place. `*norm` is the norm before. Rows of a table that never had a gradient are left out, where that
/// changes nothing.
int32_t ct_fused_update(
    const ct_update *updates, int32_t count, double max_norm, double beta1, double beta2, double epsilon, double *norm);

/// The kernels' instruction set, such as "avx2". Don't free.
const char *ct_kernel_set(void);
/// "avx512", "avx2", "neon", "portable", or "auto" for the best there is; fails where the processor lacks it.
int32_t ct_set_kernel_set(const char *name);
/// How the kernels multiply numbers that were rounded to bfloat16: "native", "float32", or "auto" for what suits the
/// processor.
int32_t ct_set_bfloat16_products(const char *name);
/// What multiplies float32: "library" for libtorch's, else the instruction set of the kernels that do. Don't free.
const char *ct_products(void);
/// "own" for those kernels, "library", or "auto" for what suits the processor; fails where the kernels' set has none.
int32_t ct_set_products(const char *name);
/// From here to the end, on the calling thread, `ct_linear` of float32 on the CPU runs on those kernels, if they are
/// chosen. Returns whether it was so before.
bool ct_own_linear_begin(void);
void ct_own_linear_end(bool was_on);
/// What the fused kernels multiply with: out = a b, or out += a b, of float32 matrices whose rows lie one after the
/// other, transposed if so said. Without gradients.
int32_t ct_multiply(
    const ct_tensor *out, const ct_tensor *a, bool is_a_transposed, const ct_tensor *b, bool is_b_transposed,
    bool adds);
/// From here to the end, on the calling thread, linear layers of float32 with 16 outputs or more multiply 8-bit
/// integers: weights with a scale an output, activations with a scale and a zero a row. Without gradients. Returns
/// whether it was so before.
bool ct_int8_begin(void);
void ct_int8_end(bool was_on);
/// The instruction set of those products, such as "avx512vnni". Don't free.
const char *ct_int8_set(void);
/// The weight `[outputs, inputs]` as those products have it: `out[0]` int8 `[outputs, inputs]`, and `out[1]`, float32
/// `[outputs, 1]`, to multiply its rows with.
int32_t ct_int8_quantize(const ct_tensor *weight, ct_tensor **out);
/// The multipliers, 0 or the scale, of one row of `count` elements: what the kernels apply.
int32_t ct_dropout_multipliers(ct_dropout_draw dropout, uint32_t row, int64_t count, ct_tensor **out);

// MARK: Profile (profile.cpp)

/// A piece of work that ran: an operation of libtorch, a node of its backward pass, or a span. Times in nanoseconds.
typedef struct {
  /// Lives as long as the process.
  const char *name;
  int64_t thread, start, duration;
  /// Of the duration, what other pieces on this list took.
  int64_t inside;
  /// Floating-point operations of a matrix product, else 0.
  int64_t operations;
  /// Whether it is a product of two matrices, and which.
  bool is_product, is_first_transposed, is_second_transposed;
  int64_t rows, columns, depth;
} ct_profile_event;
/// Begins to record, for all threads. What was recorded before is dropped.
int32_t ct_profile_start(void);
int32_t ct_profile_stop(void);
/// What was recorded, in the order in which it ended; valid until the next start.
int64_t ct_profile_events(const ct_profile_event **events);
/// Work under a name, to be ended on the same thread. NULL where nothing is recorded.
void *ct_profile_span_begin(const char *name);
/// NULL is fine.
void ct_profile_span_end(void *span);
/// The least time of a product of float32 matrices on the CPU.
int32_t ct_profile_product_time(
    int64_t rows, int64_t columns, int64_t depth, bool is_first_transposed, bool is_second_transposed,
    int32_t repetitions, int64_t *nanoseconds);

#ifdef __cplusplus
}
#endif
