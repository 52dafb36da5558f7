// Says what to do where Arrow's headers are missing, before the compiler says which.
#pragma once

#if !__has_include(<arrow/api.h>)
#error "Apache Arrow is not set up. Run 'swift package swiftlet-setup' (in a clone of Swiftlet: make bootstrap), \
then build again."
#endif
