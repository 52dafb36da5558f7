// Gradient norm, clipping and AdamW over all parameters at once.
#include <algorithm>

#include "../memory.h"
#include "../zeros.h"
#include "embeddings.h"

namespace ct::kernels {

namespace {

/// Work of one thread at a time: small enough to share out, large enough to stream.
constexpr int64_t kChunk = 1 << 16;

struct Parameter {
  float *values;
  const float *gradient;
  float *average, *square;
  int64_t count;
  AdamWSettings settings;
  std::vector<Mirror> mirrors;
};

struct Piece {
  size_t parameter;
  int64_t begin, count;

  /// Has the first lines fetched while another piece is computed: rows are too short for that to begin by itself.
  void fetch(const Parameter &of) const {
    for (int64_t i = begin; i < begin + std::min<int64_t>(count, 128); i += 16) {
      __builtin_prefetch(of.gradient + i);
      __builtin_prefetch(of.average + i, 1);
      __builtin_prefetch(of.square + i, 1);
      __builtin_prefetch(of.values + i, 1);
    }
  }
};

bool any(const float *values, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if (values[i] != 0) return true;
  return false;
}

void activate(RowGradient &rows, int64_t row) {
  if (rows.is_active[static_cast<size_t>(row)]) return;
  rows.is_active[static_cast<size_t>(row)] = true;
  rows.active.push_back(row);
}

/// Finds the rows of moments that are new here.
void find_active(RowGradient &rows, const at::Tensor &average, const at::Tensor &square) {
  rows.forget(average);
  // Both are asked: who asks is about to write.
  const bool is_average_untouched = ct::take_untouched(average), is_square_untouched = ct::take_untouched(square);
  if (is_average_untouched && is_square_untouched) return;
  const int64_t count = average.size(0), width = average.size(1);
  for (int64_t row = 0; row < count; ++row)
    if (any(average.data_ptr<float>() + row * width, width) || any(square.data_ptr<float>() + row * width, width))
      activate(rows, row);
}

/// Brings the list of rows that an update changes up to date.
void update_active(
    RowGradient &rows, const at::Tensor &gradient, const at::Tensor &average, const at::Tensor &square) {
  const int64_t count = gradient.size(0), width = gradient.size(1);
  if (!rows.knows(average)) find_active(rows, average, square);
  if (rows.covers(gradient)) {
    for (const int64_t row : rows.touched) {
      if (rows.is_active[static_cast<size_t>(row)]) continue;
      ct::prepare_writing(average.data_ptr<float>() + row * width, width);
      ct::prepare_writing(square.data_ptr<float>() + row * width, width);
      activate(rows, row);
    }
  } else {
    for (int64_t row = 0; row < count; ++row)
      if (!rows.is_active[static_cast<size_t>(row)] && any(gradient.data_ptr<float>() + row * width, width))
        activate(rows, row);
  }
}

/// Consecutive rows as one piece.
void add_rows(std::vector<Piece> &pieces, size_t parameter, std::vector<int64_t> &rows, int64_t width) {
  // Only what was added since the last time is out of order.
  const auto added = std::is_sorted_until(rows.begin(), rows.end());
  std::sort(added, rows.end());
  std::inplace_merge(rows.begin(), added, rows.end());
  for (size_t i = 0; i < rows.size();) {
    size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1 && static_cast<int64_t>(end - i) * width < kChunk) ++end;
    pieces.push_back({parameter, rows[i] * width, static_cast<int64_t>(end - i) * width});
    i = end;
  }
}

void add_all(std::vector<Piece> &pieces, size_t parameter, int64_t count) {
  for (int64_t begin = 0; begin < count; begin += kChunk)
    pieces.push_back({parameter, begin, std::min(kChunk, count - begin)});
}

template <typename Body>
void each(const std::vector<Piece> &pieces, const Body &body) {
  const auto count = static_cast<int64_t>(pieces.size());
  parallel(count, std::min<int64_t>(count, thread_count() * 64), [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i);
  });
}

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

