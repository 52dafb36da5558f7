#include "openmp_waiting.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <vector>

namespace ct::kernels {

namespace {

/// So many sleeping threads are not worth it.
constexpr int kMostThreads = 256;

/// Whether so many threads can be started now. The runtime ends the process where they can't.
bool can_start(int count) {
  std::atomic<bool> may_end{false};
  std::vector<std::thread> threads;
  bool can = true;
  try {
    for (int number = 0; number < count; number++) threads.emplace_back([&] { may_end.wait(false); });
  } catch (const std::system_error &) {
    can = false;
  }
  may_end = true;
  may_end.notify_all();
  for (auto &thread : threads) thread.join();
  return can;
}

}  // namespace

void shorten_openmp_waiting() {
  using Fork = void (*)(void (*)(void *), void *, unsigned, unsigned);
  const auto fork = reinterpret_cast<Fork>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  const auto processors = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_num_procs"));
  // LLVM's runtime has GNU's entries too, but other rules.
  if (fork == nullptr || processors == nullptr || dlsym(RTLD_DEFAULT, "kmp_set_blocktime") != nullptr) return;
  for (const char *name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) {
    if (std::getenv(name) != nullptr) return;
  }
  // One thread more than there are processors, with those that libtorch's loops have.
  const int count = std::max(processors() - at::get_num_threads(), 0) + 1;
  if (count > kMostThreads) return;
  // Stays: who notifies may still look at it.
  auto *const is_done = new std::atomic<uint32_t>(0);
  try {
    std::thread([=] {
      // Twice as many: threads that have just ended may still count.
      const bool can = can_start(2 * count);
      if (can) fork([](void *) {}, nullptr, static_cast<unsigned>(count) + 1, 0);
      is_done->store(1);
      is_done->notify_all();
      if (!can) return;
      // The others last as long as this one.
      for (std::atomic<bool> never{false};;) never.wait(false);
    }).detach();
    is_done->wait(0);
  } catch (const std::system_error &) {
    // Without it all works, less well on a busy machine.
  }
}

}  // namespace ct::kernels
