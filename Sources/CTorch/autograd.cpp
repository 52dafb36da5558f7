// Gradients, and the updates of parameters that follow from them.
#include "boundary.h"

#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

bool ct_grad_enabled(void) { return c10::GradMode::is_enabled(); }

void ct_set_grad_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }

int32_t ct_requires_grad(const ct_tensor *x, bool *out) {
  return ct::boundary([&] { *out = ct::get(x).requires_grad(); });
}

int32_t ct_set_requires_grad(const ct_tensor *x, bool value) {
  return ct::boundary([&] {
    const at::Tensor &tensor = ct::get(x);
    TORCH_CHECK(tensor.is_leaf() || value, "only a leaf can stop requiring gradients; use detach()");
    tensor.set_requires_grad(value);
  });
}

int32_t ct_grad(const ct_tensor *x, ct_tensor **out) {
  return ct::boundary([&] {
    const at::Tensor &gradient = ct::get(x).grad();
    if (gradient.defined()) {
      ct::give(gradient, out);
    } else {
      *out = nullptr;
    }
  });
}

int32_t ct_set_grad(const ct_tensor *x, const ct_tensor *gradient) {
  return ct::boundary([&] {
    const at::Tensor &tensor = ct::get(x);
    if (gradient == nullptr) {
      tensor.mutable_grad() = at::Tensor();
      return;
    }
    const at::Tensor &value = ct::get(gradient);
    // libtorch itself doesn't check, and a kernel would read past the end later.
    TORCH_CHECK(
        value.sizes() == tensor.sizes() && value.scalar_type() == tensor.scalar_type(), "a gradient of shape ",
        value.sizes(), " and dtype ", value.scalar_type(), " for a tensor of ", tensor.sizes(), " and ",
        tensor.scalar_type());
    tensor.mutable_grad() = value;
  });
}

int32_t ct_backward(const ct_tensor *x, const ct_tensor *gradient, bool retain_graph) {
  return ct::boundary([&] {
    ct::load_cuda();
    torch::autograd::variable_list gradients;
    if (gradient != nullptr) gradients.push_back(ct::get(gradient));
    torch::autograd::backward({ct::get(x)}, gradients, retain_graph);
  });
}

int32_t ct_gradients(
    const ct_tensor *output, const ct_tensor *const *inputs, int32_t count, bool retain_graph, ct_tensor **out) {
  return ct::boundary([&] {
    ct::load_cuda();
    ct::give(
        torch::autograd::grad({ct::get(output)}, ct::list(inputs, count), /*grad_outputs=*/{}, retain_graph), out);
  });
}

int32_t ct_fused_adamw(
    const ct_tensor *const *parameters, const ct_tensor *const *gradients, const ct_tensor *const *averages,
    const ct_tensor *const *square_averages, const ct_tensor *const *steps, int32_t count, double learning_rate,
    double beta1, double beta2, double weight_decay, double epsilon) {
  return ct::boundary([&] {
    if (count == 0) return;
    c10::NoGradGuard no_grad;
    const auto counters = ct::list(steps, count);
    // As Python's optimizer does; the kernel reads the raised counters.
    for (const at::Tensor &step : counters) step.add_(1);
    const auto values = ct::list(parameters, count), means = ct::list(averages, count),
               squares = ct::list(square_averages, count);
    at::_fused_adamw_(
        values, ct::list(gradients, count), means, squares, /*max_exp_avg_sqs=*/{}, counters, learning_rate, beta1,
        beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false);
    for (const auto &written : {values, means, squares}) ct::count_write(written);
  });
}

int32_t ct_foreach_norm(const ct_tensor *const *tensors, int32_t count, ct_tensor **out) {
  return ct::boundary([&] {
    c10::NoGradGuard no_grad;
    if (count > 0) ct::give(at::_foreach_norm(ct::list(tensors, count)), out);
  });
}

int32_t ct_clip_norm(const ct_tensor *const *tensors, int32_t count, double max_norm, ct_tensor **out) {
  return ct::boundary([&] {
    // The steps and their order are those of torch.nn.utils.clip_grad_norm_, so that the numbers are too.
    c10::NoGradGuard no_grad;
    TORCH_CHECK(count > 0, "no tensors to clip");
    const auto gradients = ct::list(tensors, count);
    auto norms = at::_foreach_norm(gradients);
    const auto device = norms[0].device();
    for (at::Tensor &norm : norms) norm = norm.to(device);
    auto total = at::linalg_vector_norm(at::stack(norms));
    // `max_norm / tensor` in Python is the reciprocal times the number.
    const auto factor = at::clamp(total.add(1e-6).reciprocal().mul(max_norm), std::nullopt, at::Scalar(1.0));
    at::_foreach_mul_(gradients, factor);
    ct::give(std::move(total), out);
  });
}

int32_t ct_unscale(const ct_tensor *const *tensors, int32_t count, double scale, bool *found_not_finite) {
  *found_not_finite = false;
  return ct::boundary([&] {
    c10::NoGradGuard no_grad;
    // The kernel takes tensors of one type on one device.
    std::vector<std::vector<at::Tensor>> groups;
    for (const at::Tensor &tensor : ct::list(tensors, count)) {
      const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto &group) {
        return group[0].device() == tensor.device() && group[0].scalar_type() == tensor.scalar_type();
      });
      if (group == groups.end()) {
        groups.push_back({tensor});
      } else {
        group->push_back(tensor);
      }
    }
    for (const auto &group : groups) {
      const auto options = at::TensorOptions(at::kFloat).device(group[0].device());
      auto found = at::zeros({}, options);
      at::_amp_foreach_non_finite_check_and_unscale_(group, found, at::full({}, 1 / scale, options));
      ct::count_write(group);
      if (found.item<float>() != 0) *found_not_finite = true;
    }
  });
}
