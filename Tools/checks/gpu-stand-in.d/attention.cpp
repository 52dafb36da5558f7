// Attention of packed sequences, with the arguments that its kernels for GPUs take.
#include <torch/library.h>

#include <cstdio>

#include "stand_in.h"

namespace {

using stand_in::Draws;
using stand_in::on_device;
using stand_in::on_host;

struct Attended {
  at::Tensor weights, dropped, multipliers;
};

Attended attend(const at::Tensor &q, const at::Tensor &k, double dropout, at::Generator &generator) {
  at::Tensor weights = at::softmax(at::matmul(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(q.size(2))), -1);
  at::Tensor multipliers = at::ones_like(weights);
  if (dropout > 0) multipliers = at::empty_like(weights).bernoulli_(1 - dropout, generator) / (1 - dropout);
  return {weights, weights * multipliers, multipliers};
}

std::vector<int64_t> places(const at::Tensor &bounds) {
  TORCH_CHECK(bounds.is_cuda() && bounds.scalar_type() == at::kInt, "bounds must be int32 on the device");
  at::Tensor values = on_host(bounds).to(at::kLong);
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

at::Tensor head_rows(const at::Tensor &x, int64_t start, int64_t end) {
  return on_host(x).narrow(0, start, end - start).to(at::kFloat).transpose(0, 1);
}

at::Tensor forward(
    const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &bounds, int64_t longest,
    double dropout, int64_t seed) {
  TORCH_CHECK(q.is_cuda() && k.is_cuda() && v.is_cuda() && q.dim() == 3, "heads are [tokens, heads, width]");
  const auto starts = places(bounds);
  at::Tensor out = at::empty(q.sizes(), q.options().device(at::kCPU));
  at::Generator generator = at::detail::createCPUGenerator(seed);
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    TORCH_CHECK(starts[i + 1] - starts[i] <= longest, "a sequence is longer than said");
    const auto found =
        attend(head_rows(q, starts[i], starts[i + 1]), head_rows(k, starts[i], starts[i + 1]), dropout, generator);
    out.narrow(0, starts[i], starts[i + 1] - starts[i])
        .copy_(at::matmul(found.dropped, head_rows(v, starts[i], starts[i + 1])).transpose(0, 1));
  }
  return on_device(out);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(
    const at::Tensor &grad, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &bounds,
    double dropout, int64_t seed) {
  const auto starts = places(bounds);
  const auto options = q.options().device(at::kCPU);
  at::Tensor dq = at::empty(q.sizes(), options), dk = at::empty(q.sizes(), options), dv = at::empty(q.sizes(), options);
  at::Generator generator = at::detail::createCPUGenerator(seed);
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(2)));
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    auto rows = [&](const at::Tensor &x) { return head_rows(x, starts[i], starts[i + 1]); };
    auto put = [&](at::Tensor &x, const at::Tensor &value) {
      x.narrow(0, starts[i], starts[i + 1] - starts[i]).copy_(value.transpose(0, 1));
    };
    const auto found = attend(rows(q), rows(k), dropout, generator);
    const at::Tensor g = rows(grad);
    put(dv, at::matmul(found.dropped.transpose(1, 2), g));
    at::Tensor of_weights = at::matmul(g, rows(v).transpose(1, 2)) * found.multipliers;
    at::Tensor of_scores = found.weights * (of_weights - (of_weights * found.weights).sum(-1, true)) * scale;
    put(dq, at::matmul(of_scores, rows(k)));
    put(dk, at::matmul(of_scores.transpose(1, 2), rows(q)));
  }
  return {on_device(dq), on_device(dk), on_device(dv)};
}

int64_t next_seed(double dropout) {
  if (dropout == 0) return 0;
  Draws random;
  return at::empty({}, at::kLong).random_().item<int64_t>() & 0xffffff;
}

