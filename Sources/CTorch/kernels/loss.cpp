// Softmax and cross-entropy of classes.
#include <limits>

#include "fused.h"

namespace ct::kernels {

namespace {

class CrossEntropy : public Node {
 public:
  CrossEntropy() : Node("CrossEntropy backward") {}

  /// The mean over the rows whose target isn't `ignored`.
  at::Tensor forward(const at::Tensor &logits, const at::Tensor &targets, int64_t ignored, bool recorded) {
    const int64_t rows = logits.size(0), classes = logits.size(1);
    const int64_t *target = targets.data_ptr<int64_t>();
    for (int64_t row = 0; row < rows; ++row) {
      if (target[row] == ignored) continue;
      TORCH_CHECK(target[row] >= 0 && target[row] < classes, "a target of ", target[row], " for ", classes, " classes");
      ++counted_;
    }
    if (recorded) gradient_ = floats({rows, classes});
    const float *from = logits.data_ptr<float>();
    float *gradient = recorded ? gradient_.data_ptr<float>() : nullptr;
    std::vector<double> losses(static_cast<size_t>(rows));
    {
      const Span span("cross-entropy kernel");
      parallel(rows, parts(rows, classes), [&](int64_t, int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          float *mine = gradient == nullptr ? nullptr : gradient + row * classes;
          if (target[row] != ignored) {
            losses[static_cast<size_t>(row)] = table().cross_entropy(from + row * classes, classes, target[row], mine);
          } else if (mine != nullptr) {
            std::fill_n(mine, classes, 0.0f);
          }
        }
      });
    }
    double total = 0;
    for (const double loss : losses) total += loss;
    at::Tensor mean(at::detail::empty_cpu({}, at::kFloat));
    // Of no rows it is no number, as with libtorch.
    *mean.data_ptr<float>() =
        counted_ > 0 ? static_cast<float>(total / static_cast<double>(counted_))
                     : std::numeric_limits<float>::quiet_NaN();
    return mean;
  }

 protected:
  variable_list gradients(const at::Tensor &grad) override {
    at::Tensor gradient = std::move(gradient_);
    const int64_t rows = gradient.size(0), classes = gradient.size(1);
    // Where no row counts all gradients are zero.
    const float factor = counted_ > 0 ? *grad.data_ptr<float>() / static_cast<float>(counted_) : 0;
    float *values = gradient.data_ptr<float>();
    const Span span("cross-entropy kernel backward");
    parallel(rows, parts(rows, classes), [&](int64_t, int64_t begin, int64_t end) {
      table().scale(values + begin * classes, factor, (end - begin) * classes);
    });
    return {gradient};
  }

 private:
  /// Few classes aren't worth a thread.
  static int64_t parts(int64_t rows, int64_t classes) {
    return std::clamp<int64_t>(rows * classes / 4096, 1, std::min(rows, thread_count() * 4));
  }

  at::Tensor gradient_;
  int64_t counted_ = 0;
};

}  // namespace

}  // namespace ct::kernels

using namespace ct::kernels;

int32_t ct_fused_cross_entropy(
    const ct_tensor *logits, const ct_tensor *targets, int64_t ignored, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor rows = as_float32(ct::get(logits)).contiguous(), target_ids = ct::get(targets).contiguous();
    TORCH_CHECK(rows.dim() == 2 && rows.size(1) > 0, "crossEntropy takes [rows, classes], not ", rows.sizes());
    check_dense(rows, "the logits");
    TORCH_CHECK(
        target_ids.device().is_cpu() && target_ids.scalar_type() == at::kLong && target_ids.dim() == 1 &&
            target_ids.size(0) == rows.size(0),
        "crossEntropy takes int64 targets [", rows.size(0), "] on the CPU, not ", target_ids.scalar_type(), " ",
        target_ids.sizes());
    const auto node = make_node<CrossEntropy>();
    ct::give(
        run(node, {&rows}, [&](bool recorded) { return node->forward(rows, target_ids, ignored, recorded); }), out);
  });
}
