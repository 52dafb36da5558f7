// Products of float32 matrices. Included once by each file that names an instruction set: its registers hold the sums
// of CT_PRODUCT_ROWS rows and CT_PRODUCT_VECTORS vectors of columns; CT_PRODUCT_COLUMNS columns go into its second
// cache.
#pragma once

#include "product_table.h"
#include "vector.h"

#define CT_UNROLLED _Pragma("clang loop unroll(full)")

namespace ct::kernels::CT_SET {

constexpr int kTileRows = CT_PRODUCT_ROWS, kVectors = CT_PRODUCT_VECTORS, kPanel = kVectors * W;
/// Columns and depth of the piece of `b` that is copied at a time.
constexpr int64_t kBlockColumns = CT_PRODUCT_COLUMNS, kBlockDepth = 384;
/// Where rows of a copied tile of `a` begin: not a power of two apart, which would be one place in the cache. And,
/// where it is copied column by column, where those begin.
constexpr int kRowStep = kBlockDepth + 16, kColumnStep = static_cast<int>(round_up(kTileRows, W));
/// Room for a tile of either kind.
constexpr int64_t kTile = kColumnStep * kRowStep;
static_assert(kBlockColumns % kPanel == 0);

/// What the sums of a piece are added to: rows `stride` apart, 0 for the same one each time; null for none.
struct ProductBefore {
  const float *data;
  int64_t stride;
};

/// `Rows` rows and one panel of columns. Number k of row r of `a` is at r * RowStep + k * DepthStep. Meanwhile a panel
/// is asked for at `next`, or one place again and again, where `next_step` is 0.
template <int Rows, int RowStep, int DepthStep>
CT_INLINE void product_tile(
    const float *a, const float *panel, int64_t depth, float *out, int64_t out_stride, int64_t columns,
    const float *before, int64_t before_stride, const float *next, int64_t next_step) {
  CT_UNROLLED for (int r = 0; r < Rows; ++r)
    CT_UNROLLED for (int c = 0; c < kPanel; c += 16) __builtin_prefetch(out + r * out_stride + c, 1);
  Vec sums[Rows][kVectors] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Vec b[kVectors];
    CT_UNROLLED for (int v = 0; v < kVectors; ++v) b[v] = load(panel + k * kPanel + v * W);
    CT_UNROLLED for (int c = 0; c < kPanel; c += 16) __builtin_prefetch(next + k * next_step + c, 0, 2);
    CT_UNROLLED for (int r = 0; r < Rows; ++r) {
      const Vec x = all(a[r * RowStep + k * DepthStep]);
      CT_UNROLLED for (int v = 0; v < kVectors; ++v) sums[r][v] = __builtin_elementwise_fma(x, b[v], sums[r][v]);
    }
  }
  CT_UNROLLED for (int r = 0; r < Rows; ++r)
    CT_UNROLLED for (int v = 0; v < kVectors; ++v) {
      float *to = out + r * out_stride + v * W;
      const float *from = before + r * before_stride + v * W;
      const int64_t count = columns - v * W;
      if (count >= W) {
        store(to, before != nullptr ? load(from) + sums[r][v] : sums[r][v]);
      } else if (count > 0) {
        store_part(to, before != nullptr ? load_part(from, count) + sums[r][v] : sums[r][v], count);
      }
    }
}

/// `Rows` rows and all panels of a block.
template <int Rows, bool IsTransposed>
static void product_rows(
    const float *a, const float *b, int64_t depth, float *out, int64_t out_stride, int64_t columns,
    const ProductBefore &before, const float *next) {
  for (int64_t column = 0; column < columns; column += kPanel)
    product_tile<Rows, IsTransposed ? 1 : kRowStep, IsTransposed ? kColumnStep : 1>(
        a, b + column * depth, depth, out + column, out_stride, columns - column,
        before.data == nullptr ? nullptr : before.data + column, before.stride,
        next == nullptr ? a : next + column * depth, next == nullptr ? 0 : kPanel);
}

using ProductRows = void (*)(
    const float *, const float *, int64_t, float *, int64_t, int64_t, const ProductBefore &, const float *);

template <bool IsTransposed, int... Less>
static ProductRows product_rows_of(int64_t rows, Order<Less...>) {
  static constexpr ProductRows functions[] = {product_rows<Less + 1, IsTransposed>...};
  return functions[rows - 1];
}

/// A vector of row `k` of a panel that has `width` columns, zeros beyond.
CT_INLINE Vec panel_part(const float *row, int64_t v, int64_t width) {
  return width > v * W ? load_part(row + v * W, width - v * W) : Vec{};
}

/// Copies a piece of `b` by panels: [panels, depth, kPanel].
static void product_copy_panels(
    const ProductMatrix &b, int64_t first, int64_t depth, int64_t begin, int64_t columns, float *to) {
  for (int64_t column = 0; column < columns; column += kPanel, to += kPanel * depth) {
    const int64_t width = columns - column < kPanel ? columns - column : kPanel;
    if (!b.is_transposed) {
      const float *from = b.data + first * b.stride + begin + column;
      for (int64_t k = 0; k < depth; ++k)
        CT_UNROLLED for (int v = 0; v < kVectors; ++v)
          store(to + k * kPanel + v * W, panel_part(from + k * b.stride, v, width));
      continue;
    }
    for (int64_t v = 0; v < kVectors; ++v)
      for (int64_t k = 0; k < depth; k += W) {
        const float *from = b.data + (begin + column + v * W) * b.stride + first + k;
        const int64_t filled = width - v * W, some = depth - k < W ? depth - k : W;
        Vec rows[W];
        if (filled >= W && some == W) {
          CT_UNROLLED for (int i = 0; i < W; ++i) rows[i] = load(from + i * b.stride);
        } else {
          for (int64_t i = 0; i < W; ++i) rows[i] = i < filled ? load_part(from + i * b.stride, some) : Vec{};
        }
        transpose(rows);
        if (some == W) {
          CT_UNROLLED for (int i = 0; i < W; ++i) store(to + (k + i) * kPanel + v * W, rows[i]);
        } else {
          for (int64_t i = 0; i < some; ++i) store(to + (k + i) * kPanel + v * W, rows[i]);
        }
      }
  }
}