int32_t ct_fused_update(
    const ct_update *updates, int32_t count, double max_norm, double beta1, double beta2, double epsilon,
    double *norm) {
  return ct::boundary([&] {
    c10::NoGradGuard no_grad;
    std::vector<Parameter> parameters;
    std::vector<Piece> summed, changed;
    std::vector<at::Tensor> alive;
    MirrorUpdate copies;
    for (int32_t i = 0; i < count; ++i) {
      const ct_update &update = updates[i];
      const at::Tensor &values = ct::get(update.parameter), gradient = ct::get(update.gradient).contiguous();
      const at::Tensor &average = ct::get(update.average), &square = ct::get(update.square_average);
      const at::Tensor &step = ct::get(update.step);
      check_dense(values, "a parameter");
      check_shape(gradient, values.sizes(), "a gradient");
      check_shape(average, values.sizes(), "a moment");
      check_shape(square, values.sizes(), "a moment");
      check_dense(step, "a step count");
      TORCH_CHECK(step.numel() == 1, "a step count of ", step.sizes());
      const double steps = static_cast<double>(*step.data_ptr<float>()) + 1;
      const double correction1 = 1 - std::pow(beta1, steps), correction2 = 1 - std::pow(beta2, steps);
      AdamWSettings settings{};
      settings.beta1 = static_cast<float>(beta1);
      settings.beta2 = static_cast<float>(beta2);
      settings.one_less_beta1 = static_cast<float>(1 - beta1);
      settings.one_less_beta2 = static_cast<float>(1 - beta2);
      settings.decay = static_cast<float>(1 - update.learning_rate * update.weight_decay);
      settings.epsilon = static_cast<float>(epsilon);
      settings.step_size = static_cast<float>(update.learning_rate / correction1);
      settings.root_correction = static_cast<float>(1 / std::sqrt(correction2));
      const size_t index = parameters.size();
      parameters.push_back(
          {values.data_ptr<float>(), gradient.data_ptr<float>(), average.data_ptr<float>(), square.data_ptr<float>(),
           values.numel(), settings, copies.mirrors(values)});
      alive.push_back(gradient);
      if (update.rows != nullptr && values.dim() == 2) {
        RowGradient &rows = *update.rows->value;
        std::lock_guard<std::mutex> guard(rows.lock);
        update_active(rows, gradient, average, square);
        if (rows.covers(gradient)) {
          add_rows(summed, index, rows.touched, values.size(1));
        } else {
          add_all(summed, index, values.numel());
        }
        // A row without gradient and moments changes by its decay alone.
        if (settings.decay == 1) {
          add_rows(changed, index, rows.active, values.size(1));
        } else {
          add_all(changed, index, values.numel());
        }
      } else {
        add_all(summed, index, values.numel());
        add_all(changed, index, values.numel());
      }
    }

    std::vector<double> squares(summed.size());
    std::optional<ct::Span> span(std::in_place, "gradient norm kernel");
    each(summed, [&](int64_t i) {
      const Piece &piece = summed[static_cast<size_t>(i)];
      squares[static_cast<size_t>(i)] =
          table().sum_of_squares(parameters[piece.parameter].gradient + piece.begin, piece.count);
    });
    double total = 0;
    for (const double value : squares) total += value;
    *norm = std::sqrt(total);
    // The factor of torch.nn.utils.clip_grad_norm_; a norm that is no number clips to such.
    const double factor = max_norm / (*norm + 1e-6);
    const auto scale = static_cast<float>(factor > 1 ? 1.0 : factor);
    span.emplace("AdamW kernel");
    each(changed, [&](int64_t i) {
      const Piece &piece = changed[static_cast<size_t>(i)];
      const Parameter &p = parameters[piece.parameter];
      if (i + 1 < static_cast<int64_t>(changed.size())) {
        const Piece &next = changed[static_cast<size_t>(i + 1)];
        next.fetch(parameters[next.parameter]);
      }
      AdamWSettings settings = p.settings;
      settings.grad_scale = scale;
      table().adamw(
          p.values + piece.begin, p.gradient + piece.begin, p.average + piece.begin, p.square + piece.begin,
          piece.count, settings);
      for (const Mirror &mirror : p.mirrors) mirror.update(p.values + piece.begin, piece.count);
    });
    for (int32_t i = 0; i < count; ++i) {
      // The numbers changed behind autograd's back; it has to know. An operation for each would take longer than the
      // count.
      *ct::get(updates[i].step).data_ptr<float>() += 1;
      ct::get(updates[i].step).unsafeGetTensorImpl()->bump_version();
      ct::get(updates[i].parameter).unsafeGetTensorImpl()->bump_version();
    }
    copies.finish();
  });
}
