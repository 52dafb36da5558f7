// The operations of libtorch that Swiftlet uses, in C.
//
// Conventions, for every function that returns a status:
// - 0 means success; anything else failure, and `ct_last_error()` says why. No exception leaves this library.
// - Results come through the last parameters. On failure they are left untouched.
// - A `ct_tensor **out` or `ct_generator **out` receives a new handle that the caller owns and frees with
//   `ct_tensor_free` or `ct_generator_free`. Several handles may share one storage, as views do in PyTorch.
// - Handles passed in are borrowed for the call. A handle parameter may be NULL only where its comment says so.
// - An undefined tensor (`ct_tensor_undefined`) is refused by everything but `ct_tensor_free`.
// - Dimensions may be negative, counted from the last, as in PyTorch.
// - Operations record gradients as PyTorch's do: where the calling thread's grad mode is on and an input requires it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;
typedef struct ct_generator ct_generator;

/// Element types, with the numbers of `c10::ScalarType`.
typedef enum {
  CT_UINT8 = 0,
  CT_INT8 = 1,
  CT_INT16 = 2,
  CT_INT32 = 3,
  CT_INT64 = 4,
  CT_FLOAT16 = 5,
  CT_FLOAT32 = 6,
  CT_FLOAT64 = 7,
  CT_BOOL = 11,
  CT_BFLOAT16 = 15,
} ct_dtype;

/// Kinds of device, with the numbers of `c10::DeviceType`.
typedef enum {
  CT_CPU = 0,
  CT_CUDA = 1,
  CT_MPS = 13,
} ct_device_type;

/// A device. `index` is 0 for the CPU.
typedef struct {
  int32_t type;
  int32_t index;
} ct_device;

/// A number that keeps whether it is integral, which decides the result's dtype.
typedef struct {
  bool is_integer;
  int64_t integer;
  double real;
} ct_scalar;

// MARK: Errors

/// Why the calling thread's latest failing call failed. Valid until the thread's next failing call; don't free.
const char *ct_last_error(void);
/// Opens a scope on this thread in which errors of tensor maths are kept instead of stopping the process.
void ct_error_scope_begin(void);
/// Keeps `message` (copied) if a scope is open and it is the scope's first. False where no scope is open.
bool ct_error_scope_record(const char *message);
/// Closes the innermost scope. Returns its first message, valid until the thread's next call of this; NULL without.
const char *ct_error_scope_end(void);

// MARK: Tensors: making, reading, freeing (tensor.cpp)

/// Frees a handle; NULL is fine. The storage goes with its last handle.
void ct_tensor_free(ct_tensor *tensor);
/// A handle without a tensor, to stand in for a result after an error.
ct_tensor *ct_tensor_undefined(void);
/// Another handle of the same tensor.
int32_t ct_alias(const ct_tensor *x, ct_tensor **out);
/// Uninitialized storage.
int32_t ct_empty(const int64_t *shape, int32_t rank, int32_t dtype, ct_device device, ct_tensor **out);
/// All elements `value`.
int32_t ct_full(const int64_t *shape, int32_t rank, ct_scalar value, int32_t dtype, ct_device device, ct_tensor **out);
/// int64 `[end - start]` on the CPU.
int32_t ct_arange(int64_t start, int64_t end, int64_t step, ct_tensor **out);
/// A copy of `byte_count` bytes of dense elements.
int32_t ct_from_bytes(
    const void *bytes, size_t byte_count, const int64_t *shape, int32_t rank, int32_t dtype, ct_tensor **out);
/// A CPU tensor over the caller's dense elements, not copied. `release(context)` is called exactly once: when the last
/// handle on the storage goes, or before this returns a failure.
int32_t ct_from_blob(
    void *data, const int64_t *shape, int32_t rank, int32_t dtype, void *context, void (*release)(void *context),
    ct_tensor **out);
