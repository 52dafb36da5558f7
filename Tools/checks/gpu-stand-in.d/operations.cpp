// Every operation that the device has no kernel of its own for: the CPU's kernel on the same memory, after the checks
// that a GPU's would make.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include "stand_in.h"

namespace {

using stand_in::Draws;
using stand_in::on_device;
using stand_in::on_host;

bool draws(const std::string &name) {
  for (const char *known : {"native_dropout", "bernoulli", "normal_", "uniform_", "random_", "randperm"}) {
    if (name.find(known) != std::string::npos) return true;
  }
  return false;
}

void on_cpu(const c10::OperatorHandle &op, torch::jit::Stack *stack) {
  const c10::FunctionSchema &schema = op.schema();
  const size_t count = schema.arguments().size();
  const auto given = torch::jit::last(*stack, count).vec();
  bool any = false;
  std::vector<at::Tensor> of_host;
  auto look = [&](const at::Tensor &x, size_t) {
    if (!x.defined()) return;
    if (x.is_cuda()) {
      any = true;
    } else if (x.dim() > 0) {
      of_host.push_back(x);
    }
  };
  std::vector<c10::IValue> moved;
  std::vector<std::pair<at::Tensor, at::Tensor>> changed;  // of the device, as given to the CPU
  auto move = [&](const at::Tensor &x, size_t index) {
    look(x, index);
    at::Tensor host = on_host(x);
    const auto *alias = schema.arguments()[index].alias_info();
    if (x.defined() && x.is_cuda() && alias != nullptr && alias->isWrite()) changed.emplace_back(x, host);
    return host;
  };
  for (size_t i = 0; i < count; ++i) {
    const c10::IValue &value = given[i];
    if (value.isTensor()) {
      moved.emplace_back(move(value.toTensor(), i));
    } else if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor &x : value.toTensorVector()) list.push_back(move(x, i));
      moved.emplace_back(list);
    } else if (value.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> list;
      for (const auto &x : value.toOptionalTensorList().vec()) {
        list.push_back(x ? std::optional<at::Tensor>(move(*x, i)) : std::nullopt);
      }
      moved.emplace_back(list);
    } else if (value.isDevice()) {
      moved.emplace_back(at::Device(at::kCPU));
    } else {
      moved.push_back(value);
    }
  }
  TORCH_CHECK(
      !any || of_host.empty(), schema.name(),
      ": Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!");
  torch::jit::drop(*stack, count);
  for (auto &value : moved) torch::jit::push(*stack, std::move(value));
  {
    std::optional<Draws> random;
    if (draws(schema.name())) random.emplace();
    op.callBoxed(stack);
  }
  for (auto &[device, host] : changed) {
    if (device.sizes() == host.sizes() && device.numel() > 0) continue;
    stand_in::resize(device, host.sizes());
    if (host.numel() > 0) on_host(device).copy_(host);
  }
  const size_t results = schema.returns().size();
  const auto found = torch::jit::last(*stack, results).vec();
  torch::jit::drop(*stack, results);
  for (const c10::IValue &value : found) {
    if (value.isTensor()) {
      at::Tensor x = value.toTensor();
      bool same = false;
      for (auto &[device, host] : changed) {
        if (x.defined() && x.is_same(host)) {
          torch::jit::push(*stack, device);
          same = true;
          break;
        }
      }
      if (!same) torch::jit::push(*stack, on_device(x));
    } else if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor &x : value.toTensorVector()) list.push_back(on_device(x));
      torch::jit::push(*stack, list);
    } else {
      torch::jit::push(*stack, value);
    }
  }
}

TORCH_LIBRARY_IMPL(_, CUDA, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_cpu>()); }

}  // namespace
