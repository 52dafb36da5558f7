// Stands in for libtorch_cuda.so on a machine without a GPU: "cuda:0" is the host's memory, and the CPU's kernels do the
// work. What it shares with a GPU is what goes wrong without one: operands on two devices are refused, memory of the
// device can't be read from the host, its random numbers come from a generator of its own, and the backward pass runs on
// the device's thread. Loaded under that library's name, the whole program runs as it would on a GPU.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/native/Resize.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace {

const at::Device gpu(at::kCUDA, 0);

// MARK: The device

struct Guard final : c10::impl::DeviceGuardImplInterface {
  at::DeviceType type() const override { return at::kCUDA; }
  at::Device exchangeDevice(at::Device) const override { return gpu; }
  at::Device getDevice() const override { return gpu; }
  void setDevice(at::Device) const override {}
  void uncheckedSetDevice(at::Device) const noexcept override {}
  c10::Stream stream() const { return c10::Stream(c10::Stream::DEFAULT, gpu); }
  c10::Stream getStream(at::Device) const override { return stream(); }
  c10::Stream getDefaultStream(at::Device) const override { return stream(); }
  c10::Stream getNewStream(at::Device, int) const override { return stream(); }
  c10::Stream exchangeStream(c10::Stream) const override { return stream(); }
  at::DeviceIndex deviceCount() const noexcept override { return 1; }
  void destroyEvent(void *, const at::DeviceIndex) const noexcept override {}
  void record(void **event, const c10::Stream &, const at::DeviceIndex, const c10::EventFlag) const override {
    *event = nullptr;
  }
  void block(void *, const c10::Stream &) const override {}
  bool queryEvent(void *) const override { return true; }
  bool queryStream(const c10::Stream &) const override { return true; }
  void synchronizeStream(const c10::Stream &) const override {}
  void synchronizeEvent(void *) const override {}
  void synchronizeDevice(const at::DeviceIndex) const override {}
  void recordDataPtrOnStream(const c10::DataPtr &, const c10::Stream &) const override {}
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard);

/// The CPU's generator under another device's name.
struct Numbers final : at::GeneratorImpl {
  at::CPUGeneratorImpl inner;
  explicit Numbers(uint64_t seed) : GeneratorImpl(gpu, c10::DispatchKeySet(c10::DispatchKey::CUDA)), inner(seed) {}
  void set_current_seed(uint64_t seed) override { inner.set_current_seed(seed); }
  void set_offset(uint64_t) override {}
  uint64_t get_offset() const override { return 0; }
  uint64_t current_seed() const override { return inner.current_seed(); }
  uint64_t seed() override { return inner.seed(); }
  void set_state(const c10::TensorImpl &state) override { inner.set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return inner.get_state(); }
  Numbers *clone_impl() const override { return new Numbers(inner.current_seed()); }
};

at::Generator &numbers() {
  static at::Generator generator = at::make_generator<Numbers>(c10::default_rng_seed_val);
  return generator;
}

struct CUDAHooks : at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  int getNumGPUs() const override { return 1; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
  at::DeviceIndex deviceCount() const override { return 1; }
  at::DeviceIndex getCurrentDevice() const override { return 0; }
  at::DeviceIndex current_device() const override { return 0; }
  const at::Generator &getDefaultGenerator(at::DeviceIndex) const override { return numbers(); }
  bool isPinnedPtr(const void *) const override { return false; }
};
}  // namespace

namespace at {
REGISTER_CUDA_HOOKS(CUDAHooks);
}

namespace {

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void *data = std::malloc(bytes == 0 ? 1 : bytes);
    return {data, data, &std::free, gpu};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &std::free; }
  void copy_data(void *to, const void *from, std::size_t bytes) const override { memcpy(to, from, bytes); }
};
Memory memory;

// MARK: Tensors

at::Tensor empty(
    c10::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>,
    std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(
      size, &memory, c10::DispatchKeySet(c10::DispatchKey::CUDA), dtype.value_or(at::kFloat), format);
}

