// Shapes, and operations along one dimension.
#include <ATen/ops/amax.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sum.h>

#include "boundary.h"

int32_t ct_transpose(const ct_tensor *x, int64_t a, int64_t b, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).transpose(a, b), out); });
}

int32_t ct_permute(const ct_tensor *x, const int64_t *dims, int32_t count, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).permute(ct::sizes(dims, count)), out); });
}

int32_t ct_reshape(const ct_tensor *x, const int64_t *shape, int32_t rank, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).reshape(ct::sizes(shape, rank)), out); });
}

int32_t ct_view(const ct_tensor *x, const int64_t *shape, int32_t rank, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).view(ct::sizes(shape, rank)), out); });
}

int32_t ct_expand(const ct_tensor *x, const int64_t *shape, int32_t rank, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).expand(ct::sizes(shape, rank)), out); });
}

int32_t ct_squeeze(const ct_tensor *x, int64_t dim, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).squeeze(dim), out); });
}

int32_t ct_unsqueeze(const ct_tensor *x, int64_t dim, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).unsqueeze(dim), out); });
}

int32_t ct_flatten(const ct_tensor *x, int64_t start, int64_t end, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).flatten(start, end), out); });
}

int32_t ct_narrow(const ct_tensor *x, int64_t dim, int64_t start, int64_t length, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).narrow(dim, start, length), out); });
}

int32_t ct_select(const ct_tensor *x, int64_t dim, int64_t index, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).select(dim, index), out); });
}

int32_t ct_slice(const ct_tensor *x, int64_t dim, int64_t start, int64_t end, int64_t step, ct_tensor **out) {
  return ct::boundary([&] { ct::give(ct::get(x).slice(dim, start, end, step), out); });
}

int32_t ct_index_select(const ct_tensor *x, int64_t dim, const ct_tensor *indices, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::index_select(ct::get(x), dim, ct::get(indices)), out); });
}

int32_t ct_gather(const ct_tensor *x, int64_t dim, const ct_tensor *indices, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::gather(ct::get(x), dim, ct::get(indices)), out); });
}

int32_t ct_cat(const ct_tensor *const *tensors, int32_t count, int64_t dim, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::cat(ct::list(tensors, count), dim), out); });
}

int32_t ct_stack(const ct_tensor *const *tensors, int32_t count, int64_t dim, ct_tensor **out) {
  return ct::boundary([&] { ct::give(at::stack(ct::list(tensors, count), dim), out); });
}

int32_t ct_reduce(ct_reduction op, const ct_tensor *x, int64_t dim, bool keep_dim, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor &tensor = ct::get(x);
    switch (op) {
      case CT_DIM_SUM: return ct::give(at::sum(tensor, dim, keep_dim), out);
      case CT_DIM_MEAN: return ct::give(at::mean(tensor, dim, keep_dim), out);
      case CT_DIM_AMAX: return ct::give(at::amax(tensor, dim, keep_dim), out);
      case CT_DIM_ARGMAX: return ct::give(at::argmax(tensor, dim, keep_dim), out);
    }
    TORCH_CHECK(false, "no reduction ", int(op));
  });
}

int32_t ct_along(ct_along_op op, const ct_tensor *x, int64_t dim, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor &tensor = ct::get(x);
    switch (op) {
      case CT_SOFTMAX: return ct::give(at::softmax(tensor, dim), out);
      case CT_LOG_SOFTMAX: return ct::give(at::log_softmax(tensor, dim), out);
      case CT_CUMSUM: return ct::give(at::cumsum(tensor, dim), out);
    }
    TORCH_CHECK(false, "no operation ", int(op));
  });
}
