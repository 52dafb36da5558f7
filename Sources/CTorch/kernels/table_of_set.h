// Puts one instruction set's functions into a table. Included by each file that names a set.
#pragma once

#include "attention.h"
#include "elementwise.h"
#include "loss.h"

#define CT_TABLE(NAME)                                                                             \
  {                                                                                                \
    NAME, CT_SET::attention_scratch, CT_SET::attention_forward, CT_SET::attention_backward,        \
        CT_SET::gelu_forward, CT_SET::gelu_backward, CT_SET::norm_forward, CT_SET::norm_backward,  \
        CT_SET::embedding_forward, CT_SET::add, CT_SET::sum_of_squares, CT_SET::adamw,             \
        CT_SET::round_to_bfloat16, CT_SET::to_bfloat16, CT_SET::dropout_rows,                      \
        CT_SET::dropout_multipliers, CT_SET::cross_entropy, CT_SET::scale,                         \
  }
