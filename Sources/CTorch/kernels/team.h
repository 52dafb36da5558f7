// Threads that wait for loops of the kernels: awake for a moment, then asleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace ct::kernels {

/// Work in parts, of which each thread takes the next until none is left: the result doesn't depend on how many come.
struct Loop {
  int64_t count, parts;
  void (*body)(void *, int64_t, int64_t, int64_t);
  void *context;
  std::atomic<int64_t> next{0};

  void take();
};

/// The threads of the process that help with loops.
///
/// From one kernel of a step to the next it takes some microseconds, less than it takes to wake a thread; so threads
/// look for work for a while before they sleep. The runtime that libtorch brings does so as well, for milliseconds:
/// where the processor has other work to do, that time is taken from it, and from the thread that is waited for. Who
/// asks for help here does not wait for a thread that has not come: what it has not taken, the caller does.
class Team {
 public:
  static Team &shared();

  /// Whether this thread is in a loop; what it calls stays on it.
  static bool is_inside();

  /// Does a loop on up to `threads` threads, this one among them. Where another caller has the team, on this one. Of
  /// more helpers than `allowed` threads have, the last ones sleep until there are more again.
  void run(Loop &loop, int64_t threads, int64_t allowed);

 private:
  /// Until `value` is no longer `old`.
  static void wait(const std::atomic<uint32_t> &value, uint32_t old, std::atomic<uint32_t> &sleepers);
  void help(int64_t number);
  void hire(int64_t count);

  std::mutex caller_;
  int64_t helpers_ = 0;
  /// Grows with each loop.
  alignas(64) std::atomic<uint32_t> turn_{0};
  std::atomic<uint32_t> sleeping_{0};
  std::atomic<int64_t> wanted_{0};
  /// Helpers that may be awake.
  std::atomic<uint32_t> allowed_{0};
  /// Set while helpers may come.
  alignas(64) std::atomic<Loop *> loop_{nullptr};
  /// How many helpers look at `loop_`, or work on it.
  alignas(64) std::atomic<uint32_t> inside_{0};
  std::atomic<uint32_t> waiting_{0};
};

}  // namespace ct::kernels
