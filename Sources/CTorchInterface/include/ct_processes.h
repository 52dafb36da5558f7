// Several processes. Conventions: CTorchInterface.h.
#pragma once

#include "ct_kernels.h"
#include "ct_types.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/// Whether this library was built with Gloo.
bool ct_gloo_available(void);
/// Whether there is NCCL: a library beside libtorch's CUDA part, which is looked for at the first call.
bool ct_nccl_available(void);
/// NCCL's version, or why there is none. Borrowed, and there to the end.
int32_t ct_nccl_state(const char **out);
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
/// Replaces the gradient of an embedding table by the mean of all ranks'. Where every rank's gradient is nothing but
/// its touched rows, only those are sent. All ranks get the same bits, and their `rows` know each other's.
///
/// \param seconds becomes the time it took.
int32_t ct_group_average_rows(
    const ct_group *group, const char *operation, ct_row_gradient *rows, const ct_tensor *gradient, double *seconds);

#ifdef __cplusplus
}
#endif
