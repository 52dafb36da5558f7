// Word, segment and position embeddings, summed, normalized and dropped from.
#include "embeddings.h"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/graph_task.h>

#include <array>

#include "../memory.h"
#include "../zeros.h"

namespace ct::kernels {

at::Tensor RowGradient::take(int64_t rows, int64_t width, const at::Tensor &sum) {
  // An IntArrayRef made from a list in braces would refer to what is gone after the line.
  const std::array<int64_t, 2> shape{rows, width};
  const bool fits = buffer.defined() && buffer.sizes() == at::IntArrayRef(shape);
  if (fits && buffer.storage().use_count() > 1) {
    // The first gradient is still in use, as when gradients are summed over batches. Where the next is added to it, the
    // rows touched from here on are rows of that sum.
    if (sum.defined() && covers(sum)) {
      ++*expected_version;
    } else {
      expected_version.reset();
    }
    return ct::zeros(shape, at::TensorOptions(at::kFloat));
  }
  if (!fits) {
    buffer = ct::zeros(shape, at::TensorOptions(at::kFloat));
    is_touched.assign(static_cast<size_t>(rows), false);
  } else if (is_known() || version->current_version() == first_version) {
    float *values = buffer.data_ptr<float>();
    for (const int64_t row : touched) std::fill_n(values + row * width, width, 0.0f);
  } else {
    // Somebody has written to the gradient: scaled it by what is no number, or added noise to every row.
    buffer.zero_();
  }
  for (const int64_t row : touched) is_touched[static_cast<size_t>(row)] = false;
  touched.clear();
  // Autograd gets a tensor of its own on the memory, which it may keep as the parameter's gradient.
  at::Tensor alias = at::empty({0}, buffer.options()).set_(buffer.storage(), 0, shape, buffer.strides());
  version = alias.unsafeGetTensorImpl()->version_counter();
  first_version = version->current_version();
  expected_version = first_version;
  return alias;
}

void RowGradient::prepare_writing(const at::Tensor &words, const at::Tensor &ids) {
  if (!ct::has_external_storage(words)) return;
  const std::lock_guard guard(lock);
  const int64_t *rows = ids.data_ptr<int64_t>(), width = words.size(1);
  for (int64_t i = 0; i < ids.numel(); ++i)
    if (is_new(rows[i])) ct::prepare_writing(words.data_ptr<float>() + rows[i] * width, width);
}

bool RowGradient::is_new(int64_t row) const {
  return is_active.empty() || !is_active[static_cast<size_t>(row)];
}

void RowGradient::touch(int64_t row) {
  if (is_touched[static_cast<size_t>(row)]) return;
  is_touched[static_cast<size_t>(row)] = true;
  touched.push_back(row);
  if (is_new(row)) ct::prepare_writing(buffer.data_ptr<float>() + row * buffer.size(1), buffer.size(1));
}

bool RowGradient::covers(const at::Tensor &gradient) const {
  return buffer.defined() && gradient.sizes() == buffer.sizes() && gradient.is_contiguous() &&
         gradient.data_ptr() == buffer.data_ptr() && is_known();
}

bool RowGradient::knows(const at::Tensor &moment) const {
  // A weak pointer keeps the address from being used again, unlike the address alone.
  return static_cast<int64_t>(is_active.size()) == moment.size(0) && moments._unsafe_get_target() != nullptr &&
         moments._unsafe_get_target() == moment.storage().unsafeGetStorageImpl() &&
         moments_version == moment._version();
}

void RowGradient::forget(const at::Tensor &moment) {
  moments = moment.storage().getWeakStorageImpl();
  moments_version = moment._version();
  active.clear();
  is_active.assign(static_cast<size_t>(moment.size(0)), false);
}

namespace {

/// Three tables [rows, width], and int64 ids [tokens] into each.
struct Tables {
  at::Tensor words, types, positions;
};

/// The gradient of a table: to[ids[i]] += from[i], in the order of the tokens, so that repeated runs give the same
/// sums.
struct RowSum {
  float *to;
  const int64_t *ids;
  /// An id that adds nothing.
  int64_t skipped;
};

class Embeddings : public Node {
 public:
  Embeddings(Tables ids, int64_t padding_index, Dropout dropout, c10::intrusive_ptr<RowGradient> rows)
      : Node("Embeddings backward"), ids_(std::move(ids)), padding_index_(padding_index), dropout_(dropout),
        rows_(std::move(rows)) {}

