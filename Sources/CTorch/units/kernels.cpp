// Files that are compiled as one: most of the time goes into libtorch's headers, which they share here.

#include "../set_up.h"

#include "../kernels/node.cpp"
#include "../kernels/parallel.cpp"
#include "../kernels/settings.cpp"
#include "../kernels/select.cpp"
#include "../kernels/precision.cpp"
#include "../kernels/product.cpp"
#include "../kernels/int8.cpp"
#include "../kernels/optimizer.cpp"
#include "../kernels/loss.cpp"
#include "../kernels/linear_norm.cpp"
#include "../kernels/feed_forward.cpp"
#include "../kernels/projected_attention.cpp"
#include "../kernels/self_attention.cpp"
#include "../kernels/packed_attention.cpp"
#include "../kernels/embeddings.cpp"
