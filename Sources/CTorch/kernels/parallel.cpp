#include "parallel.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>

namespace ct::kernels {

namespace {

// libtorch's own loops are templates that need the compiler's OpenMP, whose runtime would be a second one in the
// process, with a second team of threads. The team that libtorch has is asked for by the runtime's own entry.
using Fork = void (*)(void (*)(void *), void *, unsigned, unsigned);

Fork fork_entry() {
  static const auto entry = reinterpret_cast<Fork>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  return entry;
}

struct Loop {
  int64_t count, parts;
  void (*body)(void *, int64_t, int64_t, int64_t);
  void *context;
  std::atomic<int64_t> next{0};
};

/// Takes parts until none is left, so that the result doesn't depend on how many threads come.
void take(void *context) {
  auto &loop = *static_cast<Loop *>(context);
  for (int64_t part; (part = loop.next.fetch_add(1)) < loop.parts;) {
    loop.body(loop.context, part, loop.count * part / loop.parts, loop.count * (part + 1) / loop.parts);
  }
}

}  // namespace

int64_t thread_count() { return at::in_parallel_region() ? 1 : at::get_num_threads(); }

void parallel(
    int64_t count, int64_t parts, void (*body)(void *, int64_t, int64_t, int64_t), void *context) {
  if (count <= 0) return;
  Loop loop{count, std::clamp<int64_t>(parts, 1, count), body, context};
  const int64_t threads = std::min(thread_count(), loop.parts);
  if (threads > 1 && fork_entry() != nullptr) {
    fork_entry()(take, &loop, static_cast<unsigned>(threads), 0);
  } else {
    take(&loop);
  }
}

}  // namespace ct::kernels