at::Tensor empty_strided(
    c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
    std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(
      size, stride, &memory, c10::DispatchKeySet(c10::DispatchKey::CUDA), dtype.value_or(at::kFloat));
}

/// The same memory as a tensor of the CPU.
at::Tensor on_host(const at::Tensor &x) {
  if (!x.defined() || !x.is_cuda()) return x;
  if (x.numel() == 0) return at::empty_strided(x.sizes(), x.strides(), x.options().device(at::kCPU));
  auto *data = static_cast<char *>(x.storage().mutable_data()) + x.storage_offset() * x.element_size();
  return at::from_blob(data, x.sizes(), x.strides(), [keeps = x](void *) {}, x.options().device(at::kCPU));
}

/// A result of the CPU's kernel as a tensor of the device.
at::Tensor on_device(const at::Tensor &x) {
  if (!x.defined() || x.is_cuda()) return x;
  at::Tensor copy = empty_strided(x.sizes(), x.strides(), x.scalar_type(), {}, {}, {});
  on_host(copy).copy_(x);
  return copy;
}

at::Tensor &copy_(at::Tensor &self, const at::Tensor &source, bool) {
  on_host(self).copy_(on_host(source));
  return self;
}

at::Tensor as_strided(
    const at::Tensor &x, c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<int64_t> offset) {
  return at::native::as_strided_tensorimpl(x, size, stride, offset);
}

const at::Tensor &resize_(const at::Tensor &self, c10::IntArrayRef size, std::optional<at::MemoryFormat>) {
  auto *impl = self.unsafeGetTensorImpl();
  const int64_t bytes = c10::multiply_integers(size) * self.element_size();
  if (static_cast<int64_t>(self.storage().nbytes()) < bytes) {
    impl->set_storage_keep_dtype(
        c10::Storage(c10::Storage::use_byte_size_t(), bytes, memory.allocate(bytes), &memory, true));
  }
  impl->set_sizes_contiguous(size);
  return self;
}

// MARK: Every other operation

/// Puts the device's random numbers in force on the CPU.
struct Draws {
  at::Generator host = at::detail::getDefaultCPUGenerator();
  at::Tensor before;
  Draws() {
    before = host.get_state();
    host.set_state(numbers().get_state());
  }
  ~Draws() {
    numbers().set_state(host.get_state());
    host.set_state(before);
  }
};

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
    resize_(device, host.sizes(), std::nullopt);
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

at::Scalar only_element(const at::Tensor &x) { return on_host(x).item(); }

// MARK: Attention of packed sequences, as its kernels for GPUs define it

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
    const auto found = attend(head_rows(q, starts[i], starts[i + 1]), head_rows(k, starts[i], starts[i + 1]), dropout, generator);
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
  return {out, lse, on_device(at::scalar_tensor(seed, at::kLong)), on_device(at::zeros({}, at::kLong)), on_device(at::empty({0}))};
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
  return {out.unsqueeze(0), lse, on_device(at::scalar_tensor(seed, at::kLong)), on_device(at::zeros({}, at::kLong)), *longest, *longest};
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

TORCH_LIBRARY_IMPL(_, CUDA, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_cpu>()); }

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("copy_", copy_);
  m.impl("as_strided", as_strided);
  m.impl("view", [](const at::Tensor &x, c10::IntArrayRef size) { return at::native::view(x, size); });
  m.impl("_reshape_alias", [](const at::Tensor &x, c10::IntArrayRef size, c10::IntArrayRef stride) {
    return at::native::_reshape_alias(x, size, stride);
  });
  m.impl("unfold", [](const at::Tensor &x, int64_t dim, int64_t size, int64_t step) {
    return at::native::unfold(x, dim, size, step);
  });
  m.impl("resize_", resize_);
  m.impl("_local_scalar_dense", only_element);
  m.impl("_fused_sdp_choice", choice);
  m.impl("_flash_attention_forward", flash_forward);
  m.impl("_flash_attention_backward", flash_backward);
  m.impl("_efficient_attention_forward", efficient_forward);
  m.impl("_efficient_attention_backward", efficient_backward);
}

}  // namespace
