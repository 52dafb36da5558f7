// What the library with NCCL gives to the bridge. Both are compiled against the same libtorch.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <cstddef>
#include <cstdint>

extern "C" {

/// Of the libtorch that it was compiled against; types of another one may be laid out in another way.
const char *swiftlet_nccl_torch_version(void);

/// NCCL's own version, such as 2.28.9.
void swiftlet_nccl_version(char *text, size_t size);

/// What sends tensors on GPUs. Throws as libtorch does.
void swiftlet_nccl_backend(
    const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, int64_t timeout_ms,
    c10::intrusive_ptr<c10d::Backend> &out);

}  // extern "C"
