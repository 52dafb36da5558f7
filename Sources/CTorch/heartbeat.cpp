// The sign of life that each rank gives, and the question who gives none.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "distributed.h"

namespace ct {

struct Heartbeat::Shared {
  c10::intrusive_ptr<c10d::Store> store;
  int rank;
  int size;
  std::string host;
  std::chrono::milliseconds period;
  pid_t launcher;

  std::mutex mutex;
  std::condition_variable changed;
  // All that follow are guarded by the mutex.
  bool stops = false;
  bool is_dirty = true;
  int64_t beats = 0;
  int64_t operations = 0;
  char state = 'r';
  std::string operation = "start";
  Clock::time_point since = Clock::now();
  bool wants_survey = false;
  std::optional<std::string> survey;

  /// Under the lock.
  std::string status() {
    const double age = seconds_between(since, Clock::now());
    return std::to_string(++beats) + "\t" + state + "\t" + std::to_string(operations) + "\t" + std::to_string(age) +
           "\t" + host + "\t" + operation;
  }

  void publish() {
    std::string text;
    {
      std::lock_guard<std::mutex> lock(mutex);
      text = status();
      is_dirty = false;
    }
    store->set(key(rank), std::vector<uint8_t>(text.begin(), text.end()));
  }

  std::string read(const std::string &key) {
    if (!store->check({key})) return "";
    const auto bytes = store->get(key);
    return {bytes.begin(), bytes.end()};
  }

  /// Reads all ranks twice: whoever lives has written in between.
  std::string look_around() {
    std::vector<std::string> before(size);
    for (int other = 0; other < size; ++other) before[other] = read(key(other));
    const auto begin = Clock::now();
    while (Clock::now() - begin < 3 * period) {
      publish();
      std::this_thread::sleep_for(period / 2);
    }
    std::string lines;
    for (int other = 0; other < size; ++other) {
      std::string now = read(key(other));
      const bool is_heard = now != before[other];
      const size_t rest = now.find('\t');
      now = rest == std::string::npos ? "\tn\t0\t0\t\t" : now.substr(rest);
      const size_t state_end = now.find('\t', 1);
      lines += std::to_string(other) + now.substr(0, state_end) + (is_heard ? "\t1" : "\t0") + now.substr(state_end) +
               "\t" + read(ended_key(other)) + "\n";
    }
    return lines;
  }
};

Heartbeat::Heartbeat(
    const c10::intrusive_ptr<c10d::Store> &store, int rank, int size, std::string host,
    std::chrono::milliseconds slowest)
    : shared_(std::make_shared<Shared>()) {
  shared_->store = store;
  shared_->rank = rank;
  shared_->size = size;
  for (char &c : host)
    if (c == '\t' || c == '\n') c = ' ';
  shared_->host = std::move(host);
  // A thousand ranks must not keep the one store busy.
  const auto usual = std::chrono::milliseconds(std::max(300, 4 * size));
  shared_->period = std::clamp(usual, std::chrono::milliseconds(20), std::max(slowest, std::chrono::milliseconds(20)));
  const char *launcher = std::getenv("SWIFTLET_LAUNCHER_PID");
  // Where a shell stands between, its end says nothing.
  const pid_t parent = getppid();
  shared_->launcher = launcher != nullptr && std::atol(launcher) == parent ? parent : 0;
  shared_->publish();
  std::thread(run, shared_).detach();
}

Heartbeat::~Heartbeat() {
  std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->stops = true;
  shared_->changed.notify_all();
}

void Heartbeat::run(std::shared_ptr<Shared> shared) {
  // Signals are for the threads that know what to do with them.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  int orphaned = 0;
  while (true) {
    bool wants_survey = false;
    {
      std::unique_lock<std::mutex> lock(shared->mutex);
      shared->changed.wait_for(
          lock, shared->period, [&] { return shared->stops || shared->is_dirty || shared->wants_survey; });
      if (shared->stops && !shared->is_dirty) return;
      wants_survey = shared->wants_survey;
      shared->wants_survey = false;
    }
    // Without its launcher nobody would end this process with the others.
    if (shared->launcher > 0 && getppid() != shared->launcher) {
      if (orphaned++ == 0) kill(getpid(), SIGTERM);
      if (orphaned > 20) kill(getpid(), SIGKILL);
    }
    try {
      shared->publish();
      if (!wants_survey) continue;
      std::string lines = shared->look_around();
      std::lock_guard<std::mutex> lock(shared->mutex);
      shared->survey = std::move(lines);
      shared->changed.notify_all();
    } catch (...) {
      // The store is gone. Whether that matters, the next collective operation will tell.
      std::unique_lock<std::mutex> lock(shared->mutex);
      if (shared->stops) return;
      if (wants_survey) {
        shared->survey = "";
        shared->changed.notify_all();
      }
      shared->is_dirty = false;
      shared->changed.wait_for(lock, shared->period, [&] { return shared->stops || shared->wants_survey; });
    }
  }
}

void Heartbeat::enter(const std::string &operation) {
  std::lock_guard<std::mutex> lock(shared_->mutex);
  ++shared_->operations;
  shared_->operation = "in " + operation;
  shared_->since = Clock::now();
}

void Heartbeat::leave() {
  std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->operation.replace(0, 2, "after");
  shared_->since = Clock::now();
}

void Heartbeat::end(char state, const std::string &reason) {
  std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->state = state;
  shared_->operation = reason;
  for (char &c : shared_->operation)
    if (c == '\t' || c == '\n') c = ' ';
  shared_->since = Clock::now();
  shared_->is_dirty = true;
  shared_->changed.notify_all();
}

std::string Heartbeat::survey(std::chrono::milliseconds limit) {
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->survey.reset();
  shared_->wants_survey = true;
  shared_->changed.notify_all();
  if (!shared_->changed.wait_for(lock, limit, [&] { return shared_->survey.has_value(); })) return "";
  return *shared_->survey;
}

}  // namespace ct
