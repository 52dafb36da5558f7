#include "own_product.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

#include "fused.h"

namespace ct::kernels {

namespace {

enum class Products { automatic, own, library };
std::atomic<Products> chosen_products{Products::automatic};

/// The set that goes with the kernels' own.
const ProductTable *table_of_set() {
#if defined(__x86_64__)
  if (&table() == &avx512_table) return &product_avx512_table;
  if (&table() == &avx2_table) return &product_avx2_table;
#elif defined(__aarch64__)
  if (&table() == &neon_table) return &product_neon_table;
#endif
  return nullptr;
}

bool is_own_faster() {
#if defined(__x86_64__)
  static const bool is_faster = !__builtin_cpu_is("intel");
  return is_faster;
#else
  return false;
#endif
}

/// Fewer multiplications than these aren't worth a thread.
constexpr int64_t kWorkOfThread = 1 << 17;

struct Free {
  void operator()(float *memory) const { std::free(memory); }
};

/// What a thread copies to. It stays: a product more often follows another than not.
float *scratch_of_thread(int64_t count) {
  static thread_local std::unique_ptr<float, Free> memory;
  static thread_local int64_t room = 0;
  if (room < count) {
    const auto bytes = static_cast<size_t>(round_up(count, kAlign)) * sizeof(float);
    memory.reset(static_cast<float *>(std::aligned_alloc(64, bytes)));
    room = memory == nullptr ? 0 : count;
  }
  return memory.get();
}

/// Shares in tiles: of rows, and of columns.
struct Grid {
  int64_t rows, columns;
};

/// How a product is shared out among up to `threads`. Every share copies its part of `b`, if it isn't packed, and, for
/// each block of columns, of `a`. The weights are what a number costs to be copied, in multiplications by vectors, as
/// measured.
Grid grid(const ProductTable &products, int64_t rows, int64_t columns, bool is_packed, int64_t threads) {
  const int64_t row_tiles = (rows + products.tile_rows - 1) / products.tile_rows;
  const int64_t column_tiles = (columns + products.tile_columns - 1) / products.tile_columns;
  Grid best{1, 1};
  double least = 0;
  for (int64_t c = 1; c <= std::min(threads, column_tiles); ++c) {
    const int64_t r = std::min(threads / c, row_tiles);
    const double share_rows = static_cast<double>(rows) / static_cast<double>(r);
    const double share_columns = static_cast<double>((column_tiles + c - 1) / c * products.tile_columns);
    const double cost = share_rows * share_columns + (is_packed ? 0 : 10) * share_columns + 4 * share_rows;
    if (c > 1 && cost >= least) continue;
    least = cost;
    best = {r, c};
  }
  return best;
}

ProductMatrix matrix(const Factor &factor) {
  return {factor.matrix.data_ptr<float>(), factor.matrix.stride(0), factor.is_transposed};
}

/// Whether rows lie one after the other.
bool in_rows(const at::Tensor &matrix) {
  return matrix.scalar_type() == at::kFloat && matrix.device().is_cpu() && matrix.stride(1) == 1 &&
         (matrix.stride(0) >= matrix.size(1) || matrix.size(0) == 1);
}

}  // namespace

const ProductTable *own_products() {
  switch (chosen_products.load(std::memory_order_relaxed)) {
    case Products::library: return nullptr;
    case Products::own: return table_of_set();
    case Products::automatic: break;
  }
  return is_own_faster() ? table_of_set() : nullptr;
}

bool takes_own(const at::Tensor &out, const Factor &a, const Factor &b) {
  return in_rows(out) && in_rows(a.matrix) && in_rows(b.matrix) && a.columns() > 0;
}

void multiply_own(
    const ProductTable &products, const at::Tensor &out, const Factor &a, const Factor &b, Into into,
    const float *bias, const float *packed) {
  const ProductJob job{
      matrix(a), matrix(b), out.data_ptr<float>(), out.stride(0), a.rows(), b.columns(), a.columns(),
      into == Into::sum, bias, packed};
  if (job.rows == 0 || job.columns == 0) return;
  const Span span("product", {job.rows, job.columns, job.depth, a.is_transposed, b.is_transposed});
  const int64_t threads =
      std::clamp<int64_t>(job.rows * job.columns * job.depth / kWorkOfThread, 1, thread_count());
  const Grid shares = grid(products, job.rows, job.columns, packed != nullptr, threads);
  const int64_t row_tiles = (job.rows + products.tile_rows - 1) / products.tile_rows;
  const int64_t column_tiles = (job.columns + products.tile_columns - 1) / products.tile_columns;
  std::atomic<bool> has_memory{true};
  parallel(shares.rows * shares.columns, shares.rows * shares.columns, [&](int64_t, int64_t begin, int64_t end) {
    float *scratch = scratch_of_thread(products.scratch);
    if (scratch == nullptr) {
      has_memory = false;
      return;
    }
    for (int64_t share = begin; share < end; ++share) {
      const int64_t r = share / shares.columns, c = share % shares.columns;
      const ProductPart part{
          row_tiles * r / shares.rows * products.tile_rows,
          std::min(job.rows, row_tiles * (r + 1) / shares.rows * products.tile_rows),
          column_tiles * c / shares.columns * products.tile_columns,
          std::min(job.columns, column_tiles * (c + 1) / shares.columns * products.tile_columns)};
      products.multiply(job, part, scratch);
    }
  });
  TORCH_CHECK(has_memory, "no memory for the ", products.scratch * 4, " bytes that a product needs on each thread");
}

}  // namespace ct::kernels

const char *ct_products(void) {
  const ct::kernels::ProductTable *own = ct::kernels::own_products();
  return own == nullptr ? "library" : own->name;
}

int32_t ct_set_products(const char *name) {
  using namespace ct::kernels;
  return ct::boundary([&] {
    const std::string given = name;
    TORCH_CHECK(
        given == "auto" || given == "own" || given == "library", "products of float32 can't be '", given, "'");
    const Products products =
        given == "auto" ? Products::automatic : given == "own" ? Products::own : Products::library;
    TORCH_CHECK(
        products != Products::own || table_of_set() != nullptr, "the kernels '", table().name,
        "' have no products of their own");
    chosen_products = products;
  });
}

int32_t ct_multiply(
    const ct_tensor *out, const ct_tensor *a, bool is_a_transposed, const ct_tensor *b, bool is_b_transposed,
    bool adds) {
  using namespace ct::kernels;
  return ct::boundary([&] {
    const Factor first(ct::get(a), is_a_transposed), second(ct::get(b), is_b_transposed);
    const at::Tensor &result = ct::get(out);
    TORCH_CHECK(
        first.columns() == second.rows() && result.size(0) == first.rows() && result.size(1) == second.columns(),
        "a product of matrices whose sizes don't fit");
    multiply(result, first, second, adds ? Into::sum : Into::empty);
  });
}
