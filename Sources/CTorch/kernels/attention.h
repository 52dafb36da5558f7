// Attention of one head of one sequence, forward and backward. Scores exist only for a block of queries, which stays in
// the cache; the backward pass computes them anew (Dao et al., "FlashAttention", 2022).
#pragma once

#include <cmath>

#include "dropout.h"

namespace ct::kernels::CT_SET {

/// Rows x (Columns vectors) of a product, kept in registers.
template <int Rows, int Columns>
CT_INLINE void tile(
    int64_t depth, const float *a, int64_t a_row, int64_t a_column, const float *b, int64_t b_row, float *c,
    int64_t c_row, bool accumulate) {
  // Only where every loop over them is unrolled are the sums in registers.
  Vec sums[Rows][Columns];
  #pragma unroll
  for (int i = 0; i < Rows; ++i)
    #pragma unroll
    for (int j = 0; j < Columns; ++j) sums[i][j] = accumulate ? load(c + i * c_row + j * W) : Vec{};
  for (int64_t k = 0; k < depth; ++k) {
    Vec row[Columns];
    #pragma unroll
    for (int j = 0; j < Columns; ++j) row[j] = load(b + k * b_row + j * W);
    #pragma unroll
    for (int i = 0; i < Rows; ++i) {
      const Vec factor = all(a[i * a_row + k * a_column]);
      #pragma unroll
      for (int j = 0; j < Columns; ++j) sums[i][j] += factor * row[j];
    }
  }
  #pragma unroll
  for (int i = 0; i < Rows; ++i)
    #pragma unroll
    for (int j = 0; j < Columns; ++j) store(c + i * c_row + j * W, sums[i][j]);
}

/// One tile of all `rows`, which are at most `Rows`.
template <int Rows, int Columns>
CT_INLINE void last_tile(
    int64_t rows, int64_t depth, const float *a, int64_t a_row, int64_t a_column, const float *b, int64_t b_row,
    float *c, int64_t c_row, bool accumulate) {
  if (rows == Rows) return tile<Rows, Columns>(depth, a, a_row, a_column, b, b_row, c, c_row, accumulate);
  if constexpr (Rows > 1)
    last_tile<Rows - 1, Columns>(rows, depth, a, a_row, a_column, b, b_row, c, c_row, accumulate);
}

template <int Rows, int Columns>
CT_INLINE void panel(
    int64_t rows, int64_t depth, const float *a, int64_t a_row, int64_t a_column, const float *b, int64_t b_row,
    float *c, int64_t c_row, bool accumulate) {
  int64_t i = 0;
  for (; i + Rows <= rows; i += Rows)
    tile<Rows, Columns>(depth, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate);
  last_tile<Rows - 1, Columns>(
      rows - i, depth, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate);
}

/// c [rows, columns] = a [rows, depth] · b [depth, columns], or c += . `columns` is a multiple of `kAlign`.
static __attribute__((noinline)) void product(
    int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_row, int64_t a_column, const float *b,
    int64_t b_row, float *c, int64_t c_row, bool accumulate) {
  // AVX-512 has 32 registers, the others 16.
  constexpr bool has_many = W == 16;
  int64_t j = 0;
  if constexpr (has_many)
    for (; j + 4 * W <= columns; j += 4 * W)
      panel<6, 4>(rows, depth, a, a_row, a_column, b + j, b_row, c + j, c_row, accumulate);
  for (; j + 2 * W <= columns; j += 2 * W)
    panel<has_many ? 12 : 6, 2>(rows, depth, a, a_row, a_column, b + j, b_row, c + j, c_row, accumulate);
  for (; j < columns; j += W)
    panel<has_many ? 12 : 6, 1>(rows, depth, a, a_row, a_column, b + j, b_row, c + j, c_row, accumulate);
}

/// Rows from where a loop is to where it has the next ones fetched: a head's part of a row is too short, and the next
/// too far, for the processor to do so by itself.
constexpr int64_t kRowsAhead = 12;

/// to [rows, padded] = (from + bias) * scale, padded with zeros.
CT_INLINE void gather(
    int64_t rows, int64_t width, int64_t padded, const float *from, int64_t stride, const float *bias, float scale,
    float *to) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < padded; j += W) {
      const int64_t left = width - j;
      __builtin_prefetch(from + (i + kRowsAhead) * stride + j);
      Vec value = left > 0 ? load_part(from + i * stride + j, left) : Vec{};
      if (bias != nullptr && left > 0) value += load_part(bias + j, left);
      store(to + i * padded + j, value * scale);
    }
}

/// scores [rows, columns] += the bias of each distance, for the queries from `first` on.
CT_INLINE void add_distance_bias(
    const AttentionHead &head, int64_t first, int64_t rows, int64_t columns, float *scores, int64_t stride) {
  if (head.distance_bias == nullptr) return;
  for (int64_t i = 0; i < rows; ++i) {
    const float *bias = head.distance_bias - (first + i);
    float *row = scores + i * stride;
    for (int64_t j = 0; j < columns; j += W) store(row + j, load(row + j) + load(bias + j));
  }
}

