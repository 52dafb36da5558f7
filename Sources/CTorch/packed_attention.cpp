// Attention of sequences that lie one after the other, by libtorch's own kernels for GPUs.
#include <ATen/SDPBackend.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/_fused_sdp_choice.h>

#include "boundary.h"

namespace {

/// The kernel that libtorch would take for these heads `[tokens, heads, width]`, of one sequence: it knows what the
/// processor, the type and the width of a head allow.
at::SDPBackend backend(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, double dropout) {
  const auto batch = [](const at::Tensor &heads) { return heads.unsqueeze(0).transpose(1, 2); };
  return static_cast<at::SDPBackend>(
      at::_fused_sdp_choice(batch(query), batch(key), batch(value), std::nullopt, dropout, /*is_causal=*/false));
}

}  // namespace

int32_t ct_packed_attention(
    const ct_tensor *query, const ct_tensor *key, const ct_tensor *value, const ct_tensor *cumulative_lengths,
    int64_t longest,
    double dropout, ct_tensor **out) {
  *out = nullptr;
  return ct::boundary([&] {
    const at::Tensor &q = ct::get(query), &k = ct::get(key), &v = ct::get(value);
    const at::Tensor &lengths = ct::get(cumulative_lengths);
    if (!q.is_cuda()) return;
    const at::SDPBackend chosen = backend(q, k, v, dropout);
    // cuDNN's kernel runs where flash attention does.
    if (chosen == at::SDPBackend::flash_attention || chosen == at::SDPBackend::cudnn_attention) {
      // Where it attends to a batch, libtorch fills heads up to such a width first; here nobody does.
      if (q.size(-1) % 8 != 0) return;
      ct::give(
          std::get<0>(at::_flash_attention_forward(
              q, k, v, lengths, lengths, longest, longest, dropout, /*is_causal=*/false, /*return_debug_mask=*/false)),
          out);
    } else if (chosen == at::SDPBackend::efficient_attention) {
      // What the backward pass needs of the forward one is not kept for nothing.
      const bool records = at::GradMode::is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad());
      const auto result = at::_efficient_attention_forward(
          q.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0), /*bias=*/std::nullopt, lengths, lengths, longest, longest,
          dropout, /*custom_mask_type=*/0, /*compute_log_sumexp=*/records);
      ct::give(std::get<0>(result).squeeze(0), out);
    }
  });
}
