// Word, segment and position embeddings, summed, normalized and dropped from.
#include "embeddings.h"

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
  // Only memory that was given to libtorch can't be resized.
  if (words.storage().resizable()) return;
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

struct Embeddings : torch::autograd::Function<Embeddings> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &words, const at::Tensor &types, const at::Tensor &positions,
      const at::Tensor &weight, const at::Tensor &shift, at::Tensor ids, at::Tensor type_ids, at::Tensor position_ids,
      int64_t padding_index, double epsilon, Dropout dropout, c10::intrusive_ptr<RowGradient> rows) {
    const int64_t tokens = ids.numel(), width = words.size(1);
    at::Tensor normalized = floats({tokens, width}), deviations = floats({tokens}), y = floats({tokens, width});
    const EmbeddingRows job{
        width, ids.data_ptr<int64_t>(), type_ids.data_ptr<int64_t>(), position_ids.data_ptr<int64_t>(),
        words.data_ptr<float>(), types.data_ptr<float>(), positions.data_ptr<float>(), weight.data_ptr<float>(),
        shift.data_ptr<float>(), static_cast<float>(epsilon), normalized.data_ptr<float>(),
        deviations.data_ptr<float>(), y.data_ptr<float>(), dropout};
    {
      const Span span("embeddings kernel");
      parallel(tokens, row_parts(tokens), [&](int64_t, int64_t begin, int64_t end) {
        table().embedding_forward(job, begin, end);
      });
    }
    context->save_for_backward({weight});
    context->saved_data["tensors"] =
        std::vector<at::Tensor>{normalized, deviations, ids, type_ids, position_ids};
    context->saved_data["numbers"] = std::vector<int64_t>{
        words.size(0), types.size(0), positions.size(0), padding_index, static_cast<int64_t>(dropout.key),
        dropout.place, dropout.threshold};
    if (rows) context->saved_data["rows"] = c10::IValue::make_capsule(std::move(rows));
    context->saved_data["scale"] = static_cast<double>(dropout.scale);
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list grads) {
    const at::Tensor weight = context->get_saved_variables()[0];
    const auto tensors = context->saved_data["tensors"].toTensorVector();
    const auto numbers = context->saved_data["numbers"].toIntVector();
    const Dropout dropout{
        static_cast<uint64_t>(numbers[4]), static_cast<uint32_t>(numbers[5]), static_cast<uint32_t>(numbers[6]),
        static_cast<float>(context->saved_data["scale"].toDouble())};
    c10::intrusive_ptr<RowGradient> rows;
    if (context->saved_data.count("rows"))
      rows = c10::static_intrusive_pointer_cast<RowGradient>(context->saved_data["rows"].toCapsule());
    const int64_t tokens = tensors[2].numel(), width = weight.size(0), parts = row_parts(tokens);
    at::Tensor grad = grads[0].contiguous();
    if (dropout.active()) {
      grad = grad.clone();
      float *values = grad.data_ptr<float>();
      parallel(tokens, row_parts(tokens), [&](int64_t, int64_t begin, int64_t end) {
        table().dropout_rows(dropout, values, width, begin, end);
      });
    }
    at::Tensor d_sum = floats({tokens, width});
    at::Tensor sums = at::zeros({parts, 3 * width}, at::TensorOptions(at::kFloat));
    float *base = sums.data_ptr<float>();
    const NormGradient job{
        width, grad.data_ptr<float>(), tensors[0].data_ptr<float>(), tensors[1].data_ptr<float>(),
        weight.data_ptr<float>(), d_sum.data_ptr<float>(), nullptr, nullptr, nullptr, nullptr, Dropout()};
    parallel(tokens, parts, [&](int64_t part, int64_t begin, int64_t end) {
      NormGradient mine = job;
      mine.d_weight = base + part * 3 * width;
      mine.d_shift = mine.d_weight + width;
      table().norm_backward(mine, begin, end);
    });
    const at::Tensor total = sum_parts(sums);

    at::Tensor d_words, d_types, d_positions;
    if (context->needs_input_grad(0)) {
      const int64_t *ids = tensors[2].data_ptr<int64_t>();
      std::unique_lock<std::mutex> guard;
      if (rows) {
        guard = std::unique_lock<std::mutex>(rows->lock);
        d_words = rows->take(numbers[0], width, sum_of_words());
        for (int64_t i = 0; i < tokens; ++i)
          if (ids[i] != numbers[3]) rows->touch(ids[i]);
      } else {
        d_words = at::zeros({numbers[0], width}, at::TensorOptions(at::kFloat));
      }
      add_rows(d_words, d_sum, ids, numbers[3]);
    }
    if (context->needs_input_grad(1)) {
      d_types = at::zeros({numbers[1], width}, at::TensorOptions(at::kFloat));
      add_rows(d_types, d_sum, tensors[3].data_ptr<int64_t>(), -1);
    }
    if (context->needs_input_grad(2)) {
      d_positions = at::zeros({numbers[2], width}, at::TensorOptions(at::kFloat));
      add_rows(d_positions, d_sum, tensors[4].data_ptr<int64_t>(), -1);
    }
    return {d_words, d_types, d_positions, total.narrow(0, 0, width), total.narrow(0, width, width),
            {}, {}, {}, {}, {}, {}, {}};
  }

  /// What the gradient of the words is added to, in a backward pass that adds up gradients in the parameters.
  static at::Tensor sum_of_words() {
    const auto *asked_for = torch::autograd::get_current_graph_task_exec_info();
    const auto node = torch::autograd::get_current_node();
    if (asked_for == nullptr || !asked_for->empty() || !node) return {};
    const auto *sum = dynamic_cast<const torch::autograd::AccumulateGrad *>(node->next_edge(0).function.get());
    return sum == nullptr ? at::Tensor() : sum->variable.grad();
  }

  /// to[ids[i]] += from[i], in the order of the tokens: repeated runs give the same sums.
  static void add_rows(at::Tensor &to, const at::Tensor &from, const int64_t *ids, int64_t skipped) {
    const int64_t width = from.size(1);
    float *target = to.data_ptr<float>();
    const float *source = from.data_ptr<float>();
    for (int64_t i = 0; i < from.size(0); ++i)
      if (ids[i] != skipped) table().add(target + ids[i] * width, source + i * width, width);
  }
};

