// Memory for tensors on the CPU: see memory.cpp.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

namespace ct {

/// Memory that is all zero. What has just come from the system isn't cleared a second time.
c10::DataPtr zero_memory(size_t bytes);

/// Has these pages, which nothing may have touched before, provided for writing. A page that is read first, as that of
/// a file or as one of zeros, is exchanged at the first write, which interrupts the other threads.
void prepare_writing(const float *begin, int64_t count);

/// Whether the tensor's storage is external: memory that libtorch did not allocate, such as a file's pages.
inline bool has_external_storage(const at::Tensor &tensor) {
  // What its own allocators gave can be resized.
  return !tensor.storage().resizable();
}

}  // namespace ct
