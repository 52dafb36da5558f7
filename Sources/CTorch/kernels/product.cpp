#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <dlfcn.h>

#include <algorithm>

#include "fused.h"
#include "own_product.h"

namespace ct::kernels {

namespace {

// BLAS's own entry in the library that libtorch brings, in Fortran's order of elements. Only where that is MKL, which
// can be told for each thread to add no others.
using Gemm = void (*)(
    const char *, const char *, const int *, const int *, const int *, const float *, const float *, const int *,
    const float *, const int *, const float *, float *, const int *);

Gemm gemm_entry() {
  static const auto entry = dlsym(RTLD_DEFAULT, "MKL_Set_Num_Threads_Local") == nullptr
                                ? nullptr
                                : reinterpret_cast<Gemm>(dlsym(RTLD_DEFAULT, "sgemm_"));
  return entry;
}

/// While it lives, MKL uses this thread alone for what this thread asks for.
class OneThread {
 public:
  OneThread() : before_(set()(1)) {}
  ~OneThread() { set()(before_); }
  OneThread(const OneThread &) = delete;

 private:
  static int (*set())(int) {
    static const auto entry = reinterpret_cast<int (*)(int)>(dlsym(RTLD_DEFAULT, "MKL_Set_Num_Threads_Local"));
    return entry;
  }

  int before_;
};

/// Less than so many rows or columns, or multiplications, aren't worth a share.
constexpr int64_t kLeast = 32, kLeastWork = 1 << 18;
/// Shares begin at whole cache lines of a row.
constexpr int64_t kGrain = 16;

struct Operand {
  const float *data;
  int stride;
  bool is_transposed;

  explicit Operand(const Factor &factor)
      : data(factor.matrix.data_ptr<float>()), stride(static_cast<int>(factor.matrix.stride(0))),
        is_transposed(factor.is_transposed) {}

  /// From row (or, for the second operand, column) `index` on.
  const float *from_row(int64_t index) const { return data + index * (is_transposed ? 1 : stride); }
  const float *from_column(int64_t index) const { return data + index * (is_transposed ? stride : 1); }
};

/// Whether rows lie one after the other, as far apart as BLAS can say.
bool is_dense(const at::Tensor &matrix) {
  return matrix.stride(1) == 1 && matrix.stride(0) >= matrix.size(1) && matrix.stride(0) <= INT32_MAX;
}

/// A product that is shared out.
struct Job {
  Operand a, b;
  float *out;
  int out_stride;
  int rows, columns, depth;
  /// What `out` held counts so many times.
  float before;

  Job(const at::Tensor &out, const Factor &a, const Factor &b, Into into)
      : a(a), b(b), out(out.data_ptr<float>()), out_stride(static_cast<int>(out.stride(0))),
        rows(static_cast<int>(a.rows())), columns(static_cast<int>(b.columns())), depth(static_cast<int>(a.columns())),
        before(into == Into::sum ? 1 : 0) {}

  /// What the shares are of.
  int64_t extent() const { return a.is_transposed ? rows : columns; }

  void run(int64_t begin, int64_t end) const {
    const int share = static_cast<int>(end - begin);
    const float one = 1;
    const bool by_rows = a.is_transposed;
    const int r = by_rows ? share : rows, c = by_rows ? columns : share;
    const OneThread one_thread;
    // Read by columns, a matrix in rows is its transpose: out' = b' a'.
    gemm_entry()(
        b.is_transposed ? "T" : "N", a.is_transposed ? "T" : "N", &c, &r, &depth, &one,
        by_rows ? b.data : b.from_column(begin), &b.stride, by_rows ? a.from_row(begin) : a.data, &a.stride, &before,
        by_rows ? out + begin * out_stride : out + begin, &out_stride);
  }
};

bool can_share(const at::Tensor &out, const Factor &a, const Factor &b) {
  return out.device().is_cpu() && a.matrix.scalar_type() == at::kFloat && is_dense(out) && is_dense(a.matrix) &&
         is_dense(b.matrix) && (a.is_transposed ? a.rows() : b.columns()) >= kLeast &&
         a.rows() * a.columns() * b.columns() >= kLeastWork;
}

}  // namespace

at::Tensor Factor::tensor() const { return is_transposed ? matrix.t() : matrix; }

void multiply(const at::Tensor &out, Factor a, Factor b, Into into) {
  if (a.matrix.scalar_type() == at::kBFloat16) {
    const at::Tensor result = at::mm(a.tensor(), b.tensor());
    if (into == Into::sum) {
      out.add_(result);
    } else {
      out.copy_(result);
    }
    return;
  }
  if (const ProductTable *products = own_products(); products != nullptr && takes_own(out, a, b))
    return multiply_own(*products, out, a, b, into);
  const int64_t threads = thread_count();
  if (threads == 1 || gemm_entry() == nullptr || !can_share(out, a, b)) {
    at::Tensor result = out;
    if (into == Into::sum) {
      at::addmm_out(result, out, a.tensor(), b.tensor());
    } else {
      at::mm_out(result, a.tensor(), b.tensor());
    }
    return;
  }
  const Span span("product", {a.rows(), b.columns(), a.columns(), a.is_transposed, b.is_transposed});
  const Job job(out, a, b, into);
  const int64_t extent = job.extent(), units = (extent + kGrain - 1) / kGrain;
  parallel(units, threads, [&](int64_t, int64_t begin, int64_t end) {
    job.run(begin * kGrain, std::min(extent, end * kGrain));
  });
}

at::Tensor product(Factor a, Factor b) {
  at::Tensor out = floats({a.rows(), b.columns()});
  multiply(out, a, b);
  return out;
}

}  // namespace ct::kernels
