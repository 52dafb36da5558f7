// Instead of NVIDIA's header of this name: see cublas_v2.h.
#pragma once

typedef enum { CUSOLVER_STATUS_SUCCESS = 0 } cusolverStatus_t;
