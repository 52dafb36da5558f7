// The loss of one row of logits.
#pragma once

#include <cmath>

#include "vector.h"

namespace ct::kernels::CT_SET {

/// The largest of x, or what is no number where the softmax would be none: with one in x, or an infinite largest.
CT_INLINE float largest(const float *x, int64_t count) {
  Vec top = all(x[0]);
  Ints odd{};
  for (int64_t j = 0; j + W <= count; j += W) {
    const Vec value = load(x + j);
    top = larger(top, value);
    odd |= value != value;
  }
  float most = maximum(top);
  bool is_odd = false;
  for (int i = 0; i < W; ++i) is_odd = is_odd || odd[i] != 0;
  for (int64_t j = count / W * W; j < count; ++j) {
    most = x[j] > most ? x[j] : most;
    is_odd = is_odd || x[j] != x[j];
  }
  return is_odd ? NAN : most - most == 0 ? most : NAN;
}

/// log(Σ e^x) - x[target]; `gradient`, if not null, becomes its gradient, the softmax less one at the target.
static double cross_entropy(const float *x, int64_t classes, int64_t target, float *gradient) {
  const float most = largest(x, classes);
  if (most != most) {
    for (int64_t j = 0; j < classes && gradient != nullptr; ++j) gradient[j] = NAN;
    return NAN;
  }
  // Short runs in single precision, their sum in double.
  double total = 0;
  for (int64_t start = 0; start < classes; start += 1024) {
    const int64_t stop = start + 1024 < classes ? start + 1024 : classes;
    Vec part{};
    for (int64_t j = start; j < stop; j += W) {
      const int64_t left = stop - j;
      Vec value = exponential(load_part(x + j, left) - most);
      if (left < W)
        for (int i = static_cast<int>(left); i < W; ++i) value[i] = 0;
      part += value;
      if (gradient != nullptr) store_part(gradient + j, value, left);
    }
    total += sum(part);
  }
  if (gradient != nullptr) {
    const float inverse = static_cast<float>(1 / total);
    for (int64_t j = 0; j < classes; j += W)
      store_part(gradient + j, load_part(gradient + j, classes - j) * inverse, classes - j);
    gradient[target] -= 1;
  }
  return std::log(total) + most - x[target];
}

/// x *= factor
static void scale(float *x, float factor, int64_t count) {
  for (int64_t i = 0; i < count; i += W) store_part(x + i, load_part(x + i, count - i) * factor, count - i);
}

}  // namespace ct::kernels::CT_SET
