#include "node.h"

#include <ATen/ops/contiguous.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

namespace ct::kernels {

bool records(Inputs inputs) {
  if (!c10::GradMode::is_enabled()) return false;
  for (const at::Tensor *input : inputs)
    if (input->defined() && input->requires_grad()) return true;
  return false;
}

variable_list Node::apply(variable_list &&grads) {
  TORCH_CHECK(
      !is_used_ || (keeps_inputs_alone_ && !kept_.empty()), "a fused function was run backward a second time");
  TORCH_CHECK(!c10::GradMode::is_enabled(), "the fused kernels have no second derivative");
  is_used_ = true;
  if (!grads[0].defined()) return variable_list(num_outputs());
  const at::AutoDispatchBelowADInplaceOrView unrecorded;
  return gradients(grads[0].contiguous());
}

void Node::release_variables() { kept_.clear(); }

void Node::keep(Inputs inputs) {
  kept_.reserve(inputs.size());
  for (const at::Tensor *input : inputs) kept_.emplace_back(*input, /*is_output=*/false);
}

std::vector<at::Tensor> Node::kept() const {
  std::vector<at::Tensor> all;
  all.reserve(kept_.size());
  for (const auto &one : kept_) all.push_back(one.unpack());
  return all;
}

void Node::give(const at::Tensor &y, Inputs inputs) {
  torch::autograd::edge_list edges;
  edges.reserve(inputs.size());
  for (const at::Tensor *input : inputs)
    edges.push_back(input->defined() ? torch::autograd::impl::gradient_edge(*input) : torch::autograd::Edge());
  set_next_edges(std::move(edges));
#ifdef CT_SHARED_NODES
  torch::autograd::set_history(y, getptr());
#else
  torch::autograd::set_history(y, c10::intrusive_ptr<torch::autograd::Node>::reclaim_copy(this));
#endif
}

}  // namespace ct::kernels
