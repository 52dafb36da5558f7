// The operations of libtorch that Swiftlet uses, in C.
//
// Conventions, for every function that returns a status:
// - 0 means success; anything else failure, and `ct_last_error()` says why. No exception leaves this library.
// - Results come through the last parameters. On failure they are left untouched.
// - A `ct_tensor **out` or `ct_generator **out` receives a new handle that the caller owns and frees with
//   `ct_tensor_free` or `ct_generator_free`. Several handles may share one storage, as views do in PyTorch.
// - Handles passed in are borrowed for the call. A handle parameter may be NULL only where its comment says so.
// - An undefined tensor (`ct_tensor_undefined`) is refused by everything but `ct_tensor_free`.
// - Dimensions may be negative, counted from the last, as in PyTorch.
// - Operations record gradients as PyTorch's do: where the calling thread's grad mode is on and an input requires it.
#pragma once

// Says what to do where libtorch is missing, before the compiler says which of its files. The manifest names one for
// the modules that need it.
#ifdef SWIFTLET_SET_UP
#if !__has_include(SWIFTLET_SET_UP)
#error "libtorch is not set up. Run 'swift package swiftlet-setup' (in a clone of Swiftlet: make bootstrap), \
then build again."
#endif
#endif

#include "ct_types.h"
#include "ct_tensors.h"
#include "ct_training.h"
#include "ct_kernels.h"
#include "ct_random.h"
#include "ct_processes.h"
