// The gradient of an embedding table averaged over processes, of which each has touched few rows: those are sent, not
// the table.
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "distributed.h"
#include "kernels/embeddings.h"

namespace {

/// The tensors of all ranks, which have one shape.
std::vector<at::Tensor> gather(ct::Group &group, at::Tensor own) {
  std::vector<at::Tensor> inputs{std::move(own)};
  std::vector<std::vector<at::Tensor>> outputs(1);
  for (int i = 0; i < group.getSize(); ++i) outputs[0].push_back(at::empty_like(inputs[0]));
  group.allgather(outputs, inputs)->wait();
  return std::move(outputs[0]);
}

void average_all(ct::Group &group, at::Tensor gradient) {
  // In place, which also says that other rows than its own may be other than zero from now on.
  gradient.div_(group.getSize());
  std::vector<at::Tensor> tensors{gradient.contiguous()};
  group.allreduce(tensors, c10d::AllreduceOptions())->wait();
  if (!tensors[0].is_same(gradient)) gradient.copy_(tensors[0]);
}

/// Every rank adds up the same rows in the same order, so that all get the same bits.
void average_rows(
    ct::Group &group, ct::kernels::RowGradient &rows, at::Tensor &gradient, const std::vector<int64_t> &counts,
    int64_t longest) {
  const int64_t width = gradient.size(1), own = static_cast<int64_t>(rows.touched.size());
  float *table = gradient.data_ptr<float>();
  at::Tensor ids = at::zeros({longest}, at::kLong), values = at::zeros({longest, width}, at::kFloat);
  std::copy(rows.touched.begin(), rows.touched.end(), ids.data_ptr<int64_t>());
  for (int64_t i = 0; i < own; ++i) {
    float *row = table + rows.touched[static_cast<size_t>(i)] * width;
    std::copy_n(row, width, values.data_ptr<float>() + i * width);
    std::fill_n(row, width, 0.0f);
  }
  const auto all_ids = gather(group, ids), all_values = gather(group, values);
  const auto size = static_cast<float>(group.getSize());
  for (size_t rank = 0; rank < counts.size(); ++rank) {
    const int64_t *id = all_ids[rank].data_ptr<int64_t>();
    const float *from = all_values[rank].data_ptr<float>();
    for (int64_t i = 0; i < counts[rank]; ++i) {
      TORCH_CHECK(
          id[i] >= 0 && id[i] < gradient.size(0), "rank ", rank, " sent a row ", id[i], " of ", gradient.size(0));
      float *to = table + id[i] * width;
      for (int64_t j = 0; j < width; ++j) to[j] += from[i * width + j] / size;
      rows.touch(id[i]);
    }
  }
}

}  // namespace

int32_t ct_group_average_rows(
    const ct_group *group, const char *operation, ct_row_gradient *rows, const ct_tensor *gradient, double *seconds) {
  return ct::boundary([&] {
    c10::NoGradGuard no_grad;
    const auto begin = ct::Clock::now();
    ct::Group &value = *group->value;
    value.heartbeat.enter(operation);
    at::Tensor table = ct::get(gradient).detach();
    TORCH_CHECK(table.dim() == 2, "a table's gradient of ", table.sizes());
    std::lock_guard<std::mutex> guard(rows->value->lock);
    const bool covers = rows->value->covers(table);
    const auto own = covers ? static_cast<int64_t>(rows->value->touched.size()) : int64_t{-1};
    std::vector<int64_t> counts;
    for (const at::Tensor &count : gather(value, at::full({1}, own, at::kLong)))
      counts.push_back(count.item<int64_t>());
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    // Every rank receives the rows of all; of a table that is mostly touched, the sum of all is less to send.
    const bool is_sparse = *least >= 0 && *most * value.getSize() <= table.size(0);
    if (is_sparse) {
      average_rows(value, *rows->value, table, counts, *most);
    } else {
      average_all(value, table);
    }
    *seconds = ct::seconds_between(begin, ct::Clock::now());
    value.heartbeat.leave();
  });
}
