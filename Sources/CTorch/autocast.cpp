// Mixed precision, and what is decided for a whole process.
#include "boundary.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

#include <cstdlib>

int32_t ct_autocast_begin(ct_device device, int32_t dtype, bool *was_enabled) {
  return ct::boundary([&] {
    const at::DeviceType type = ct::device(device).type();
    *was_enabled = at::autocast::is_autocast_enabled(type);
    at::autocast::set_autocast_dtype(type, ct::dtype(dtype));
    at::autocast::set_autocast_enabled(type, true);
    at::autocast::increment_nesting();
  });
}

int32_t ct_autocast_end(ct_device device, bool was_enabled) {
  return ct::boundary([&] {
    // The outermost end drops the casts of weights, which the next update makes stale.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(ct::device(device).type(), was_enabled);
  });
}

int32_t ct_autocast_dtype(ct_device device) {
  const at::DeviceType type = ct::device(device).type();
  return at::autocast::is_autocast_enabled(type) ? static_cast<int32_t>(at::autocast::get_autocast_dtype(type)) : -1;
}

int32_t ct_use_deterministic_algorithms(bool enabled) {
  return ct::boundary([&] {
    // What NVIDIA's library wants besides, and reads when it starts; a value of the user's own stays.
    if (enabled) setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8", /*overwrite=*/0);
    at::globalContext().setDeterministicAlgorithms(enabled, false);
  });
}

int32_t ct_use_tf32(bool enabled) {
  return ct::boundary([&] {
    // As `torch.backends.fp32_precision` in Python.
    at::globalContext().setFloat32Precision(
        at::Float32Backend::GENERIC, at::Float32Op::ALL,
        enabled ? at::Float32Precision::TF32 : at::Float32Precision::IEEE);
  });
}
