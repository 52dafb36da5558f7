// GELU, layer norm with what goes before it, embeddings, and the optimizer's update: everything that passes over memory
// once.
#pragma once

#include <cmath>

#include "dropout.h"

namespace ct::kernels::CT_SET {

/// The normal distribution's cumulative function of x, and e to the -x²/2.
///
/// 0.5 · erfc(|x|/√2) = e^(-x²/2) · t · p(t) with t = 1 / (1 + 0.5 |x|/√2); the polynomial is fitted to that form and
/// right to 4e-8, so the tail keeps its relative accuracy, which 1 + erf would lose.
CT_INLINE Vec cumulative(Vec x, Vec &bell) {
  const Vec size = larger(x, -x);
  const Vec t = 1.0f / (size * 0.353553391f + 1.0f);
  bell = exponential(x * x * -0.5f);
  Vec p = all(-0.0295345057f);
  p = p * t + 0.142287666f;
  p = p * t + -0.243600257f;
  p = p * t + 0.139033953f;
  p = p * t + -0.0133131011f;
  p = p * t + 0.101343552f;
  p = p * t + 0.121551852f;
  p = p * t + 0.141187659f;
  p = p * t + 0.141043209f;
  const Vec tail = p * t * bell;
  return x < 0.0f ? tail : 1.0f - tail;
}

static void gelu_forward(
    float *x, const float *bias, float *y, int64_t width, int64_t begin, int64_t end, bool keep_derivative) {
  for (int64_t row = begin; row < end; ++row) {
    float *from = x + row * width, *to = y + row * width;
    for (int64_t j = 0; j < width; j += W) {
      const int64_t left = width - j;
      const Vec value = load_part(from + j, left) + load_part(bias + j, left);
      Vec bell;
      const Vec share = cumulative(value, bell);
      store_part(to + j, value * share, left);
      if (keep_derivative) store_part(from + j, share + value * bell * 0.398942280f, left);
    }
  }
}

static void gelu_backward(
    float *derivative, const float *grad, float *d_bias, int64_t width, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    float *to = derivative + row * width;
    const float *from = grad + row * width;
    for (int64_t j = 0; j < width; j += W) {
      const int64_t left = width - j;
      const Vec value = load_part(to + j, left) * load_part(from + j, left);
      store_part(to + j, value, left);
      store_part(d_bias + j, load_part(d_bias + j, left) + value, left);
    }
  }
}

/// x [width], in place, becomes mean 0 and variance 1; out = x * weight + shift. Returns 1 / deviation.
CT_INLINE float normalize(
    float *x, float *out, const float *weight, const float *shift, int64_t width, float epsilon) {
  Vec total{};
  for (int64_t j = 0; j < width; j += W) total += load_part(x + j, width - j);
  const float mean = sum(total) / static_cast<float>(width);
  Vec squares{};
  for (int64_t j = 0; j < width; j += W) {
    Vec centered = load_part(x + j, width - j) - mean;
    if (width - j < W) {
      for (int i = static_cast<int>(width - j); i < W; ++i) centered[i] = 0;
    }
    squares += centered * centered;
  }
  const float inverse = 1 / std::sqrt(sum(squares) / static_cast<float>(width) + epsilon);
  for (int64_t j = 0; j < width; j += W) {
    const int64_t left = width - j;
    const Vec value = (load_part(x + j, left) - mean) * inverse;
    store_part(x + j, value, left);
    store_part(out + j, value * load_part(weight + j, left) + load_part(shift + j, left), left);
  }
  return inverse;
}

/// Multipliers that are drawn at once.
constexpr int64_t kDrawn = 8 * kDraw;

/// The multipliers of the elements [start, stop) of a row; `start` is a multiple of `kDraw`.
CT_INLINE void draw_row(const Dropout &dropout, int64_t row, int64_t start, int64_t stop, float *kept) {
  dropout_multipliers(dropout, static_cast<uint32_t>(row), start / kDraw, round_up(stop, kDraw) / kDraw, kept);
}

