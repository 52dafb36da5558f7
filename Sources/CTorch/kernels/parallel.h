// Loops of the kernels, on as many threads as libtorch has.
#pragma once

#include <cstdint>

namespace ct::kernels {

/// Calls `body(part, begin, end)` for up to `parts` consecutive ranges of [0, count), at once where there are threads.
/// The body must not throw.
void parallel(
    int64_t count, int64_t parts, void (*body)(void *context, int64_t part, int64_t begin, int64_t end), void *context);

/// Threads that the loops may use.
int64_t thread_count();

template <typename Body>
void parallel(int64_t count, int64_t parts, const Body &body) {
  parallel(
      count, parts,
      [](void *context, int64_t part, int64_t begin, int64_t end) {
        (*static_cast<const Body *>(context))(part, begin, end);
      },
      const_cast<void *>(static_cast<const void *>(&body)));
}

}  // namespace ct::kernels