  at::Tensor forward(
      const Tables &tables, const at::Tensor &weight, const at::Tensor &shift, double epsilon, bool recorded) {
    const int64_t tokens = ids_.words.numel(), width = tables.words.size(1);
    at::Tensor normalized = floats({tokens, width}), deviations = floats({tokens}), y = floats({tokens, width});
    const EmbeddingRows job{
        width, ids_.words.data_ptr<int64_t>(), ids_.types.data_ptr<int64_t>(), ids_.positions.data_ptr<int64_t>(),
        tables.words.data_ptr<float>(), tables.types.data_ptr<float>(), tables.positions.data_ptr<float>(),
        weight.data_ptr<float>(), shift.data_ptr<float>(), static_cast<float>(epsilon), normalized.data_ptr<float>(),
        deviations.data_ptr<float>(), y.data_ptr<float>(), dropout_};
    {
      const Span span("embeddings kernel");
      parallel(tokens, row_parts(tokens), [&](int64_t, int64_t begin, int64_t end) {
        table().embedding_forward(job, begin, end);
      });
    }
    if (recorded) {
      keep({&weight});
      normalized_ = std::move(normalized);
      deviations_ = std::move(deviations);
      counts_ = {tables.words.size(0), tables.types.size(0), tables.positions.size(0)};
    }
    return y;
  }

 protected:
  variable_list gradients(const at::Tensor &grad) override {
    const at::Tensor weight = kept()[0], normalized = std::move(normalized_);
    const int64_t tokens = grad.size(0), width = grad.size(1), parts = row_parts(tokens);
    at::Tensor dropped = grad;
    if (dropout_.active()) {
      dropped = floats({tokens, width});
      const float *from = grad.data_ptr<float>();
      float *to = dropped.data_ptr<float>();
      parallel(tokens, parts, [&](int64_t, int64_t begin, int64_t end) {
        std::copy(from + begin * width, from + end * width, to + begin * width);
        table().dropout_rows(dropout_, to, width, begin, end);
      });
    }
    const at::Tensor d_sum = floats({tokens, width}), sums = zeroed({parts, 2 * width});
    float *base = sums.data_ptr<float>();
    const NormGradient job{
        width, dropped.data_ptr<float>(), normalized.data_ptr<float>(), deviations_.data_ptr<float>(),
        weight.data_ptr<float>(), d_sum.data_ptr<float>(), nullptr, nullptr, nullptr, nullptr, Dropout()};
    parallel(tokens, parts, [&](int64_t part, int64_t begin, int64_t end) {
      NormGradient mine = job;
      mine.d_weight = base + part * 2 * width;
      mine.d_shift = mine.d_weight + width;
      table().norm_backward(mine, begin, end);
    });
    const auto [d_weight, d_shift] = sum_parts<2>(sums);

    Tables d;
    std::vector<RowSum> additions;
    std::unique_lock<std::mutex> guard;
    if (needs(0)) {
      const int64_t *ids = ids_.words.data_ptr<int64_t>();
      if (rows_) {
        guard = std::unique_lock<std::mutex>(rows_->lock);
        d.words = rows_->take(counts_[0], width, sum_of_words());
        for (int64_t i = 0; i < tokens; ++i)
          if (ids[i] != padding_index_) rows_->touch(ids[i]);
      } else {
        d.words = ct::zeros({counts_[0], width}, at::TensorOptions(at::kFloat));
      }
      additions.push_back({d.words.data_ptr<float>(), ids, padding_index_});
    }
    if (needs(1)) {
      d.types = zeroed({counts_[1], width});
      additions.push_back({d.types.data_ptr<float>(), ids_.types.data_ptr<int64_t>(), -1});
    }
    if (needs(2)) {
      d.positions = zeroed({counts_[2], width});
      additions.push_back({d.positions.data_ptr<float>(), ids_.positions.data_ptr<int64_t>(), -1});
    }
    add_rows(additions, d_sum);
    return {d.words, d.types, d.positions, d_weight, d_shift};
  }