/// Copies a tile of `a` as it lies: read where it is, rows that are a power of two apart would be one place in the
/// cache.
static void product_copy_rows(
    const ProductMatrix &a, int64_t first, int64_t depth, int64_t begin, int64_t rows, int64_t all_rows, float *to) {
  if (!a.is_transposed) {
    for (int64_t r = 0; r < rows; ++r) {
      const float *from = a.data + (begin + r) * a.stride + first;
      int64_t k = 0;
      for (; k + W <= depth; k += W) store(to + r * kRowStep + k, load(from + k));
      if (k < depth) store(to + r * kRowStep + k, load_part(from + k, depth - k));
    }
    return;
  }
  const float *from = a.data + first * a.stride + begin;
  if (begin + kColumnStep <= all_rows) {
    for (int64_t k = 0; k < depth; ++k)
      CT_UNROLLED for (int r = 0; r < kColumnStep; r += W)
        store(to + k * kColumnStep + r, load(from + k * a.stride + r));
  } else {
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t r = 0; r < rows; r += W)
        store(to + k * kColumnStep + r, load_part(from + k * a.stride + r, rows - r));
  }
}

/// How many pieces the depth is read in, all about equally long, and where they begin.
CT_INLINE int64_t depth_count(int64_t depth) { return (depth + kBlockDepth - 1) / kBlockDepth; }
CT_INLINE int64_t depth_begin(int64_t depth, int64_t piece) { return depth * piece / depth_count(depth); }

/// Where a packed matrix has the panels from `column` on: piece of the depth by piece, and in each panel by panel.
CT_INLINE int64_t packed_place(int64_t first, int64_t depth, int64_t columns, int64_t column) {
  return first * round_up(columns, kPanel) + column * depth;
}

static void product_pack(
    const ProductMatrix &b, int64_t depth, int64_t columns, int64_t begin, int64_t end, float *packed) {
  for (int64_t d = 0; d < depth_count(depth); ++d) {
    const int64_t first = depth_begin(depth, d), length = depth_begin(depth, d + 1) - first;
    product_copy_panels(b, first, length, begin, end - begin, packed + packed_place(first, length, columns, begin));
  }
}

static void product_multiply(const ProductJob &job, const ProductPart &part, float *scratch) {
  constexpr auto heights = std::make_integer_sequence<int, kTileRows>{};
  float *tile = scratch + kBlockDepth * kBlockColumns;
  // Blocks and tiles are about equally large: a small one at the end would be slow.
  const int64_t rows = part.row_end - part.row_begin, tiles = (rows + kTileRows - 1) / kTileRows;
  const int64_t panel_count = (part.column_end - part.column_begin + kPanel - 1) / kPanel;
  const int64_t blocks = (panel_count * kPanel + kBlockColumns - 1) / kBlockColumns;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t begin = part.column_begin + panel_count * block / blocks * kPanel;
    const int64_t after = part.column_begin + panel_count * (block + 1) / blocks * kPanel;
    const int64_t columns = (after < part.column_end ? after : part.column_end) - begin;
    for (int64_t d = 0; d < depth_count(job.depth); ++d) {
      const int64_t first = depth_begin(job.depth, d), depth = depth_begin(job.depth, d + 1) - first;
      const float *panels = scratch, *next = nullptr;
      if (job.packed != nullptr) {
        panels = job.packed + packed_place(first, depth, job.columns, begin);
        // The next piece comes from memory while the first rows are multiplied with this one.
        const bool ends = d + 1 == depth_count(job.depth);
        const int64_t next_first = ends ? 0 : depth_begin(job.depth, d + 1);
        const int64_t next_depth = depth_begin(job.depth, ends ? 1 : d + 2) - next_first;
        if (!ends || block + 1 < blocks)
          next = job.packed + packed_place(next_first, next_depth, job.columns, ends ? after : begin);
      } else {
        product_copy_panels(job.b, first, depth, begin, columns, scratch);
      }
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t row = part.row_begin + rows * t / tiles, some = part.row_begin + rows * (t + 1) / tiles - row;
        product_copy_rows(job.a, first, depth, row, some, job.rows, tile);
        const ProductRows multiply =
            job.a.is_transposed ? product_rows_of<true>(some, heights) : product_rows_of<false>(some, heights);
        float *out = job.out + row * job.out_stride + begin;
        const ProductBefore before = job.adds || d > 0     ? ProductBefore{out, job.out_stride}
                                     : job.bias != nullptr ? ProductBefore{job.bias + begin, 0}
                                                           : ProductBefore{nullptr, 0};
        multiply(tile, panels, depth, out, job.out_stride, columns, before, t == 0 ? next : nullptr);
      }
    }
  }
}

}  // namespace ct::kernels::CT_SET

#define CT_PRODUCT_TABLE(NAME)                                                                              \
  {                                                                                                         \
    NAME, CT_SET::kTileRows, CT_SET::kPanel,                                                                \
        CT_SET::kBlockDepth * CT_SET::kBlockColumns + CT_SET::kTile, CT_SET::product_pack,                  \
        CT_SET::product_multiply                                                                            \
  }
