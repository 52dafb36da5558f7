// Types and errors. Conventions: CTorchInterface.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;
typedef struct ct_generator ct_generator;

/// Element types, with the numbers of `c10::ScalarType`.
typedef enum {
  CT_UINT8 = 0,
  CT_INT8 = 1,
  CT_INT16 = 2,
  CT_INT32 = 3,
  CT_INT64 = 4,
  CT_FLOAT16 = 5,
  CT_FLOAT32 = 6,
  CT_FLOAT64 = 7,
  CT_BOOL = 11,
  CT_BFLOAT16 = 15,
} ct_dtype;

/// Kinds of device, with the numbers of `c10::DeviceType`.
typedef enum {
  CT_CPU = 0,
  CT_CUDA = 1,
  CT_MPS = 13,
} ct_device_type;

/// A device. `index` is 0 for the CPU.
typedef struct {
  int32_t type;
  int32_t index;
} ct_device;

/// A number that keeps whether it is integral, which decides the result's dtype.
typedef struct {
  bool is_integer;
  int64_t integer;
  double real;
} ct_scalar;

// MARK: Errors

/// Why the calling thread's latest failing call failed. Valid until the thread's next failing call; don't free.
const char *ct_last_error(void);
/// Opens a scope on this thread in which errors of tensor maths are kept instead of stopping the process.
void ct_error_scope_begin(void);
/// Keeps `message` (copied) if a scope is open and it is the scope's first. False where no scope is open.
bool ct_error_scope_record(const char *message);
/// Closes the innermost scope. Returns its first message, valid until the thread's next call of this; NULL without.
const char *ct_error_scope_end(void);

#ifdef __cplusplus
}
#endif