 private:
  /// What the gradient of the words is added to, in a backward pass that adds up gradients in the parameters.
  at::Tensor sum_of_words() const {
    const auto *asked_for = torch::autograd::get_current_graph_task_exec_info();
    if (asked_for == nullptr || !asked_for->empty()) return {};
    const auto *sum = dynamic_cast<const torch::autograd::AccumulateGrad *>(next_edge(0).function.get());
    return sum == nullptr ? at::Tensor() : sum->variable.grad();
  }

  /// Each thread adds the columns of its own.
  static void add_rows(const std::vector<RowSum> &additions, const at::Tensor &from) {
    const int64_t tokens = from.size(0), width = from.size(1), units = (width + kAlign - 1) / kAlign;
    const float *source = from.data_ptr<float>();
    parallel(units, thread_count(), [&](int64_t, int64_t first, int64_t last) {
      const int64_t begin = first * kAlign, count = std::min(width, last * kAlign) - begin;
      for (const RowSum &sum : additions)
        for (int64_t i = 0; i < tokens; ++i) {
          if (sum.ids[i] == sum.skipped) continue;
          table().add(sum.to + sum.ids[i] * width + begin, source + i * width + begin, count);
        }
    });
  }

  Tables ids_;
  int64_t padding_index_;
  Dropout dropout_;
  c10::intrusive_ptr<RowGradient> rows_;
  at::Tensor normalized_, deviations_;
  /// Rows of the tables.
  std::array<int64_t, 3> counts_{};
};

/// int64 ids, dense, that lie within the table.
at::Tensor checked(const at::Tensor &ids, int64_t tokens, int64_t rows, const char *name) {
  TORCH_CHECK(
      ids.device().is_cpu() && ids.scalar_type() == at::kLong && ids.numel() == tokens, "the fused kernels take ",
      tokens, " ", name, " as int64 on the CPU, not ", ids.scalar_type(), " ", ids.sizes());
  at::Tensor dense = ids.contiguous();
  const int64_t *values = dense.data_ptr<int64_t>();
  for (int64_t i = 0; i < tokens; ++i)
    TORCH_CHECK(values[i] >= 0 && values[i] < rows, name, " ", values[i], " of a table of ", rows, " rows");
  return dense;
}

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

ct_row_gradient *ct_row_gradient_new(void) {
  ct_row_gradient *handle = nullptr;
  ct::boundary([&] { handle = new ct_row_gradient{c10::make_intrusive<RowGradient>()}; });
  return handle;
}

void ct_row_gradient_free(ct_row_gradient *rows) { delete rows; }

int32_t ct_fused_embeddings(
    const ct_tensor *const *table_list, const ct_tensor *const *ids, const ct_tensor *norm_weight,
    const ct_tensor *norm_bias, double epsilon, int64_t padding_index, ct_row_gradient *rows, ct_dropout_draw draw,
    ct_tensor **out) {
  return ct::boundary([&] {
    const auto t = ct::list(table_list, 3);
    const at::Tensor &weight = ct::get(norm_weight), &shift = ct::get(norm_bias);
    for (const at::Tensor &table : t) {
      TORCH_CHECK(table.dim() == 2, "an embedding table of ", table.sizes());
      check_shape(table, {table.size(0), t[0].size(1)}, "an embedding table");
    }
    check_shape(weight, {t[0].size(1)}, "the norm's weight");
    check_shape(shift, {t[0].size(1)}, "the norm's bias");
    const Tables tables{t[0], t[1], t[2]};
    const int64_t tokens = ct::get(ids[0]).numel();
    const Tables indices{
        checked(ct::get(ids[0]), tokens, t[0].size(0), "token ids"),
        checked(ct::get(ids[1]), tokens, t[1].size(0), "segments"),
        checked(ct::get(ids[2]), tokens, t[2].size(0), "positions")};
    if (rows != nullptr && records({&tables.words})) rows->value->prepare_writing(tables.words, indices.words);
    const auto node = make_node<Embeddings>(
        indices, padding_index, dropout(draw), rows == nullptr ? c10::intrusive_ptr<RowGradient>() : rows->value);
    ct::give(
        run(node, {&tables.words, &tables.types, &tables.positions, &weight, &shift},
            [&](bool recorded) { return node->forward(tables, weight, shift, epsilon, recorded); }),
        out);
  });
}