/// Number of dimensions.
int32_t ct_rank(const ct_tensor *tensor, int32_t *out);
/// Writes `rank` sizes to `out`.
int32_t ct_shape(const ct_tensor *tensor, int64_t *out);
/// Number of elements.
int32_t ct_count(const ct_tensor *tensor, int64_t *out);
/// A `ct_dtype`, or a number that is none of them.
int32_t ct_dtype_of(const ct_tensor *tensor, int32_t *out);
int32_t ct_device_of(const ct_tensor *tensor, ct_device *out);
int32_t ct_is_contiguous(const ct_tensor *tensor, bool *out);
/// The address of the first element; it belongs to the tensor.
int32_t ct_data(const ct_tensor *tensor, void **out);
/// Writes the elements, converted to `dtype` and in row-major order, into `buffer`. From any device and layout.
int32_t ct_read(const ct_tensor *tensor, int32_t dtype, void *buffer, size_t byte_count);
/// The only element.
int32_t ct_item(const ct_tensor *tensor, double *out);

// MARK: Element-wise and whole-tensor operations (ops.cpp)

/// Operations from one tensor to one of the same shape, except where a comment gives another.
typedef enum {
  CT_NEG,
  CT_EXP,
  CT_LOG,
  CT_SQRT,
  CT_RSQRT,
  CT_TANH,
  CT_ERF,
  CT_SIGMOID,
  CT_RELU,
  CT_ABS,
  CT_SIN,
  CT_COS,
  CT_SILU,
  CT_GELU,
  CT_GELU_TANH,
  CT_LOGICAL_NOT,
  CT_IS_NAN,
  CT_IS_FINITE,
  CT_CLONE,
  CT_CONTIGUOUS,
  CT_DETACH,
  CT_ZEROS_LIKE,
  CT_ONES_LIKE,
  CT_SUM,   // to []
  CT_MEAN,  // to []
  CT_MAX,   // to []
  CT_MIN,   // to []
  CT_NORM,  // to []: the Euclidean norm of all elements
  CT_ALL,   // to []
  CT_ANY,   // to []
} ct_unary_op;
int32_t ct_unary(ct_unary_op op, const ct_tensor *x, ct_tensor **out);

/// Operations on two operands that broadcast, except where a comment says otherwise.
typedef enum {
  CT_ADD,
  CT_SUB,
  CT_MUL,
  CT_DIV,
  CT_POW,
  CT_EQ,
  CT_NE,
  CT_LT,
  CT_GT,
  CT_LE,
  CT_GE,
  CT_AND,     // tensors only
  CT_OR,      // tensors only
  CT_MATMUL,  // tensors only; matrix product of the last two dimensions
  CT_RSUB,    // scalars only: b - a
  CT_RDIV,    // scalars only: b / a
} ct_binary_op;
int32_t ct_binary(ct_binary_op op, const ct_tensor *a, const ct_tensor *b, ct_tensor **out);
int32_t ct_binary_scalar(ct_binary_op op, const ct_tensor *a, ct_scalar b, ct_tensor **out);

/// `low` and `high` may be NULL: no bound.
int32_t ct_clamp(const ct_tensor *x, const ct_scalar *low, const ct_scalar *high, ct_tensor **out);
/// `a` where `condition` is true, else `b`.
int32_t ct_where(const ct_tensor *condition, const ct_tensor *a, const ct_tensor *b, ct_tensor **out);
int32_t ct_masked_fill(const ct_tensor *x, const ct_tensor *mask, ct_scalar value, ct_tensor **out);
/// The same tensor if it already has the dtype.
int32_t ct_to_dtype(const ct_tensor *x, int32_t dtype, ct_tensor **out);
/// The same tensor if it already is there.
int32_t ct_to_device(const ct_tensor *x, ct_device device, ct_tensor **out);

// In place: `x` itself changes.

/// x += alpha * other
int32_t ct_add_(const ct_tensor *x, const ct_tensor *other, ct_scalar alpha);
int32_t ct_mul_(const ct_tensor *x, const ct_tensor *other);
int32_t ct_mul_scalar_(const ct_tensor *x, ct_scalar value);
int32_t ct_fill_(const ct_tensor *x, ct_scalar value);
/// Elements of `source`, broadcast and converted.
int32_t ct_copy_(const ct_tensor *x, const ct_tensor *source);
/// x += value * a * b
int32_t ct_addcmul_(const ct_tensor *x, const ct_tensor *a, const ct_tensor *b, ct_scalar value);
/// x += value * a / b
int32_t ct_addcdiv_(const ct_tensor *x, const ct_tensor *a, const ct_tensor *b, ct_scalar value);
/// x += weight * (end - x)
int32_t ct_lerp_(const ct_tensor *x, const ct_tensor *end, double weight);

