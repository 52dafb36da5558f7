// What the files about several processes share: the store all of them see, the sign of life each of them gives, and
// the group that their collective operations run in.
#pragma once

// Gloo's headers are optional: without them everything builds, and a group can't be made.
#if __has_include(<gloo/context.h>)
#define SWIFTLET_GLOO 1
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#ifndef USE_DISTRIBUTED
#define USE_DISTRIBUTED
#endif
#endif

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "boundary.h"

struct ct_store {
  c10::intrusive_ptr<c10d::Store> value;
};

namespace ct {

using Clock = std::chrono::steady_clock;

inline double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Tells the other ranks, on a thread and a connection of its own, that this one lives and what it is doing. After a
/// failure it finds out who of the others does not, which the failing connection can't say.
///
/// The thread may be stuck in a network that was cut, so it is never waited for: it owns what it uses.
class Heartbeat {
 public:
  /// @param host of this process, for messages.
  /// @param slowest the longest time between two signs of life.
  Heartbeat(
      const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, std::string host,
      std::chrono::milliseconds slowest);
  ~Heartbeat();

  /// A collective operation begins.
  void enter(const std::string &operation);
  /// It is over.
  void leave();
  /// The last word: 'f' for a failure with its reason, 'd' for done.
  void end(char state, const std::string &reason);
  /// One line a rank: rank, state, whether it was heard of meanwhile, operations begun, seconds since the latest
  /// began or ended, host, what it is in, how it ended as far as its launcher knows; with tabs between.
  /// @return empty if the store did not answer within the limit.
  std::string survey(std::chrono::milliseconds limit);

  static std::string key(int rank) { return "status/" + std::to_string(rank); }
  /// Where a launcher writes how a process ended.
  static std::string ended_key(int rank) { return "ended/" + std::to_string(rank); }

 private:
  struct Shared;
  static void run(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

/// A process group that notes when gradients are sent, which c10d's Reducer does on its own.
class Group : public c10d::ProcessGroup {
 public:
  Group(
      c10::intrusive_ptr<c10d::Store> store, int rank, int size, std::string host,
      const c10::intrusive_ptr<c10d::Store> &heartbeat_store, std::chrono::milliseconds slowest_beat)
      : c10d::ProcessGroup(std::move(store), rank, size),
        heartbeat(heartbeat_store, rank, size, std::move(host), slowest_beat) {}

  c10::intrusive_ptr<c10d::Work> allreduce(
      std::vector<at::Tensor> &tensors, const c10d::AllreduceOptions &options) override {
    latest_send = Clock::now();
    return c10d::ProcessGroup::allreduce(tensors, options);
  }

  Heartbeat heartbeat;
  Clock::time_point latest_send = Clock::now();
};

}  // namespace ct

struct ct_group {
  c10::intrusive_ptr<ct::Group> value;
};