/// int64 ids, dense, that lie within the table.
at::Tensor checked(const at::Tensor &ids, int64_t tokens, int64_t rows, const char *name) {
  TORCH_CHECK(
      ids.device().is_cpu() && ids.scalar_type() == at::kLong && ids.numel() == tokens, "the fused kernels take ", tokens,
      " ", name, " as int64 on the CPU, not ", ids.scalar_type(), " ", ids.sizes());
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
    const ct_tensor *const *tables, const ct_tensor *const *ids, const ct_tensor *norm_weight,
    const ct_tensor *norm_bias, double epsilon, int64_t padding_index, ct_row_gradient *rows, ct_dropout_draw draw,
    ct_tensor **out) {
  return ct::boundary([&] {
    const auto t = ct::list(tables, 3);
    const at::Tensor &weight = ct::get(norm_weight), &shift = ct::get(norm_bias);
    for (const at::Tensor &table : t) {
      TORCH_CHECK(table.dim() == 2, "an embedding table of ", table.sizes());
      check_shape(table, {table.size(0), t[0].size(1)}, "an embedding table");
    }
    check_shape(weight, {t[0].size(1)}, "the norm's weight");
    check_shape(shift, {t[0].size(1)}, "the norm's bias");
    const int64_t tokens = ct::get(ids[0]).numel();
    const at::Tensor word_ids = checked(ct::get(ids[0]), tokens, t[0].size(0), "token ids");
    if (rows != nullptr && records({&t[0]})) rows->value->prepare_writing(t[0], word_ids);
    ct::give(
        Embeddings::apply(
            t[0], t[1], t[2], weight, shift, word_ids,
            checked(ct::get(ids[1]), tokens, t[1].size(0), "segments"),
            checked(ct::get(ids[2]), tokens, t[2].size(0), "positions"), padding_index, epsilon, dropout(draw),
            rows == nullptr ? c10::intrusive_ptr<RowGradient>() : rows->value),
        out);
  });
}
