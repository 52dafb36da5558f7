// Gradients averaged over processes while the backward pass still runs, by c10d's Reducer.
#include <torch/csrc/autograd/autograd.h>

#include "distributed.h"

// After distributed.h, which decides what of c10d there is.
#include <torch/csrc/distributed/c10d/reducer.hpp>

struct ct_reducer {
  std::unique_ptr<c10d::Reducer> value;
  c10::intrusive_ptr<ct::Group> group;
  bool finds_unused;
};

int32_t ct_reducer_new(
    const ct_group *group, const ct_tensor *const *parameters, const char *const *names, int32_t count,
    int64_t first_bucket_bytes, int64_t bucket_bytes, bool finds_unused, ct_reducer **out) {
  return ct::boundary([&] {
    const auto tensors = ct::list(parameters, count);
    const std::vector<bool> is_sparse(tensors.size(), false);
    const std::vector<size_t> limits{static_cast<size_t>(first_bucket_bytes), static_cast<size_t>(bucket_bytes)};
    auto buckets = std::get<0>(c10d::compute_bucket_assignment_by_size(tensors, limits, is_sparse));
    // Gradients come in about the opposite order of the layers.
    std::reverse(buckets.begin(), buckets.end());
    std::unordered_map<size_t, std::string> names_of;
    for (int32_t i = 0; i < count; ++i) names_of[i] = names[i];
    auto reducer = std::make_unique<c10d::Reducer>(
        tensors, std::move(buckets), group->value, is_sparse, bucket_bytes, finds_unused,
        /*gradient_as_bucket_view=*/true, std::move(names_of), first_bucket_bytes,
        /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false, std::vector<int64_t>{});
    *out = new ct_reducer{std::move(reducer), group->value, finds_unused};
  });
}

void ct_reducer_free(ct_reducer *reducer) {
  ct::boundary([&] { delete reducer; });
}

int32_t ct_reducer_backward(const ct_reducer *reducer, const ct_tensor *loss, double *waited) {
  return ct::boundary([&] {
    const at::Tensor &value = ct::get(loss);
    ct::Group &group = *reducer->group;
    group.heartbeat.enter("the averaging of gradients");
    // Once, after the first step: by then the order is known in which gradients come.
    reducer->value->rebuild_buckets();
    reducer->value->prepare_for_backward(reducer->finds_unused ? std::vector<at::Tensor>{value}
                                                               : std::vector<at::Tensor>{});
    group.latest_send = ct::Clock::now();
    torch::autograd::backward({value});
    // A parameter without a gradient would leave its bucket unsent, and every gradient in it local.
    reducer->value->check_finalized();
    // The last bucket is sent when the last gradient is known; what follows is waiting.
    *waited = ct::seconds_between(group.latest_send, ct::Clock::now());
    group.heartbeat.leave();
  });
}