// MARK: Shapes and reductions (shape.cpp)

int32_t ct_transpose(const ct_tensor *x, int64_t a, int64_t b, ct_tensor **out);
int32_t ct_permute(const ct_tensor *x, const int64_t *dims, int32_t count, ct_tensor **out);
/// A view where the layout allows, else a copy.
int32_t ct_reshape(const ct_tensor *x, const int64_t *shape, int32_t rank, ct_tensor **out);
/// Fails where the layout allows no view.
int32_t ct_view(const ct_tensor *x, const int64_t *shape, int32_t rank, ct_tensor **out);
int32_t ct_expand(const ct_tensor *x, const int64_t *shape, int32_t rank, ct_tensor **out);
int32_t ct_squeeze(const ct_tensor *x, int64_t dim, ct_tensor **out);
int32_t ct_unsqueeze(const ct_tensor *x, int64_t dim, ct_tensor **out);
int32_t ct_flatten(const ct_tensor *x, int64_t start, int64_t end, ct_tensor **out);
int32_t ct_narrow(const ct_tensor *x, int64_t dim, int64_t start, int64_t length, ct_tensor **out);
int32_t ct_select(const ct_tensor *x, int64_t dim, int64_t index, ct_tensor **out);
/// `end` is exclusive; INT64_MAX means to the end.
int32_t ct_slice(const ct_tensor *x, int64_t dim, int64_t start, int64_t end, int64_t step, ct_tensor **out);
int32_t ct_index_select(const ct_tensor *x, int64_t dim, const ct_tensor *indices, ct_tensor **out);
int32_t ct_gather(const ct_tensor *x, int64_t dim, const ct_tensor *indices, ct_tensor **out);
int32_t ct_cat(const ct_tensor *const *tensors, int32_t count, int64_t dim, ct_tensor **out);
int32_t ct_stack(const ct_tensor *const *tensors, int32_t count, int64_t dim, ct_tensor **out);

/// Reductions of one dimension.
typedef enum { CT_DIM_SUM, CT_DIM_MEAN, CT_DIM_AMAX, CT_DIM_ARGMAX } ct_reduction;
int32_t ct_reduce(ct_reduction op, const ct_tensor *x, int64_t dim, bool keep_dim, ct_tensor **out);
/// Operations along one dimension that keep the shape.
typedef enum { CT_SOFTMAX, CT_LOG_SOFTMAX, CT_CUMSUM } ct_along_op;
int32_t ct_along(ct_along_op op, const ct_tensor *x, int64_t dim, ct_tensor **out);

// MARK: Neural-network functions (nn_ops.cpp)

/// x [..., in] · weightᵀ [in, out] + bias [out]. `bias` may be NULL.
int32_t ct_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out);
/// Rows of `weight`. The gradient of row `padding_index` is zero; -1 for none.
int32_t ct_embedding(const ct_tensor *weight, const ct_tensor *ids, int64_t padding_index, ct_tensor **out);
/// Over the last dimension. `weight` and `bias` may be NULL.
int32_t ct_layer_norm(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, double epsilon, ct_tensor **out);
int32_t ct_dropout(const ct_tensor *x, double probability, bool training, ct_tensor **out);
/// `mask` (bool: true may be seen; float: added) may be NULL. `scale` may be NULL: 1/√width.
int32_t ct_attention(
    const ct_tensor *query, const ct_tensor *key, const ct_tensor *value, const ct_tensor *mask, double dropout,
    const double *scale, ct_tensor **out);

