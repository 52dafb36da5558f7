// Element-wise and whole-tensor operations.
#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/all.h>
#include <ATen/ops/any.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/div.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/le.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/masked_fill.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/min.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "boundary.h"

namespace {

at::Tensor unary(ct_unary_op op, const at::Tensor &x) {
  switch (op) {
    case CT_NEG: return at::neg(x);
    case CT_EXP: return at::exp(x);
    case CT_LOG: return at::log(x);
    case CT_SQRT: return at::sqrt(x);
    case CT_RSQRT: return at::rsqrt(x);
    case CT_TANH: return at::tanh(x);
    case CT_ERF: return at::erf(x);
    case CT_SIGMOID: return at::sigmoid(x);
    case CT_RELU: return at::relu(x);
    case CT_ABS: return at::abs(x);
    case CT_SIN: return at::sin(x);
    case CT_COS: return at::cos(x);
    case CT_SILU: return at::silu(x);
    case CT_GELU: return at::gelu(x, "none");
    case CT_GELU_TANH: return at::gelu(x, "tanh");
    case CT_LOGICAL_NOT: return at::logical_not(x);
    case CT_IS_NAN: return at::isnan(x);
    case CT_IS_FINITE: return at::isfinite(x);
    case CT_CLONE: return x.clone();
    case CT_CONTIGUOUS: return x.contiguous();
    case CT_DETACH: return x.detach();
    case CT_ZEROS_LIKE: return at::zeros_like(x);
    case CT_ONES_LIKE: return at::ones_like(x);
    case CT_SUM: return at::sum(x);
    case CT_MEAN: return at::mean(x);
    case CT_MAX: return at::max(x);
    case CT_MIN: return at::min(x);
    case CT_NORM: return at::linalg_vector_norm(x);
    case CT_ALL: return at::all(x);
    case CT_ANY: return at::any(x);
  }
  TORCH_CHECK(false, "no operation ", int(op));
}

at::Tensor binary(ct_binary_op op, const at::Tensor &a, const at::Tensor &b) {
  switch (op) {
    case CT_ADD: return at::add(a, b);
    case CT_SUB: return at::sub(a, b);
    case CT_MUL: return at::mul(a, b);
    case CT_DIV: return at::div(a, b);
    case CT_POW: return at::pow(a, b);
    case CT_EQ: return at::eq(a, b);
    case CT_NE: return at::ne(a, b);
    case CT_LT: return at::lt(a, b);
    case CT_GT: return at::gt(a, b);
    case CT_LE: return at::le(a, b);
    case CT_GE: return at::ge(a, b);
    case CT_AND: return at::logical_and(a, b);
    case CT_OR: return at::logical_or(a, b);
    case CT_MATMUL: return at::matmul(a, b);
    default: TORCH_CHECK(false, "no operation ", int(op), " on two tensors");
  }
}

at::Tensor binary(ct_binary_op op, const at::Tensor &a, const at::Scalar &b) {
  switch (op) {
    case CT_ADD: return at::add(a, b);
    case CT_SUB: return at::sub(a, b);
    case CT_MUL: return at::mul(a, b);
    case CT_DIV: return at::div(a, b);
    case CT_POW: return at::pow(a, b);
    case CT_EQ: return at::eq(a, b);
    case CT_NE: return at::ne(a, b);
    case CT_LT: return at::lt(a, b);
    case CT_GT: return at::gt(a, b);
    case CT_LE: return at::le(a, b);
    case CT_GE: return at::ge(a, b);
    case CT_RSUB: return at::rsub(a, b);
    // As Python's `number / tensor` does it.
    case CT_RDIV: return at::mul(at::reciprocal(a), b);
    default: TORCH_CHECK(false, "no operation ", int(op), " on a tensor and a number");
  }
}

}  // namespace

int32_t ct_unary(ct_unary_op op, const ct_tensor *x, ct_tensor **out) {
  return ct::boundary([&] { ct::give(unary(op, ct::get(x)), out); });
}

int32_t ct_binary(ct_binary_op op, const ct_tensor *a, const ct_tensor *b, ct_tensor **out) {
  return ct::boundary([&] { ct::give(binary(op, ct::get(a), ct::get(b)), out); });
}

int32_t ct_binary_scalar(ct_binary_op op, const ct_tensor *a, ct_scalar b, ct_tensor **out) {
  return ct::boundary([&] { ct::give(binary(op, ct::get(a), ct::scalar(b)), out); });
}

int32_t ct_clamp(const ct_tensor *x, const ct_scalar *low, const ct_scalar *high, ct_tensor **out) {
  return ct::boundary([&] {
    std::optional<at::Scalar> least, most;
    if (low != nullptr) least = ct::scalar(*low);
    if (high != nullptr) most = ct::scalar(*high);
    ct::give(at::clamp(ct::get(x), least, most), out);
  });
}

int32_t ct_where(const ct_tensor *condition, const ct_tensor *a, const ct_tensor *b, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::where(ct::get(condition), ct::get(a), ct::get(b)), out); });
}

int32_t ct_masked_fill(const ct_tensor *x, const ct_tensor *mask, ct_scalar value, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::masked_fill(ct::get(x), ct::get(mask), ct::scalar(value)), out); });
}

int32_t ct_to_dtype(const ct_tensor *x, int32_t dtype, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).to(ct::dtype(dtype)), out); });
}

int32_t ct_to_device(const ct_tensor *x, ct_device device, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).to(ct::device(device)), out); });
}

int32_t ct_add_(const ct_tensor *x, const ct_tensor *other, ct_scalar alpha) {
  return ct::boundary([&] { ct::get(x).add_(ct::get(other), ct::scalar(alpha)); });
}

int32_t ct_mul_(const ct_tensor *x, const ct_tensor *other) {
  return ct::boundary([&] { ct::get(x).mul_(ct::get(other)); });
}

int32_t ct_mul_scalar_(const ct_tensor *x, ct_scalar value) {
  return ct::boundary([&] { ct::get(x).mul_(ct::scalar(value)); });
}

int32_t ct_fill_(const ct_tensor *x, ct_scalar value) {
  return ct::boundary([&] { ct::get(x).fill_(ct::scalar(value)); });
}

int32_t ct_copy_(const ct_tensor *x, const ct_tensor *source) {
  return ct::boundary([&] { ct::get(x).copy_(ct::get(source)); });
}

int32_t ct_addcmul_(const ct_tensor *x, const ct_tensor *a, const ct_tensor *b, ct_scalar value) {
  return ct::boundary([&] { ct::get(x).addcmul_(ct::get(a), ct::get(b), ct::scalar(value)); });
}

int32_t ct_addcdiv_(const ct_tensor *x, const ct_tensor *a, const ct_tensor *b, ct_scalar value) {
  return ct::boundary([&] { ct::get(x).addcdiv_(ct::get(a), ct::get(b), ct::scalar(value)); });
}

int32_t ct_lerp_(const ct_tensor *x, const ct_tensor *end, double weight) {
  return ct::boundary([&] { ct::get(x).lerp_(ct::get(end), weight); });
}
