// Files that are compiled as one: most of the time goes into libtorch's headers, which they share here.

#include "CTorchInterface.h"

#include "../tensor.cpp"
#include "../ops.cpp"
#include "../shape.cpp"
#include "../nn_ops.cpp"
#include "../random.cpp"
#include "../autograd.cpp"
#include "../devices.cpp"
#include "../zeros.cpp"
#include "../memory.cpp"
#include "../packed_attention.cpp"
