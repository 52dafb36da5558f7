// Stands in for libtorch_cuda.so on a machine without a GPU: "cuda:0" is the host's memory, and the CPU's kernels do
// the work. It has in common with a GPU that operands on two devices are refused, that random numbers come from a
// generator of the device's own, and that the backward pass runs on the device's thread. Loaded under that library's
// name, the whole program runs as it would on a GPU.
#include <ATen/EmptyTensor.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "stand_in.h"

namespace {

using stand_in::gpu;

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

}  // namespace

at::Generator &stand_in::numbers() {
  static at::Generator generator = at::make_generator<Numbers>(c10::default_rng_seed_val);
  return generator;
}

namespace {

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
  const at::Generator &getDefaultGenerator(at::DeviceIndex) const override { return stand_in::numbers(); }
  bool isPinnedPtr(const void *) const override { return false; }
};
}  // namespace

namespace at {
REGISTER_CUDA_HOOKS(CUDAHooks);
}

namespace {

/// The host's memory, of which there is as much as STAND_IN_MEMORY says, in bytes: beyond it, an allocation fails as
/// one on a GPU does. Each begins with how many bytes it has.
struct Memory final : c10::Allocator {
  static constexpr size_t kHeader = 64;
  static inline std::atomic<size_t> used{0}, most{0};

  static size_t limit() {
    static const char *given = std::getenv("STAND_IN_MEMORY");
    static const size_t bytes = given == nullptr ? SIZE_MAX : std::strtoull(given, nullptr, 10);
    return bytes;
  }
  static void release(void *data) {
    char *begin = static_cast<char *>(data) - kHeader;
    used -= *reinterpret_cast<size_t *>(begin);
    std::free(begin);
  }
  c10::DataPtr allocate(size_t bytes) override {
    const size_t now = used += bytes;
    char *begin = nullptr;
    if (now <= limit()) begin = static_cast<char *>(std::aligned_alloc(kHeader, (bytes / kHeader + 2) * kHeader));
    if (begin == nullptr) {
      used -= bytes;
      TORCH_CHECK_WITH(
          OutOfMemoryError, false, "CUDA out of memory. Tried to allocate ", bytes, " bytes, and ", now - bytes, " of ",
          limit(), " are in use");
    }
    size_t before = most;
    while (before < now && !most.compare_exchange_weak(before, now)) {
    }
    *reinterpret_cast<size_t *>(begin) = bytes;
    return {begin + kHeader, begin + kHeader, &release, gpu};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void *to, const void *from, std::size_t bytes) const override { memcpy(to, from, bytes); }
};
Memory memory;

/// Says at the end how much memory a run has taken.
struct MostMemory {
  ~MostMemory() { std::fprintf(stderr, "stand-in: at most %zu bytes of memory were in use\n", Memory::most.load()); }
} most_memory;

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

}  // namespace

at::Tensor stand_in::on_host(const at::Tensor &x) {
  if (!x.defined() || !x.is_cuda()) return x;
  if (x.numel() == 0) return at::empty_strided(x.sizes(), x.strides(), x.options().device(at::kCPU));
  auto *data = static_cast<char *>(x.storage().mutable_data()) + x.storage_offset() * x.element_size();
  return at::from_blob(data, x.sizes(), x.strides(), [keeps = x](void *) {}, x.options().device(at::kCPU));
}

at::Tensor stand_in::on_device(const at::Tensor &x) {
  if (!x.defined() || x.is_cuda()) return x;
  at::Tensor copy = empty_strided(x.sizes(), x.strides(), x.scalar_type(), {}, {}, {});
  on_host(copy).copy_(x);
  return copy;
}

void stand_in::resize(const at::Tensor &x, c10::IntArrayRef size) {
  auto *impl = x.unsafeGetTensorImpl();
  const int64_t bytes = c10::multiply_integers(size) * x.element_size();
  if (static_cast<int64_t>(x.storage().nbytes()) < bytes) {
    impl->set_storage_keep_dtype(
        c10::Storage(c10::Storage::use_byte_size_t(), bytes, memory.allocate(bytes), &memory, true));
  }
  impl->set_sizes_contiguous(size);
}

namespace {

at::Tensor &copy_(at::Tensor &self, const at::Tensor &source, bool) {
  stand_in::on_host(self).copy_(stand_in::on_host(source));
  return self;
}

at::Tensor as_strided(
    const at::Tensor &x, c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<int64_t> offset) {
  return at::native::as_strided_tensorimpl(x, size, stride, offset);
}

const at::Tensor &resize_(const at::Tensor &self, c10::IntArrayRef size, std::optional<at::MemoryFormat>) {
  stand_in::resize(self, size);
  return self;
}

at::Scalar only_element(const at::Tensor &x) { return stand_in::on_host(x).item(); }

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
}

}  // namespace
