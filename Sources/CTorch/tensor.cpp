// Handles: making them, reading them, freeing them; and the messages of errors.
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>

#include <cmath>
#include <cstring>
#include <memory>

#include "boundary.h"
#include "memory.h"
#include "zeros.h"

static_assert(CT_UINT8 == int(at::ScalarType::Byte) && CT_INT8 == int(at::ScalarType::Char));
static_assert(CT_INT16 == int(at::ScalarType::Short) && CT_INT32 == int(at::ScalarType::Int));
static_assert(CT_INT64 == int(at::ScalarType::Long) && CT_BOOL == int(at::ScalarType::Bool));
static_assert(CT_FLOAT16 == int(at::ScalarType::Half) && CT_BFLOAT16 == int(at::ScalarType::BFloat16));
static_assert(CT_FLOAT32 == int(at::ScalarType::Float) && CT_FLOAT64 == int(at::ScalarType::Double));
static_assert(CT_CPU == int(at::DeviceType::CPU) && CT_CUDA == int(at::DeviceType::CUDA));
static_assert(CT_MPS == int(at::DeviceType::MPS));

namespace {

struct ErrorScope {
  bool failed = false;
  std::string message;
};

thread_local std::string last_error;
thread_local std::vector<ErrorScope> scopes;
thread_local ErrorScope closed_scope;

at::TensorOptions options(int32_t dtype, ct_device device) {
  return at::TensorOptions().dtype(ct::dtype(dtype)).device(ct::device(device));
}

}  // namespace

namespace ct {

void set_error(const char *message) noexcept {
  try {
    last_error = message;
  } catch (...) {
    // No memory for the message. The status still tells.
    last_error.clear();
  }
}

}  // namespace ct

const char *ct_last_error(void) { return last_error.c_str(); }

void ct_error_scope_begin(void) { scopes.emplace_back(); }

bool ct_error_scope_record(const char *message) {
  if (scopes.empty()) return false;
  ErrorScope &scope = scopes.back();
  if (!scope.failed) scope = {true, message};
  return true;
}

const char *ct_error_scope_end(void) {
  closed_scope = std::move(scopes.back());
  scopes.pop_back();
  return closed_scope.failed ? closed_scope.message.c_str() : nullptr;
}

void ct_tensor_free(ct_tensor *tensor) { delete tensor; }

ct_tensor *ct_tensor_undefined(void) { return new ct_tensor{}; }

int32_t ct_alias(const ct_tensor *x, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x), out); });
}

int32_t ct_empty(const int64_t *shape, int32_t rank, int32_t dtype, ct_device device, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::empty(ct::sizes(shape, rank), options(dtype, device)), out); });
}

int32_t ct_full(
    const int64_t *shape, int32_t rank, ct_scalar value, int32_t dtype, ct_device device, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Scalar number = ct::scalar(value);
    const at::IntArrayRef sizes = ct::sizes(shape, rank);
    // Equal as numbers: minus zero isn't zero's bits.
    const bool is_zero = number.equal(0) && !std::signbit(number.toDouble());
    ct::give(
        is_zero ? ct::zeros(sizes, options(dtype, device)) : at::full(sizes, number, options(dtype, device)), out);
  });
}

int32_t ct_arange(int64_t start, int64_t end, int64_t step, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::arange(start, end, step, at::TensorOptions(at::kLong)), out); });
}

int32_t ct_from_bytes(
    const void *bytes, size_t byte_count, const int64_t *shape, int32_t rank, int32_t dtype, ct_tensor **out) {
  return ct::boundary([&] {
    auto tensor = at::empty(ct::sizes(shape, rank), at::TensorOptions(ct::dtype(dtype)));
    TORCH_CHECK(
        tensor.nbytes() == byte_count, "shape ", tensor.sizes(), " of ", tensor.scalar_type(), " takes ",
        tensor.nbytes(), " bytes, and ", byte_count, " are given");
    if (byte_count > 0) std::memcpy(tensor.data_ptr(), bytes, byte_count);
    ct::give(std::move(tensor), out);
  });
}

int32_t ct_from_blob(
    void *data, const int64_t *shape, int32_t rank, int32_t dtype, void *context, void (*release)(void *context),
    ct_tensor **out) {
  return ct::boundary([&] {
    // The shared pointer releases once also where making the tensor throws before it holds the deleter.
    std::shared_ptr<void> owner(context, release);
    ct::give(
        at::from_blob(
            data, ct::sizes(shape, rank), [owner](void *) mutable { owner.reset(); },
            at::TensorOptions(ct::dtype(dtype))),
        out);
  });
}

int32_t ct_out_of_file(const ct_tensor *tensor, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor &given = ct::get(tensor);
    const bool stays = !ct::has_external_storage(given) || ct::is_table(given.sizes());
    ct::give(stays ? given : given.detach().clone(), out);
  });
}

int32_t ct_rank(const ct_tensor *tensor, int32_t *out) {
  return ct::boundary([&] { *out = static_cast<int32_t>(ct::get(tensor).dim()); });
}

int32_t ct_shape(const ct_tensor *tensor, int64_t *out) {
  return ct::boundary([&] {
    const auto shape = ct::get(tensor).sizes();
    std::copy(shape.begin(), shape.end(), out);
  });
}

int32_t ct_count(const ct_tensor *tensor, int64_t *out) {
  return ct::boundary([&] { *out = ct::get(tensor).numel(); });
}

int32_t ct_dtype_of(const ct_tensor *tensor, int32_t *out) {
  return ct::boundary([&] { *out = static_cast<int32_t>(ct::get(tensor).scalar_type()); });
}

int32_t ct_device_of(const ct_tensor *tensor, ct_device *out) {
  return ct::boundary([&] {
    const auto device = ct::get(tensor).device();
    *out = {static_cast<int32_t>(device.type()), device.has_index() ? device.index() : 0};
  });
}

int32_t ct_is_contiguous(const ct_tensor *tensor, bool *out) {
  return ct::boundary([&] { *out = ct::get(tensor).is_contiguous(); });
}

int32_t ct_data(const ct_tensor *tensor, void **out) {
  return ct::boundary([&] { *out = ct::get(tensor).data_ptr(); });
}

int32_t ct_read(const ct_tensor *tensor, int32_t dtype, void *buffer, size_t byte_count) {
  return ct::boundary([&] {
    const auto dense = ct::get(tensor).detach().to(at::kCPU, ct::dtype(dtype)).contiguous();
    TORCH_CHECK(dense.nbytes() == byte_count, "a buffer of ", byte_count, " bytes for ", dense.nbytes());
    if (byte_count > 0) std::memcpy(buffer, dense.data_ptr(), byte_count);
  });
}

int32_t ct_item(const ct_tensor *tensor, double *out) {
  return ct::boundary([&] { *out = ct::get(tensor).item().toDouble(); });
}
