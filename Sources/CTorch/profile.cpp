// What ran when, from libtorch's observers and the kernels' own marks.
#include "profile.h"

#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>
#include <set>

#include "boundary.h"

#ifndef NDEBUG
#error "libtorch is built with NDEBUG, without which at::RecordFunction has another layout here than there"
#endif

namespace ct {

namespace {

std::atomic<bool> is_on{false};

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Work under way. What a thread has under way is a chain.
struct Open : at::ObserverContext {
  ct_profile_event event{};
  Open *parent = nullptr;
};

thread_local Open *current = nullptr;

struct Log {
  std::mutex lock;
  std::vector<ct_profile_event> events;
  std::set<std::string> names;
  at::CallbackHandle callback = 0;
  /// Work that began before it is left out.
  int64_t start = 0;

  const char *kept(std::string name) {
    std::lock_guard<std::mutex> guard(lock);
    return names.insert(std::move(name)).first->c_str();
  }
};

/// Never destroyed: a thread may still write at the end of the process.
Log &log() {
  static Log *log = new Log;
  return *log;
}

void begin(Open &open, const char *name) {
  open.event.name = name;
  open.event.thread = static_cast<int64_t>(at::RecordFunction::currentThreadId());
  open.parent = current;
  current = &open;
  open.event.start = now();
}

void end(Open &open) {
  open.event.duration = now() - open.event.start;
  // Work may end on another thread than it began on, or out of order; then nobody is its parent.
  if (current == &open) {
    current = open.parent;
    if (open.parent != nullptr) open.parent->event.inside += open.event.duration;
  }
  try {
    std::lock_guard<std::mutex> guard(log().lock);
    if (is_on && open.event.start >= log().start) log().events.push_back(open.event);
  } catch (const std::exception &) {
    // Without memory for it, the piece is left out: the work itself must go on.
  }
}

/// Short names: `mm` for `aten::mm`, `Attention backward` for a node of ours.
std::string readable(std::string name) {
  const size_t node = name.find("CppNode<");
  if (node != std::string::npos) {
    name = name.substr(node + 8, name.find_last_of('>') - node - 8);
    const size_t space = name.find_last_of(':');
    return (space == std::string::npos ? name : name.substr(space + 1)) + " backward";
  }
  const size_t space = name.rfind("::");
  return space == std::string::npos ? name : name.substr(space + 2);
}

bool is_transposed(const at::Tensor &matrix) {
  return matrix.dim() == 2 && matrix.stride(0) == 1 && matrix.stride(1) > 1;
}

/// The size of a matrix product.
void set_shape(ct_profile_event &event, const ProductShape &shape) {
  event.rows = shape.rows;
  event.depth = shape.depth;
  event.columns = shape.columns;
  event.is_first_transposed = shape.is_first_transposed;
  event.is_second_transposed = shape.is_second_transposed;
}

void measure(ct_profile_event &event, const at::Tensor &a, const at::Tensor &b) {
  set_shape(event, {a.size(-2), b.size(-1), a.size(-1), is_transposed(a), is_transposed(b)});
  event.is_product = a.dim() == 2;
  event.operations = 2 * a.numel() * event.columns;
}

void measure(ct_profile_event &event, const at::RecordFunction &function) {
  const std::string name = function.name();
  const bool adds = name == "aten::addmm" || name == "aten::addmm_" || name == "aten::baddbmm";
  if (!adds && name != "aten::mm" && name != "aten::bmm") return;
  const auto inputs = function.inputs();
  const size_t first = adds ? 1 : 0;
  if (inputs.size() < first + 2 || !inputs[first].isTensor() || !inputs[first + 1].isTensor()) return;
  const at::Tensor &a = inputs[first].toTensor(), &b = inputs[first + 1].toTensor();
  if (a.defined() && b.defined() && a.dim() >= 2 && b.dim() >= 2) measure(event, a, b);
}

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction &function) {
  const std::string name = function.name();
  // The engine's frame around each node says nothing that the node doesn't.
  if (name.rfind("autograd::engine::", 0) == 0) return nullptr;
  auto open = std::make_unique<Open>();
  measure(open->event, function);
  begin(*open, log().kept(readable(name)));
  return open;
}

void on_end(const at::RecordFunction &, at::ObserverContext *context) {
  if (context != nullptr) end(*static_cast<Open *>(context));
}

}  // namespace

Span::Span(const char *name, int64_t operations) {
  if (!is_on.load(std::memory_order_relaxed)) return;
  auto *open = new Open;
  open->event.operations = operations;
  begin(*open, name);
  open_ = open;
}

Span::Span(const char *name, const ProductShape &shape) : Span(name, 2 * shape.rows * shape.columns * shape.depth) {
  if (open_ == nullptr) return;
  ct_profile_event &event = static_cast<Open *>(open_)->event;
  set_shape(event, shape);
  event.is_product = true;
}

Span::~Span() {
  if (open_ == nullptr) return;
  auto *open = static_cast<Open *>(open_);
  end(*open);
  delete open;
}

}  // namespace ct

using namespace ct;

int32_t ct_profile_start(void) {
  return boundary([&] {
    Log &all = log();
    std::lock_guard<std::mutex> guard(all.lock);
    TORCH_CHECK(!is_on, "a profile is being recorded already");
    all.events.clear();
    all.start = now();
    all.callback = at::addGlobalCallback(
        at::RecordFunctionCallback(on_start, on_end)
            .needsInputs(true)
            .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
    is_on = true;
  });
}

int32_t ct_profile_stop(void) {
  return boundary([&] {
    if (!is_on.exchange(false)) return;
    at::removeCallback(log().callback);
  });
}

int64_t ct_profile_events(const ct_profile_event **events) {
  std::lock_guard<std::mutex> guard(log().lock);
  *events = log().events.data();
  return static_cast<int64_t>(log().events.size());
}

void *ct_profile_span_begin(const char *name) {
  if (!is_on.load(std::memory_order_relaxed)) return nullptr;
  void *span = nullptr;
  boundary([&] { span = new Span(log().kept(name)); });
  return span;
}

void ct_profile_span_end(void *span) { delete static_cast<Span *>(span); }

int32_t ct_profile_product_time(
    int64_t rows, int64_t columns, int64_t depth, bool is_first_transposed, bool is_second_transposed,
    int32_t repetitions, int64_t *nanoseconds) {
  return boundary([&] {
    // Not random: a measurement draws from no generator.
    const auto matrix = [](int64_t rows, int64_t columns, bool is_transposed) {
      return is_transposed ? at::full({columns, rows}, 0.5).t() : at::full({rows, columns}, 0.5);
    };
    const at::Tensor a = matrix(rows, depth, is_first_transposed), b = matrix(depth, columns, is_second_transposed);
    at::Tensor c = at::mm(a, b);
    int64_t best = std::numeric_limits<int64_t>::max();
    for (int32_t i = 0; i < repetitions; ++i) {
      const int64_t start = now();
      at::mm_out(c, a, b);
      best = std::min(best, now() - start);
    }
    *nanoseconds = best;
  });
}
