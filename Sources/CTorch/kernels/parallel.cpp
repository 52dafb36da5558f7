#include "parallel.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "team.h"

namespace ct::kernels {

int64_t thread_count() { return Team::is_inside() || at::in_parallel_region() ? 1 : at::get_num_threads(); }

void parallel(
    int64_t count, int64_t parts, void (*body)(void *, int64_t, int64_t, int64_t), void *context) {
  if (count <= 0) return;
  Loop loop{count, std::clamp<int64_t>(parts, 1, count), body, context};
  const int64_t allowed = thread_count();
  Team::shared().run(loop, std::min(allowed, loop.parts), allowed);
}

}  // namespace ct::kernels
