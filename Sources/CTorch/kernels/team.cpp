#include "team.h"

#include <chrono>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <dlfcn.h>
#include <sched.h>
#endif

#include "openmp_waiting.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ct::kernels {

namespace {

/// How long a thread looks for work before it sleeps: about twice what lies between the halves of a layer in training,
/// and little beside the milliseconds that the system gives a thread at a time.
constexpr auto kPatience = std::chrono::microseconds(200);
/// Looks between two looks at the clock.
constexpr int kLooks = 64;

thread_local bool is_in_loop = false;

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

/// Where OpenMP binds threads to processors, it has bound the one that starts these, and they inherit that.
void unbind() {
#if defined(__linux__)
  const auto places = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_num_places"));
  const auto size = reinterpret_cast<int (*)(int)>(dlsym(RTLD_DEFAULT, "omp_get_place_num_procs"));
  const auto list = reinterpret_cast<void (*)(int, int *)>(dlsym(RTLD_DEFAULT, "omp_get_place_proc_ids"));
  if (places == nullptr || size == nullptr || list == nullptr) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int place = 0; place < places(); ++place) {
    std::vector<int> ids(static_cast<size_t>(size(place)));
    list(place, ids.data());
    for (const int id : ids) {
      if (id >= 0 && id < CPU_SETSIZE) CPU_SET(static_cast<size_t>(id), &set);
    }
  }
  if (CPU_COUNT(&set) > 0) sched_setaffinity(0, sizeof(set), &set);
#endif
}

}  // namespace

void Loop::take() {
  for (int64_t part; (part = next.fetch_add(1)) < parts;) {
    body(context, part, count * part / parts, count * (part + 1) / parts);
  }
}

Team &Team::shared() {
  // Never destroyed: its threads may outlive what is destroyed at the end of the process.
  static Team *team = [] {
    shorten_openmp_waiting();
    return new Team;
  }();
  return *team;
}

bool Team::is_inside() { return is_in_loop; }

void Team::wait(const std::atomic<uint32_t> &value, uint32_t old, std::atomic<uint32_t> &sleepers) {
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int look = 0; look < kLooks; look++) {
      if (value.load(std::memory_order_acquire) != old) return;
      relax();
    }
  } while (std::chrono::steady_clock::now() - start < kPatience);
  // Who changes the value looks here after it, so that it sees either a sleeper, or is seen.
  sleepers.fetch_add(1);
  value.wait(old);
  sleepers.fetch_sub(1);
}

void Team::help(int64_t number) {
  is_in_loop = true;
  unbind();
  uint32_t turn = 0;
  while (true) {
    for (uint32_t allowed; number >= (allowed = allowed_.load());) allowed_.wait(allowed);
    const uint32_t last = turn;
    while ((turn = turn_.load()) == last) wait(turn_, last, sleeping_);
    if (number >= wanted_.load()) continue;
    inside_.fetch_add(1);
    // Either this is seen in `inside_` by the caller, or the caller has taken the loop away.
    if (Loop *loop = loop_.load()) loop->take();
    inside_.fetch_sub(1);
    if (waiting_.load() > 0) inside_.notify_all();
  }
}

void Team::hire(int64_t count) {
  for (; helpers_ < count; helpers_++) {
    try {
      std::thread(&Team::help, this, helpers_).detach();
    } catch (const std::system_error &) {
      // Where there are no more threads, those that are there do the work.
      return;
    }
  }
}

void Team::run(Loop &loop, int64_t threads, int64_t allowed) {
  std::unique_lock<std::mutex> caller(caller_, std::defer_lock);
  if (threads <= 1 || is_in_loop || !caller.try_lock()) {
    struct Before {
      bool was;
      ~Before() { is_in_loop = was; }
    } const before{std::exchange(is_in_loop, true)};
    return loop.take();
  }
  const auto helpers = static_cast<uint32_t>(allowed - 1);
  if (allowed_.exchange(helpers) != helpers) allowed_.notify_all();
  hire(threads - 1);
  wanted_.store(threads - 1);
  loop_.store(&loop);
  turn_.fetch_add(1);
  if (sleeping_.load() > 0) turn_.notify_all();
  // Also where the body throws: nobody may be in a loop that is gone.
  struct End {
    Team &team;
    ~End() {
      is_in_loop = false;
      team.loop_.store(nullptr);
      for (uint32_t inside; (inside = team.inside_.load()) != 0;) wait(team.inside_, inside, team.waiting_);
    }
  } const end{*this};
  is_in_loop = true;
  loop.take();
}

}  // namespace ct::kernels
