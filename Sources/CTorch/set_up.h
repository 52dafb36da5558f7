// Says what to do where libtorch's headers are missing, before the compiler says which.
#pragma once

#if !__has_include(<ATen/core/Tensor.h>)
#error "libtorch is not set up. Run 'swift package swiftlet-setup' (in a clone of Swiftlet: make bootstrap), \
then build again."
#endif