static void norm_forward(const NormRows &rows, int64_t begin, int64_t end) {
  const int64_t width = rows.width;
  alignas(64) float kept[kDrawn];
  for (int64_t row = begin; row < end; ++row) {
    float *x = rows.x + row * width;
    const float *residual = rows.residual + row * width;
    for (int64_t start = 0; start < width; start += kDrawn) {
      const int64_t stop = start + kDrawn < width ? start + kDrawn : width;
      const bool drops = rows.dropout.active();
      if (drops) {
        draw_row(rows.dropout, row, start, stop, kept);
      }
      for (int64_t j = start; j < stop; j += W) {
        const int64_t left = stop - j;
        Vec value = load_part(x + j, left) + load_part(rows.bias + j, left);
        if (drops) value *= load(kept + (j - start));
        store_part(x + j, value + load_part(residual + j, left), left);
      }
    }
    const float inverse = normalize(x, rows.out + row * width, rows.weight, rows.shift, width, rows.epsilon);
    if (rows.inverse_deviation != nullptr) rows.inverse_deviation[row] = inverse;
  }
}

static void norm_backward(const NormGradient &rows, int64_t begin, int64_t end) {
  const int64_t width = rows.width;
  alignas(64) float kept[kDrawn];
  const bool drops = rows.dropout.active();
  for (int64_t row = begin; row < end; ++row) {
    const float *grad = rows.grad + row * width, *normalized = rows.normalized + row * width;
    Vec mean_part{}, product_part{};
    for (int64_t j = 0; j < width; j += W) {
      const int64_t left = width - j;
      const Vec dy = load_part(grad + j, left), value = load_part(normalized + j, left);
      const Vec weighted = dy * load_part(rows.weight + j, left);
      mean_part += weighted;
      product_part += weighted * value;
      store_part(rows.d_weight + j, load_part(rows.d_weight + j, left) + dy * value, left);
      store_part(rows.d_shift + j, load_part(rows.d_shift + j, left) + dy, left);
    }
    const float mean = sum(mean_part) / static_cast<float>(width);
    const float product_mean = sum(product_part) / static_cast<float>(width);
    const float inverse = rows.inverse_deviation[row];
    for (int64_t start = 0; start < width; start += kDrawn) {
      const int64_t stop = start + kDrawn < width ? start + kDrawn : width;
      if (drops) {
        draw_row(rows.dropout, row, start, stop, kept);
      }
      for (int64_t j = start; j < stop; j += W) {
        const int64_t left = stop - j;
        const Vec weighted = load_part(grad + j, left) * load_part(rows.weight + j, left);
        const Vec value = (weighted - mean - load_part(normalized + j, left) * product_mean) * inverse;
        store_part(rows.d_residual + row * width + j, value, left);
        if (rows.dx == nullptr) continue;
        const Vec before = drops ? value * load(kept + (j - start)) : value;
        if (drops) store_part(rows.dx + row * width + j, before, left);
        store_part(rows.d_bias + j, load_part(rows.d_bias + j, left) + before, left);
      }
    }
  }
}

static void dropout_rows(const Dropout &dropout, float *x, int64_t width, int64_t begin, int64_t end) {
  alignas(64) float kept[kDrawn];
  for (int64_t row = begin; row < end; ++row) {
    float *values = x + row * width;
    for (int64_t start = 0; start < width; start += kDrawn) {
      const int64_t stop = start + kDrawn < width ? start + kDrawn : width;
      draw_row(dropout, row, start, stop, kept);
      for (int64_t j = start; j < stop; j += W)
        store_part(values + j, load_part(values + j, stop - j) * load(kept + (j - start)), stop - j);
    }
  }
}

