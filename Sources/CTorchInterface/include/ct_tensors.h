// Tensors: making them, and what is computed from them. Conventions: CTorchInterface.h.
#pragma once

#include "ct_types.h"

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Devices (devices.cpp)

/// Whether libtorch sees a CUDA device.
bool ct_cuda_available(void);
/// GPUs that CUDA finds.
int32_t ct_cuda_count(void);
/// Whether libtorch sees a Metal device.
bool ct_mps_available(void);

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

/// The tensor itself, or, where it lies on the pages of a file, a copy in memory of its own. Tables of embeddings stay
/// where they are: most of their rows are never written to.
int32_t ct_out_of_file(const ct_tensor *tensor, ct_tensor **out);

// MARK: Memory of tensors (memory.cpp)

/// Bytes that are kept for tensors on the CPU, and those of them in use.
typedef struct {
  size_t total, used;
} ct_kept_memory;
/// Zeros where the system's allocator does it all.
ct_kept_memory ct_memory_kept(void);
/// Gives what is free back to the system.
void ct_memory_release(void);

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

#ifdef __cplusplus
}
#endif
