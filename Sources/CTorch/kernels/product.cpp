#include <ATen/ops/mm.h>
#include <dlfcn.h>

#include <algorithm>

#include "fused.h"

namespace ct::kernels {

namespace {

// BLAS's own entry in the library that libtorch brings, in Fortran's order of elements. Only where that is MKL: it
// sees that it is called on several threads and adds none.
using Gemm = void (*)(
    const char *, const char *, const int *, const int *, const int *, const float *, const float *, const int *,
    const float *, const int *, const float *, float *, const int *);

Gemm gemm_entry() {
  static const auto entry = dlsym(RTLD_DEFAULT, "mkl_set_num_threads_local") == nullptr
                                ? nullptr
                                : reinterpret_cast<Gemm>(dlsym(RTLD_DEFAULT, "sgemm_"));
  return entry;
}

/// Fewer elements than this in a row or column of a share aren't worth one.
constexpr int64_t kLeast = 32;
/// Shares begin at whole cache lines of a row.
constexpr int64_t kGrain = 16;

struct Operand {
  const float *data;
  int stride;
  bool is_transposed;

  explicit Operand(const at::Tensor &matrix)
      : data(matrix.data_ptr<float>()),
        stride(static_cast<int>(matrix.stride(1) == 1 ? matrix.stride(0) : matrix.stride(1))),
        is_transposed(matrix.stride(1) != 1) {}

  /// From row (or, for the second operand, column) `index` on.
  const float *from_row(int64_t index) const { return data + index * (is_transposed ? 1 : stride); }
  const float *from_column(int64_t index) const { return data + index * (is_transposed ? stride : 1); }
};

/// Whether rows or columns lie one after the other.
bool is_dense(const at::Tensor &matrix) {
  const auto fits = [&](int64_t stride, int64_t least) { return stride >= least && stride <= INT32_MAX; };
  return (matrix.stride(1) == 1 && fits(matrix.stride(0), matrix.size(1))) ||
         (matrix.stride(0) == 1 && fits(matrix.stride(1), matrix.size(0)));
}

/// A product that is shared out.
struct Job {
  Operand a, b;
  float *out;
  int out_stride;
  int rows, columns, depth;

  Job(const at::Tensor &out, const at::Tensor &a, const at::Tensor &b)
      : a(a), b(b), out(out.data_ptr<float>()), out_stride(static_cast<int>(out.stride(0))),
        rows(static_cast<int>(a.size(0))), columns(static_cast<int>(b.size(1))), depth(static_cast<int>(a.size(1))) {}

  /// What the shares are of.
  int64_t extent() const { return a.is_transposed ? rows : columns; }

  void run(int64_t begin, int64_t end) const {
    const int share = static_cast<int>(end - begin);
    const float one = 1, zero = 0;
    const bool by_rows = a.is_transposed;
    const int r = by_rows ? share : rows, c = by_rows ? columns : share;
    // Read by columns, a matrix in rows is its transpose: out' = b' a'.
    gemm_entry()(
        b.is_transposed ? "T" : "N", a.is_transposed ? "T" : "N", &c, &r, &depth, &one,
        by_rows ? b.data : b.from_column(begin), &b.stride, by_rows ? a.from_row(begin) : a.data, &a.stride, &zero,
        by_rows ? out + begin * out_stride : out + begin, &out_stride);
  }
};

bool can_share(const at::Tensor &out, const at::Tensor &a, const at::Tensor &b) {
  return a.device().is_cpu() && a.scalar_type() == at::kFloat && out.stride(1) == 1 && is_dense(out) && is_dense(a) &&
         is_dense(b) && std::min({a.size(0), a.size(1), b.size(1)}) >= kLeast;
}

}  // namespace

void multiply(const at::Tensor &out, const at::Tensor &a, const at::Tensor &b) {
  if (a.scalar_type() == at::kBFloat16) {
    out.copy_(at::mm(a, b));
    return;
  }
  const int64_t threads = thread_count();
  if (threads == 1 || gemm_entry() == nullptr || !can_share(out, a, b)) {
    at::Tensor result = out;
    at::mm_out(result, a, b);
    return;
  }
  const Span span("product", a, b);
  const Job job(out, a, b);
  const int64_t extent = job.extent(), units = (extent + kGrain - 1) / kGrain;
  parallel(units, threads, [&](int64_t, int64_t begin, int64_t end) {
    job.run(begin * kGrain, std::min(extent, end * kGrain));
  });
}

at::Tensor product(const at::Tensor &a, const at::Tensor &b) {
  at::Tensor out = floats({a.size(0), b.size(1)});
  multiply(out, a, b);
  return out;
}

LinearGradients linear_gradients(
    const at::Tensor &grad, const at::Tensor &x, const at::Tensor &weight, bool needs_x, bool needs_weight) {
  return {needs_x ? product(grad, weight) : at::Tensor(), needs_weight ? product(grad.t(), x) : at::Tensor()};
}

}  // namespace ct::kernels
