// Whether what was made of a weight is still made of its present numbers.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/StorageImpl.h>
#include <c10/core/TensorImpl.h>

#include <initializer_list>
#include <vector>

namespace ct::kernels {

/// Follows one or several weights that share their memory.
class WeightVersion {
 public:
  /// @param owners the tensors that are written to.
  void follow(const at::Tensor &weight, std::initializer_list<const at::Tensor *> owners) {
    memory_ = weight.storage().getWeakStorageImpl();
    versions_.clear();
    for (const at::Tensor *owner : owners) versions_.push_back(owner->unsafeGetTensorImpl()->version_counter());
  }
  /// To be called when what was made is made of the present numbers.
  void mark() { sum_ = current(); }

  bool follows(const at::Tensor &weight) const {
    return memory_._unsafe_get_target() == weight.storage().unsafeGetStorageImpl();
  }
  /// Whether nothing was written since `mark`.
  bool is_fresh() const { return current() == sum_; }
  bool is_gone() const { return memory_.expired(); }

 private:
  uint64_t current() const {
    uint64_t sum = 0;
    for (const c10::VariableVersion &version : versions_) sum += version.current_version();
    return sum;
  }

  // Keeps the address from being used again by other memory.
  c10::weak_intrusive_ptr<c10::StorageImpl> memory_{c10::intrusive_ptr<c10::StorageImpl>()};
  std::vector<c10::VariableVersion> versions_;
  /// Of the versions at the mark: it changes when one of them does.
  uint64_t sum_ = 0;
};

}  // namespace ct::kernels