/// to [width, rows padded with zeros] = from [rows, from_row] transposed. Rows of both can be read and written up to a
/// multiple of `kAlign`.
CT_INLINE void transpose(int64_t rows, int64_t width, const float *from, int64_t from_row, float *to, int64_t to_row) {
  for (int64_t i = 0; i < rows; i += W)
    for (int64_t j = 0; j < width; j += W) {
      Vec block[W];
      for (int r = 0; r < W; ++r) block[r] = i + r < rows ? load(from + (i + r) * from_row + j) : Vec{};
      transpose(block);
      for (int r = 0; r < W && j + r < width; ++r) store(to + (j + r) * to_row + i, block[r]);
    }
  for (int64_t j = 0; j < width; ++j)
    for (int64_t i = round_up(rows, W); i < round_up(rows, kAlign); i += W) store(to + j * to_row + i, Vec{});
}

/// Queries whose scores are held at once: what fits into some tens of kilobytes. A multiple of 4, so that a block
/// begins at a whole draw of the dropout generator.
CT_INLINE int64_t block_size(int64_t queries, int64_t padded_keys) {
  const int64_t most = 12288 / padded_keys / 12 * 12;
  const int64_t size = most < 12 ? 12 : most;
  return size < queries ? size : round_up(queries, 4);
}

/// From one row of scores, or of transposed keys, to the next: a vector more than it takes, so that at lengths that are
/// powers of two not all rows fall on the same few places of the cache.
CT_INLINE int64_t row_stride(int64_t columns) { return columns + kAlign; }

static int64_t attention_scratch(int64_t queries, int64_t keys, int64_t width, bool backward) {
  const int64_t padded = round_up(width, kAlign), columns = round_up(keys, kAlign);
  const int64_t block = block_size(queries, columns);
  const int64_t rows = block * padded, stride = row_stride(columns), scores = block * stride;
  const int64_t drawn = round_up(block * columns, kDraw);
  return backward ? 4 * keys * padded + 2 * width * stride + 3 * rows + 2 * scores + drawn + block
                  : 2 * keys * padded + width * stride + 2 * rows + scores + drawn;
}

/// The multipliers of scores [rows, columns] for the rows from `first` on. `drawn` has room for as many numbers.
CT_INLINE const float *draw(
    const AttentionHead &head, int64_t first, int64_t rows, int64_t columns, float *drawn) {
  const int64_t begin = first * columns / kDraw;
  dropout_multipliers(head.dropout, head.index, begin, begin + round_up(rows * columns, kDraw) / kDraw, drawn);
  return drawn;
}

static void attention_forward(const AttentionHead &head, float *scratch) {
  const int64_t width = head.width, keys = head.key_count;
  const int64_t padded = round_up(width, kAlign), columns = round_up(keys, kAlign);
  const int64_t block = block_size(head.query_count, columns), stride = row_stride(columns);
  float *k = scratch, *v = k + keys * padded, *kt = v + keys * padded, *q = kt + width * stride;
  float *out = q + block * padded, *scores = out + block * padded;
  float *drawn = scores + block * stride;
  const int64_t within = keys / W * W;
  const Ints inside = before(within, keys, InOrder{});
  gather(keys, width, padded, head.k, head.k_stride, head.k_bias, 1, k);
  transpose(keys, width, k, padded, kt, stride);
  gather(keys, width, padded, head.v, head.v_stride, head.v_bias, 1, v);
  for (int64_t first = 0; first < head.query_count; first += block) {
    const int64_t rows = head.query_count - first < block ? head.query_count - first : block;
    gather(rows, width, padded, head.q + first * head.q_stride, head.q_stride, head.q_bias, head.scale, q);
    product(rows, columns, width, q, padded, 1, kt, stride, scores, stride, false);
    add_distance_bias(head, first, rows, columns, scores, stride);
    if (head.dropout.active()) draw(head, first, rows, columns, drawn);
    for (int64_t i = 0; i < rows; ++i) {
      float *row = scores + i * stride;
      // Nothing is attended to beyond the keys, where the last vector may reach.
      Vec highest = within < keys ? (inside ? load(row + within) : all(-INFINITY)) : load(row);
      for (int64_t j = 0; j < within; j += W) highest = larger(highest, load(row + j));
      const float top = maximum(highest);
      Vec total{};
      for (int64_t j = 0; j < within; j += W) {
        const Vec e = exponential(load(row + j) - top);
        store(row + j, e);
        total += e;
      }
      if (within < keys) {
        const Vec e = inside ? exponential(load(row + within) - top) : Vec{};
        store(row + within, e);
        total += e;
      }
      const float sum_of_row = sum(total);
      if (head.log_sum != nullptr) head.log_sum[first + i] = top + std::log(sum_of_row);
      const float inverse = 1 / sum_of_row;
      if (head.dropout.active()) {
        const float *kept = drawn + i * columns;
        for (int64_t j = 0; j < keys; j += W) store(row + j, load(row + j) * load(kept + j) * inverse);
      } else {
        for (int64_t j = 0; j < keys; j += W) store(row + j, load(row + j) * inverse);
      }
    }
    product(rows, padded, keys, scores, stride, 1, v, padded, out, padded, false);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < width; j += W) {
        __builtin_prefetch(head.out + (first + i + kRowsAhead) * head.out_stride + j, 1);
        store_part(head.out + (first + i) * head.out_stride + j, load(out + i * padded + j), width - j);
      }
  }
}

