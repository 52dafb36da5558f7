// Files that are compiled as one: most of the time goes into libtorch's headers, which they share here.

#include "CTorchInterface.h"

#include "../distributed.cpp"
#include "../heartbeat.cpp"
#include "../nccl/load.cpp"
#include "../reducer.cpp"
#include "../row_exchange.cpp"
