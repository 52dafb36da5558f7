// What every file of the bridge needs: the handles, and the one place where exceptions stop.
#pragma once

#define AT_PER_OPERATOR_HEADERS

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CTorchInterface.h"

struct ct_tensor {
  at::Tensor value;
};

struct ct_generator {
  at::Generator value;
};

namespace ct {

/// Keeps the message for `ct_last_error`.
void set_error(const char *message) noexcept;

/// Runs the body; whatever it throws becomes a status and a message.
template <typename Body>
int32_t boundary(Body &&body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error &error) {
    // Without the C++ backtrace, which says nothing to a Swift user.
    set_error(error.what_without_backtrace());
  } catch (const std::exception &error) {
    set_error(error.what());
  } catch (...) {
    set_error("libtorch threw something that is not a std::exception");
  }
  return 1;
}

/// The tensor of a handle. Undefined ones are stopped here: some kernels read them without a check.
inline const at::Tensor &get(const ct_tensor *handle) {
  TORCH_CHECK(handle != nullptr && handle->value.defined(), "an operand is undefined, after an error before it");
  return handle->value;
}

/// The same for a handle that may be NULL.
inline std::optional<at::Tensor> optional(const ct_tensor *handle) {
  if (handle == nullptr) return std::nullopt;
  return get(handle);
}

inline std::optional<at::Generator> optional(const ct_generator *handle) {
  if (handle == nullptr) return std::nullopt;
  return handle->value;
}

inline std::vector<at::Tensor> list(const ct_tensor *const *handles, int32_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (int32_t i = 0; i < count; ++i) tensors.push_back(get(handles[i]));
  return tensors;
}

/// To be called after an operation that writes to tensors and counts no versions. Autograd goes by the version, and so
/// do copies of weights that the kernels keep.
inline void count_write(const std::vector<at::Tensor> &tensors) {
  for (const at::Tensor &tensor : tensors) {
    if (!tensor.is_inference()) tensor.unsafeGetTensorImpl()->bump_version();
  }
}

inline at::IntArrayRef sizes(const int64_t *values, int32_t count) {
  return at::IntArrayRef(values, static_cast<size_t>(count));
}

inline at::Scalar scalar(ct_scalar value) {
  return value.is_integer ? at::Scalar(value.integer) : at::Scalar(value.real);
}

inline at::ScalarType dtype(int32_t value) { return static_cast<at::ScalarType>(value); }

/// A CUDA build of libtorch has its kernels in a library of its own, which registers itself when loaded. Programs link
/// only the CPU part, so that they run with either build. Comes before whatever asks libtorch which devices there are:
/// it asks once, and keeps the answer.
void load_cuda();

inline at::Device device(ct_device value) {
  const auto type = static_cast<at::DeviceType>(value.type);
  if (type == at::kCUDA) load_cuda();
  return type == at::kCPU ? at::Device(type) : at::Device(type, static_cast<at::DeviceIndex>(value.index));
}

/// Hands a result to the caller, who owns the new handle.
inline void give(at::Tensor value, ct_tensor **out) { *out = new ct_tensor{std::move(value)}; }

/// Hands several results to the caller: all of them or, where memory runs out, none.
inline void give(std::vector<at::Tensor> values, ct_tensor **out) {
  std::vector<std::unique_ptr<ct_tensor>> handles;
  handles.reserve(values.size());
  for (auto &value : values) handles.push_back(std::unique_ptr<ct_tensor>(new ct_tensor{std::move(value)}));
  for (size_t i = 0; i < handles.size(); ++i) out[i] = handles[i].release();
}

}  // namespace ct