/// What becomes of the losses of the elements, with the numbers of `at::Reduction`.
typedef enum { CT_REDUCE_NONE = 0, CT_REDUCE_MEAN = 1, CT_REDUCE_SUM = 2 } ct_loss_reduction;
/// `weight` (one number a class) may be NULL.
int32_t ct_cross_entropy(
    const ct_tensor *logits, const ct_tensor *targets, const ct_tensor *weight, ct_loss_reduction reduction,
    int64_t ignore_index, double label_smoothing, ct_tensor **out);
/// `weight` may be NULL.
int32_t ct_nll_loss(
    const ct_tensor *log_probabilities, const ct_tensor *targets, const ct_tensor *weight,
    ct_loss_reduction reduction, int64_t ignore_index, ct_tensor **out);
int32_t ct_mse_loss(const ct_tensor *x, const ct_tensor *target, ct_loss_reduction reduction, ct_tensor **out);
/// `weight` and `positive_weight` may be NULL.
int32_t ct_bce_with_logits(
    const ct_tensor *x, const ct_tensor *target, const ct_tensor *weight, const ct_tensor *positive_weight,
    ct_loss_reduction reduction, ct_tensor **out);

// MARK: Gradients and updates of parameters (autograd.cpp)

bool ct_grad_enabled(void);
/// Of the calling thread.
void ct_set_grad_enabled(bool enabled);
int32_t ct_requires_grad(const ct_tensor *x, bool *out);
int32_t ct_set_requires_grad(const ct_tensor *x, bool value);
/// `*out` is NULL where there is no gradient.
int32_t ct_grad(const ct_tensor *x, ct_tensor **out);
/// `gradient` may be NULL: then there is none. The tensor is shared, not copied.
int32_t ct_set_grad(const ct_tensor *x, const ct_tensor *gradient);
/// Adds to the gradients of the leaves. `gradient` may be NULL where `x` has one element.
int32_t ct_backward(const ct_tensor *x, const ct_tensor *gradient, bool retain_graph);
/// The gradients of `output` for `count` inputs, into `out[0..<count]`, each a new handle.
int32_t ct_gradients(
    const ct_tensor *output, const ct_tensor *const *inputs, int32_t count, bool retain_graph, ct_tensor **out);

// Activation checkpointing.

/// Computes from `input`; `*output` becomes a new handle.
typedef void (*ct_body)(void *context, const ct_tensor *input, ct_tensor **output);
/// `call` of `x`, of which the graph keeps `x` only: the backward pass calls it again, with the random numbers of the
/// first time. `release` is called once with `context` when nothing can call any more.
int32_t ct_recompute(
    const ct_tensor *x, ct_body call, void *context, void (*release)(void *), ct_tensor **out);

// Mixed precision, for the calling thread.

int32_t ct_autocast_begin(ct_device device, int32_t dtype, bool *was_enabled);
int32_t ct_autocast_end(ct_device device, bool was_enabled);
bool ct_autocast_enabled(ct_device device);
/// For the process: operations that have no deterministic form fail.
int32_t ct_use_deterministic_algorithms(bool enabled);

/// One AdamW update of `count` parameters, in place, by libtorch's fused kernel. Each `steps[i]` is float32 `[]`, the
/// number of updates before this one; it is raised.
int32_t ct_fused_adamw(
    const ct_tensor *const *parameters, const ct_tensor *const *gradients, const ct_tensor *const *averages,
    const ct_tensor *const *square_averages, const ct_tensor *const *steps, int32_t count, double learning_rate,
    double beta1, double beta2, double weight_decay, double epsilon);
/// The Euclidean norm of each tensor, into `out[0..<count]`, each a new handle.
int32_t ct_foreach_norm(const ct_tensor *const *tensors, int32_t count, ct_tensor **out);
/// Scales the tensors in place so that their common norm is at most `max_norm`; gives the norm before.
int32_t ct_clip_norm(const ct_tensor *const *tensors, int32_t count, double max_norm, ct_tensor **out);

// MARK: Fused CPU kernels (kernels/)
//
// For contiguous float32 on the CPU. Each has its own backward pass, which may run once. Tokens of all sequences lie
// one after the other, `[tokens, width]`; `starts[s]` is the row of sequence s's first token, `starts[count]` the
// number of tokens.