int64_t used = 0;
/// Says at the end how often the kernels ran: a check that never came here would check nothing.
struct Report {
  ~Report() { std::fprintf(stderr, "stand-in: attention of packed sequences ran %lld times\n", (long long)used); }
} report;

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> flash_forward(
    const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const std::optional<at::Tensor> &bounds,
    const std::optional<at::Tensor> &, c10::SymInt longest, c10::SymInt, double dropout, bool, bool,
    std::optional<double>, std::optional<c10::SymInt>, std::optional<c10::SymInt>, const std::optional<at::Tensor> &,
    const std::optional<at::Tensor> &, const std::optional<at::Tensor> &, std::optional<int64_t>) {
  TORCH_CHECK(q.scalar_type() == at::kHalf || q.scalar_type() == at::kBFloat16, "flash attention takes 16 bits");
  TORCH_CHECK(q.size(2) % 8 == 0, "flash attention takes widths of 8");
  ++used;
  const int64_t seed = next_seed(dropout);
  at::Tensor out = forward(q, k, v, *bounds, longest.expect_int(), dropout, seed);
  at::Tensor lse = on_device(at::zeros({q.size(1), q.size(0)}));
  return {
      out, lse, on_device(at::scalar_tensor(seed, at::kLong)), on_device(at::zeros({}, at::kLong)),
      on_device(at::empty({0}))};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> flash_backward(
    const at::Tensor &grad, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &,
    const at::Tensor &, const at::Tensor &bounds, const at::Tensor &, c10::SymInt, c10::SymInt, double dropout, bool,
    const at::Tensor &seed, const at::Tensor &, std::optional<double>, std::optional<c10::SymInt>,
    std::optional<c10::SymInt>) {
  return backward(grad, q, k, v, bounds, dropout, on_host(seed).item<int64_t>());
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, c10::SymInt, c10::SymInt> efficient_forward(
    const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const std::optional<at::Tensor> &bias,
    const std::optional<at::Tensor> &bounds, const std::optional<at::Tensor> &, std::optional<c10::SymInt> longest,
    std::optional<c10::SymInt>, double dropout, int64_t, bool keeps, std::optional<double>,
    const std::optional<at::Tensor> &, std::optional<int64_t>) {
  TORCH_CHECK(q.dim() == 4 && q.size(0) == 1 && !bias, "packed heads are [1, tokens, heads, width]");
  ++used;
  const int64_t seed = next_seed(dropout);
  at::Tensor out = forward(q.squeeze(0), k.squeeze(0), v.squeeze(0), *bounds, longest->expect_int(), dropout, seed);
  at::Tensor lse = on_device(keeps ? at::ones({bounds->numel() - 1, q.size(2), 32}) : at::empty({0}));
  return {
      out.unsqueeze(0), lse, on_device(at::scalar_tensor(seed, at::kLong)), on_device(at::zeros({}, at::kLong)),
      *longest, *longest};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> efficient_backward(
    const at::Tensor &grad, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
    const std::optional<at::Tensor> &, const at::Tensor &, const std::optional<at::Tensor> &bounds,
    const std::optional<at::Tensor> &, c10::SymInt, c10::SymInt, const at::Tensor &lse, double dropout,
    const at::Tensor &seed, const at::Tensor &, int64_t, bool, std::optional<double>, std::optional<int64_t>,
    std::optional<int64_t>, bool) {
  TORCH_CHECK(lse.numel() > 0, "the forward pass kept nothing for this one");
  auto [dq, dk, dv] = backward(
      grad.squeeze(0), q.squeeze(0), k.squeeze(0), v.squeeze(0), *bounds, dropout, on_host(seed).item<int64_t>());
  return {dq.unsqueeze(0), dk.unsqueeze(0), dv.unsqueeze(0), at::Tensor()};
}

int64_t choice(
    const at::Tensor &q, const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, double, bool,
    std::optional<double>, bool) {
  return q.scalar_type() == at::kHalf || q.scalar_type() == at::kBFloat16 ? 1 : 2;
}

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("_fused_sdp_choice", choice);
  m.impl("_flash_attention_forward", flash_forward);
  m.impl("_flash_attention_backward", flash_backward);
  m.impl("_efficient_attention_forward", efficient_forward);
  m.impl("_efficient_attention_backward", efficient_backward);
}

}  // namespace
