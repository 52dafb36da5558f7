// The fused functions as nodes of libtorch's graph.
#pragma once

#include <ATen/core/LegacyTypeDispatch.h>
#if __has_include(<torch/csrc/autograd/node.h>)
#include <torch/csrc/autograd/node.h>
#else
// Before libtorch 2.13, whose nodes are counted in another way. Only Tools/checks/gpu builds with such a one.
#define CT_SHARED_NODES
#include <torch/csrc/autograd/function.h>
#endif
#include <torch/csrc/autograd/saved_variable.h>

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace ct::kernels {

using torch::autograd::variable_list;
using Inputs = std::initializer_list<const at::Tensor *>;

/// Whether a function of these is recorded. Undefined ones count for nothing.
bool records(Inputs inputs);

#ifdef CT_SHARED_NODES
template <typename Function>
using NodePointer = std::shared_ptr<Function>;

template <typename Function, typename... Arguments>
NodePointer<Function> make_node(Arguments &&...arguments) {
  return {new Function(std::forward<Arguments>(arguments)...), torch::autograd::deleteNode};
}
#else
template <typename Function>
using NodePointer = c10::intrusive_ptr<Function>;

template <typename Function, typename... Arguments>
NodePointer<Function> make_node(Arguments &&...arguments) {
  return c10::make_intrusive<Function>(std::forward<Arguments>(arguments)...);
}
#endif

/// A fused function that runs once forward and at most once backward: what it has kept for that is used up. One that
/// keeps inputs alone may be run backward again while the graph is retained.
///
/// A node of its own, and not `torch::autograd::Function`, which looks everything it keeps up by name: between the
/// kernels of one function there is nothing but the kernels.
class Node : public torch::autograd::Node {
 public:
  explicit Node(const char *name, bool keeps_inputs_alone = false)
      : name_(name), keeps_inputs_alone_(keeps_inputs_alone) {}

  /// What profiles and errors show.
  std::string name() const final { return name_; }
  variable_list apply(variable_list &&grads) final;
  void release_variables() final;

 protected:
  /// The gradients of the inputs, in their order, for that of the result, which is dense. Those that aren't needed may
  /// stay undefined.
  virtual variable_list gradients(const at::Tensor &grad) = 0;

  /// Whether anybody asks for the gradient of this input.
  bool needs(size_t input) const { return task_should_compute_output(input); }

  /// Keeps inputs for the backward pass, which fails if one of them is written to until then.
  void keep(Inputs inputs);
  /// Those, in their order.
  std::vector<at::Tensor> kept() const;

 private:
  template <typename Function, typename Compute>
  friend at::Tensor run(const NodePointer<Function> &, Inputs, const Compute &);

  /// Makes this the source of `y`.
  void give(const at::Tensor &y, Inputs inputs);

  const char *name_;
  bool keeps_inputs_alone_;
  std::vector<torch::autograd::SavedVariable> kept_;
  bool is_used_ = false;
};

/// `compute(recorded)`, the result of a function of these inputs; what it keeps for the backward pass is kept if it is
/// recorded.
template <typename Function, typename Compute>
at::Tensor run(const NodePointer<Function> &function, Inputs inputs, const Compute &compute) {
  const bool recorded = records(inputs);
  at::Tensor y;
  {
    // libtorch's operations inside aren't.
    const at::AutoDispatchBelowADInplaceOrView unrecorded;
    y = compute(recorded);
  }
  if (recorded) function->give(y, inputs);
  return y;
}

}  // namespace ct::kernels