/// Which elements a fused function drops. The same numbers give the same mask.
typedef struct {
  double probability;
  /// Drawn anew for every forward pass.
  uint64_t key;
  /// Tells apart the places that drop with one key.
  uint32_t place;
} ct_dropout_draw;

/// The projections to queries, keys and values and the attention within each sequence: `[tokens, width]`. The six are
/// weight and bias of query, key and value; weights that follow one another in memory are multiplied as one. With
/// `first_only`, just the first token of each sequence asks, and the result is `[sequences, width]`.
int32_t ct_fused_attention(
    const ct_tensor *x, const ct_tensor *const *weights_and_biases, const int64_t *starts, int64_t sequence_count,
    int64_t head_count, bool first_only, ct_dropout_draw dropout, ct_tensor **out);
/// gelu(x · weightᵀ + bias), of `[rows, inputs]`.
int32_t ct_fused_linear_gelu(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out);
/// layer_norm(dropout(x · weightᵀ + bias) + residual), of `[rows, inputs]`.
int32_t ct_fused_linear_norm(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, const ct_tensor *residual,
    const ct_tensor *norm_weight, const ct_tensor *norm_bias, double epsilon, ct_dropout_draw dropout, ct_tensor **out);

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

/// One parameter of an update, with tensors of its shape; `step` is float32 `[]`, the number of updates before this one.
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
/// "avx512", "avx2", "portable", or "auto" for the best there is; fails where the processor lacks it.
int32_t ct_set_kernel_set(const char *name);
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

// MARK: Random numbers and settings (random.cpp)

/// Seeds the default generators of the CPU and of every device in use.
int32_t ct_manual_seed(uint64_t seed);
/// A CPU generator of its own.
int32_t ct_generator_new(uint64_t seed, ct_generator **out);
/// A handle on the CPU's default generator, which itself lives as long as the process.
int32_t ct_generator_default(ct_generator **out);
/// NULL is fine.
void ct_generator_free(ct_generator *generator);
/// The seed that the generator was last given.
int32_t ct_generator_seed(const ct_generator *generator, uint64_t *out);
/// Starts the generator anew.
int32_t ct_generator_set_seed(const ct_generator *generator, uint64_t seed);
/// The state as PyTorch keeps it, uint8 `[n]`.
int32_t ct_generator_state(const ct_generator *generator, ct_tensor **out);
int32_t ct_generator_set_state(const ct_generator *generator, const ct_tensor *state);

// `generator` may be NULL in all that follow: the default generator of the tensor's device.

int32_t ct_normal_(const ct_tensor *x, double mean, double deviation, const ct_generator *generator);
int32_t ct_uniform_(const ct_tensor *x, double from, double to, const ct_generator *generator);
/// 1 with the probability, else 0.
int32_t ct_bernoulli_(const ct_tensor *x, double probability, const ct_generator *generator);
/// Integers over the whole range of the dtype, from 0.
int32_t ct_random_(const ct_tensor *x, const ct_generator *generator);
/// Integers from 0 to before `end`.
int32_t ct_random_below_(const ct_tensor *x, int64_t end, const ct_generator *generator);
/// int64 `[count]`: the numbers from 0 in a random order.
int32_t ct_randperm(int64_t count, const ct_generator *generator, ct_tensor **out);

/// Threads that one operation may use.
int32_t ct_thread_count(void);
int32_t ct_set_thread_count(int32_t count);
/// Whether libtorch sees a CUDA device.
bool ct_cuda_available(void);
/// Whether libtorch sees a Metal device.
bool ct_mps_available(void);
/// Such as "2.13.0". Don't free.
const char *ct_torch_version(void);

// MARK: Several processes (distributed.cpp, heartbeat.cpp, reducer.cpp, row_exchange.cpp)

typedef struct ct_store ct_store;
typedef struct ct_group ct_group;
typedef struct ct_reducer ct_reducer;

// A key-value store that all processes of a run see: c10d's TCPStore. Its functions may be called from any thread, but
// one that waits holds up the others.

