// A table's gradient where few rows have one.
#pragma once

#include <c10/core/TensorImpl.h>
#include <c10/util/intrusive_ptr.h>

#include <mutex>

#include "fused.h"

namespace ct::kernels {

/// The gradient's memory of one embedding table, used again each step with only its touched rows cleared, and which
/// rows have ever had a gradient. Shared by the layer, its graphs and the optimizer.
struct RowGradient : c10::intrusive_ptr_target {
  std::mutex lock;
  /// The memory; in use elsewhere while its storage is shared.
  at::Tensor buffer;
  /// Rows of `buffer` that may be other than zero, without repetition.
  std::vector<int64_t> touched;
  std::vector<bool> is_touched;
  /// Counts changes of the gradient in place.
  std::optional<c10::VariableVersion> version;
  /// The count when the memory was given away, and after every change that leaves the other rows alone; nothing once
  /// that can't be told any more.
  uint32_t first_version = 0;
  std::optional<uint32_t> expected_version;
  /// Rows whose moments may be other than zero, and whose they are.
  std::vector<int64_t> active;
  std::vector<bool> is_active;
  c10::weak_intrusive_ptr<c10::StorageImpl> moments{c10::intrusive_ptr<c10::StorageImpl>()};
  uint32_t moments_version = 0;

  /// Memory for the next gradient of shape [rows, width], all zero.
  ///
  /// @param sum the gradient that autograd is going to add it to; undefined where it does anything else with it.
  at::Tensor take(int64_t rows, int64_t width, const at::Tensor &sum);
  void touch(int64_t row);
  /// Has the pages of these rows of the table ready for the update, where it lies on the pages of a file.
  void prepare_writing(const at::Tensor &words, const at::Tensor &ids);
  /// Whether `active` was found in this moment, and nobody else has written to it since.
  bool knows(const at::Tensor &moment) const;
  /// Begins an empty list of `active` rows.
  void forget(const at::Tensor &moment);
  /// Whether `gradient` is zero outside the touched rows: the buffer, changed by nobody else.
  bool covers(const at::Tensor &gradient) const;

 private:
  /// Whether no update has changed this row.
  bool is_new(int64_t row) const;
  /// Whether rows that are not among the touched ones are still zero, as far as that is known.
  bool is_known() const { return version && expected_version && version->current_version() == *expected_version; }
};

}  // namespace ct::kernels

struct ct_row_gradient {
  c10::intrusive_ptr<ct::kernels::RowGradient> value;
};
