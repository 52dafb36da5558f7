// Layers, gradients and updates of parameters. Conventions: CTorchInterface.h.
#pragma once

#include "ct_types.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/// Attention within sequences that lie one after the other, `[tokens, heads, width]` each. `cumulative_lengths`
/// is int32
/// `[sequences + 1]` on their device: where each begins, and at the end the number of tokens. `*out` is NULL where
/// libtorch has no kernel for it.
int32_t ct_packed_attention(
    const ct_tensor *query, const ct_tensor *key, const ct_tensor *value, const ct_tensor *cumulative_lengths,
    int64_t longest,
    double dropout, ct_tensor **out);

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
/// The type, or -1 outside.
int32_t ct_autocast_dtype(ct_device device);
/// For the process: operations that have no deterministic form fail.
int32_t ct_use_deterministic_algorithms(bool enabled);
/// For the process: whether float32 products on GPUs may round their operands to TensorFloat-32.
int32_t ct_use_tf32(bool enabled);

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
/// Multiplies the tensors in place by the float32 nearest to `1 / scale`; tells whether any element was infinite or
/// NaN. Waits for the device.
int32_t ct_unscale(const ct_tensor *const *tensors, int32_t count, double scale, bool *found_not_finite);

#ifdef __cplusplus
}
#endif
