// Activation checkpointing: a part of the graph keeps its input only and is computed again in the backward pass.
#include "boundary.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

/// The caller's function with what it holds, released when nobody can call it any more.
struct Body {
  ct_body call;
  void *context;
  void (*release)(void *);
  ~Body() { release(context); }

  at::Tensor operator()(const at::Tensor &x) const {
    ct_tensor input{x};
    ct_tensor *output = nullptr;
    call(context, &input, &output);
    TORCH_CHECK(output != nullptr, "the part to compute again gave no result");
    std::unique_ptr<ct_tensor> owned(output);
    return ct::get(output);
  }
};

at::Tensor state_of(at::Generator generator) {
  std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

/// Puts a state of a device's default generator in force, and the one before back again.
class GeneratorState {
 public:
  GeneratorState(at::Device device, const at::Tensor &state)
      : generator_(at::globalContext().defaultGenerator(device)) {
    std::lock_guard<std::mutex> lock(generator_.mutex());
    before_ = generator_.get_state();
    generator_.set_state(state);
  }
  ~GeneratorState() {
    std::lock_guard<std::mutex> lock(generator_.mutex());
    generator_.set_state(before_);
  }

 private:
  at::Generator generator_;
  at::Tensor before_;
};

struct Recompute : public torch::autograd::Function<Recompute> {
  static at::Tensor forward(
      torch::autograd::AutogradContext *context, const at::Tensor &x, std::shared_ptr<Body> body) {
    // Dropout draws on the device of the states.
    context->saved_data["random"] = state_of(at::globalContext().defaultGenerator(x.device()));
    const at::DeviceType device = x.device().type();
    context->saved_data["autocast"] = at::autocast::is_autocast_enabled(device);
    context->saved_data["dtype"] = static_cast<int64_t>(at::autocast::get_autocast_dtype(device));
    context->save_for_backward({x});
    at::Tensor result = (*body)(x);
    bodies(context) = std::move(body);
    return result;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const at::DeviceType device = x.device().type();
    const std::shared_ptr<Body> body = bodies(context);
    TORCH_CHECK(body != nullptr, "a checkpointed part can go backward once only");
    at::Tensor input = x.detach();
    input.set_requires_grad(true);
    at::Tensor output;
    {
      at::AutoGradMode recording(true);
      GeneratorState random(x.device(), context->saved_data["random"].toTensor());
      const bool before = at::autocast::is_autocast_enabled(device);
      at::autocast::set_autocast_dtype(device, static_cast<at::ScalarType>(context->saved_data["dtype"].toInt()));
      at::autocast::set_autocast_enabled(device, context->saved_data["autocast"].toBool());
      output = (*body)(input);
      at::autocast::set_autocast_enabled(device, before);
    }
    torch::autograd::backward({output}, {gradients[0]});
    bodies(context).reset();
    return {input.grad(), at::Tensor()};
  }

 private:
  struct Holder : torch::CustomClassHolder {
    std::shared_ptr<Body> body;
  };

  /// The function's index in the graph's node.
  static std::shared_ptr<Body> &bodies(torch::autograd::AutogradContext *context) {
    auto &slot = context->saved_data["body"];
    if (slot.isNone()) slot = c10::IValue::make_capsule(c10::make_intrusive<Holder>());
    return static_cast<Holder *>(slot.toCapsule().get())->body;
  }
};

}  // namespace

int32_t ct_recompute(
    const ct_tensor *x, ct_body call, void *context, void (*release)(void *), ct_tensor **out) {
  return ct::boundary([&] {
    std::shared_ptr<Body> body(new Body{call, context, release});
    ct::give(Recompute::apply(ct::get(x), std::move(body)), out);
  });
}