/// to [rows, width] = from [rows, padded], and the sums of the columns.
CT_INLINE void scatter(
    int64_t rows, int64_t width, int64_t padded, const float *from, float *to, int64_t stride, float *sums,
    float scale, bool add_sums) {
  for (int64_t j = 0; j < width; j += W) {
    Vec total = add_sums ? load_part(sums + j, width - j) : Vec{};
    for (int64_t i = 0; i < rows; ++i) {
      __builtin_prefetch(to + (i + kRowsAhead) * stride + j, 1);
      const Vec value = load(from + i * padded + j) * scale;
      store_part(to + i * stride + j, value, width - j);
      total += value;
    }
    store_part(sums + j, total, width - j);
  }
}

static void attention_backward(const AttentionHead &head, const AttentionGradient &gradient, float *scratch) {
  const int64_t width = head.width, keys = head.key_count;
  const int64_t padded = round_up(width, kAlign), columns = round_up(keys, kAlign);
  const int64_t block = block_size(head.query_count, columns), stride = row_stride(columns);
  float *k = scratch, *v = k + keys * padded, *dk = v + keys * padded, *dv = dk + keys * padded;
  float *kt = dv + keys * padded, *vt = kt + width * stride, *q = vt + width * stride;
  float *grad = q + block * padded, *dq = grad + block * padded, *scores = dq + block * padded;
  float *d_scores = scores + block * stride, *drawn = d_scores + block * stride;
  float *balance = drawn + round_up(block * columns, kDraw);
  gather(keys, width, padded, head.k, head.k_stride, head.k_bias, 1, k);
  gather(keys, width, padded, head.v, head.v_stride, head.v_bias, 1, v);
  transpose(keys, width, k, padded, kt, stride);
  transpose(keys, width, v, padded, vt, stride);
  for (int64_t first = 0; first < head.query_count; first += block) {
    const int64_t rows = head.query_count - first < block ? head.query_count - first : block;
    gather(rows, width, padded, head.q + first * head.q_stride, head.q_stride, head.q_bias, head.scale, q);
    gather(rows, width, padded, gradient.grad + first * head.out_stride, head.out_stride, nullptr, 1, grad);
    for (int64_t i = 0; i < rows; ++i) {
      const float *out = head.out + (first + i) * head.out_stride;
      Vec total{};
      for (int64_t j = 0; j < width; j += W) {
        __builtin_prefetch(out + kRowsAhead * head.out_stride + j);
        total += load_part(out + j, width - j) * load(grad + i * padded + j);
      }
      balance[i] = sum(total);
    }
    product(rows, columns, width, q, padded, 1, kt, stride, scores, stride, false);
    add_distance_bias(head, first, rows, columns, scores, stride);
    product(rows, columns, width, grad, padded, 1, vt, stride, d_scores, stride, false);
    const bool drops = head.dropout.active();
    if (drops) draw(head, first, rows, columns, drawn);
    for (int64_t i = 0; i < rows; ++i) {
      float *row = scores + i * stride, *d_row = d_scores + i * stride;
      const float *kept = drawn + i * columns;
      const float shift = head.log_sum[first + i], subtract = balance[i];
      // What is beyond the keys enters no product.
      for (int64_t j = 0; j < keys; j += W) {
        const Vec p = exponential(load(row + j) - shift), factor = drops ? load(kept + j) : all(1);
        store(row + j, p * factor);
        store(d_row + j, p * (factor * load(d_row + j) - subtract));
      }
      if (gradient.d_distance_bias != nullptr) {
        for (int64_t j = keys; j < columns; ++j) d_row[j] = 0;
        float *sums = gradient.d_distance_bias - (first + i);
        for (int64_t j = 0; j < columns; j += W) store(sums + j, load(sums + j) + load(d_row + j));
      }
    }
    const bool again = first > 0;
    product(keys, padded, rows, scores, 1, stride, grad, padded, dv, padded, again);
    product(keys, padded, rows, d_scores, 1, stride, q, padded, dk, padded, again);
    product(rows, padded, keys, d_scores, stride, 1, k, padded, dq, padded, false);
    scatter(
        rows, width, padded, dq, gradient.dq + first * gradient.dq_stride, gradient.dq_stride, gradient.dq_bias,
        head.scale, again);
  }
  scatter(keys, width, padded, dk, gradient.dk, gradient.dk_stride, gradient.dk_bias, 1, false);
  scatter(keys, width, padded, dv, gradient.dv, gradient.dv_stride, gradient.dv_bias, 1, false);
}

}  // namespace ct::kernels::CT_SET