/// Connects to the store at `host` and `port`, or with `serves` opens it there; port 0 takes a free one. Freed with
/// `ct_store_free`.
int32_t ct_store_open(const char *host, uint16_t port, bool serves, int64_t timeout_ms, ct_store **out);
/// The same store with `prefix` before every key.
int32_t ct_store_prefixed(const ct_store *store, const char *prefix, ct_store **out);
/// NULL is fine. Whoever serves takes the store with it.
void ct_store_free(ct_store *store);
int32_t ct_store_port(const ct_store *store, uint16_t *out);
int32_t ct_store_set(const ct_store *store, const char *key, const void *bytes, size_t count);
/// Waits for the key; uint8 `[n]`.
int32_t ct_store_get(const ct_store *store, const char *key, ct_tensor **out);
int32_t ct_store_check(const ct_store *store, const char *key, bool *out);
/// Adds to a counter, which begins at 0; gives the sum.
int32_t ct_store_add(const ct_store *store, const char *key, int64_t amount, int64_t *out);
/// Fails if the key is not there in time.
int32_t ct_store_wait(const ct_store *store, const char *key, int64_t timeout_ms);

/// Whether this library was built with Gloo, and with NCCL.
bool ct_gloo_available(void);
bool ct_nccl_available(void);
/// Joins the group of `size` processes, which all call this. They must have met in the store before. Freed with
/// `ct_group_free`.
int32_t ct_group_new(
    const ct_store *store, const char *master_host, uint16_t master_port, int32_t rank, int32_t size,
    int64_t timeout_ms, bool uses_nccl, ct_group **out);
/// NULL is fine.
void ct_group_free(ct_group *group);

// Collective operations: every rank calls the same ones in the same order. `operation` is what a message to the others
// calls it.

typedef enum { CT_REDUCE_OP_SUM, CT_REDUCE_OP_MAX, CT_REDUCE_OP_MIN } ct_reduce_op;
/// In place.
int32_t ct_group_all_reduce(const ct_group *group, const char *operation, const ct_tensor *tensor, ct_reduce_op op);
/// In place: the values of rank `root`.
int32_t ct_group_broadcast(
    const ct_group *group, const char *operation, const ct_tensor *const *tensors, int32_t count, int32_t root);
/// Tensors of one shape on all ranks, into `out[0..<size]`, each a new handle.
int32_t ct_group_all_gather(const ct_group *group, const char *operation, const ct_tensor *tensor, ct_tensor **out);
int32_t ct_group_barrier(const ct_group *group, const char *operation);
/// The rank's last word to the others.
int32_t ct_group_end(const ct_group *group, bool failed, const char *reason);
/// What is known of each rank, a line each as uint8 `[n]`; empty if the store does not answer in time. The columns,
/// with tabs between: rank; r (running), f (failed), d (done) or n (never there); 1 if it lives; collective operations
/// begun; seconds since the latest began or ended; host; what it was in; how it ended, where its launcher knows.
int32_t ct_group_survey(const ct_group *group, int64_t limit_ms, ct_tensor **out);

/// Averages the gradients of parameters over a group, in buckets, while the backward pass runs. `finds_unused` allows
/// for parameters that have no part in a loss, for the cost of a walk over the graph. Freed with `ct_reducer_free`.
int32_t ct_reducer_new(
    const ct_group *group, const ct_tensor *const *parameters, const char *const *names, int32_t count,
    int64_t first_bucket_bytes, int64_t bucket_bytes, bool finds_unused, ct_reducer **out);
/// NULL is fine.
void ct_reducer_free(ct_reducer *reducer);
/// The backward pass of a one-element tensor, after which every rank has the mean of all ranks' gradients.
///
/// \param waited becomes the seconds that this rank had nothing to do but wait.
int32_t ct_reducer_backward(const ct_reducer *reducer, const ct_tensor *loss, double *waited);
/// Replaces the gradient of an embedding table by the mean of all ranks'. Where every rank's gradient is nothing but its
/// touched rows, only those are sent. All ranks get the same bits, and their `rows` know each other's.
///
/// \param seconds becomes the time it took.
int32_t ct_group_average_rows(
    const ct_group *group, const char *operation, ct_row_gradient *rows, const ct_tensor *gradient, double *seconds);

#ifdef __cplusplus
}
#endif