static void embedding_forward(const EmbeddingRows &rows, int64_t begin, int64_t end) {
  const int64_t width = rows.width;
  for (int64_t row = begin; row < end; ++row) {
    float *x = rows.normalized + row * width, *out = rows.out + row * width;
    const float *word = rows.words + rows.ids[row] * width, *type = rows.type_table + rows.types[row] * width;
    const float *position = rows.position_table + rows.positions[row] * width;
    for (int64_t j = 0; j < width; j += W) {
      const int64_t left = width - j;
      store_part(x + j, load_part(word + j, left) + load_part(type + j, left) + load_part(position + j, left), left);
    }
    rows.inverse_deviation[row] = normalize(x, out, rows.weight, rows.shift, width, rows.epsilon);
    if (rows.dropout.active()) dropout_rows(rows.dropout, rows.out, width, row, row + 1);
  }
}

static void add(float *to, const float *from, int64_t count) {
  for (int64_t i = 0; i < count; i += W)
    store_part(to + i, load_part(to + i, count - i) + load_part(from + i, count - i), count - i);
}

/// Numbers from where a pass over memory is to where it has the next ones fetched.
constexpr int64_t kAhead = 512;

static double sum_of_squares(const float *x, int64_t count) {
  double total = 0;
  // Short runs in single precision, their sum in double.
  for (int64_t start = 0; start < count; start += 1024) {
    const int64_t stop = start + 1024 < count ? start + 1024 : count;
    Vec parts[4] = {};
    int64_t i = start;
    for (; i + 4 * W <= stop; i += 4 * W)
      for (int p = 0; p < 4; ++p) {
        if (i + kAhead < count) __builtin_prefetch(x + i + p * W + kAhead);
        const Vec value = load(x + i + p * W);
        parts[p] += value * value;
      }
    for (; i < stop; i += W) {
      const Vec value = load_part(x + i, stop - i);
      parts[0] += value * value;
    }
    total += sum((parts[0] + parts[1]) + (parts[2] + parts[3]));
  }
  return total;
}

CT_INLINE Vec root(Vec x) { return __builtin_elementwise_sqrt(x); }

static void adamw(
    float *parameter, const float *gradient, float *average, float *square, int64_t count,
    const AdamWSettings &settings) {
  for (int64_t i = 0; i < count; i += W) {
    const int64_t left = count - i;
    if (left > kAhead) {
      __builtin_prefetch(gradient + i + kAhead);
      __builtin_prefetch(average + i + kAhead, 1);
      __builtin_prefetch(square + i + kAhead, 1);
      __builtin_prefetch(parameter + i + kAhead, 1);
    }
    const Vec g = load_part(gradient + i, left) * settings.grad_scale;
    Vec m = load_part(average + i, left), v = load_part(square + i, left);
    m += (g - m) * settings.one_less_beta1;
    v = v * settings.beta2 + g * g * settings.one_less_beta2;
    store_part(average + i, m, left);
    store_part(square + i, v, left);
    const Vec p = load_part(parameter + i, left) * settings.decay;
    const Vec deviation = root(v) * settings.root_correction + settings.epsilon;
    store_part(parameter + i, p - m / deviation * settings.step_size, left);
  }
}

/// The bits of the nearest bfloat16 as those of a float.
CT_INLINE Bits nearest_bfloat16(Vec x) {
  const Bits bits = (Bits)x, rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u;
  // A number that is none would be rounded to infinity or round about to zero.
  return (Bits)(x == x ? (Vec)rounded : (Vec)(Bits{} + 0x7FC00000u));
}

static void round_to_bfloat16(const float *from, float *to, int64_t count) {
  for (int64_t i = 0; i < count; i += W)
    store_part(to + i, (Vec)nearest_bfloat16(load_part(from + i, count - i)), count - i);
}

static void to_bfloat16(const float *from, uint16_t *to, int64_t count) {
  for (int64_t i = 0; i < count; i += W) {
    const Halves halves = __builtin_convertvector(nearest_bfloat16(load_part(from + i, count - i)) >> 16, Halves);
    std::memcpy(to + i, &halves, static_cast<size_t>(count - i < W ? count - i : W) * 2);
  }
}

}  // namespace ct::kernels::CT_SET
