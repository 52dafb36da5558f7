// Files that are compiled as one: most of the time goes into libtorch's headers, which they share here.

#include "CTorchInterface.h"

#include "../autocast.cpp"
#include "../recompute.cpp"
#include "../profile.cpp"
