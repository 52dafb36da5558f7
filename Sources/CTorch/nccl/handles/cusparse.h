// Instead of NVIDIA's header of this name, of which libtorch's headers use no more than this type. It belongs to a
// library of hundreds of megabytes, whose wheel is the only one that has the header.
#pragma once

typedef struct cusparseContext *cusparseHandle_t;
typedef enum { CUSPARSE_STATUS_SUCCESS = 0 } cusparseStatus_t;
