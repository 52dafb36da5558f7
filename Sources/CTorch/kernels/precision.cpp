#include "precision.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/cpu/Utils.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "fused.h"
#include "int8.h"
#include "weight_version.h"

namespace ct::kernels {

namespace {

enum class Units { automatic, native, float32 };
std::atomic<Units> chosen_units{Units::automatic};

bool has_matrix_units() {
  const auto known = at::cpu::get_cpu_capabilities();
  const auto amx = known.find("amx_bf16");
  return amx != known.end() && amx->second.isBool() && amx->second.toBool();
}

/// Whether bfloat16 is multiplied as such: where that is faster than float32. AMD's AVX-512 multiplies it at twice the
/// rate, and matrix units (AMX) at a multiple of it. Intel's AVX-512 instruction has half the rate of float32's: 86 to
/// 176 GFLOP/s a core on an Emerald Rapids whose AMX is hidden by the hypervisor. Without any, libtorch's library puts
/// products together from smaller steps.
bool multiplies_bfloat16() {
  switch (chosen_units.load(std::memory_order_relaxed)) {
    case Units::native: return true;
    case Units::float32: return false;
    case Units::automatic: break;
  }
#if defined(__x86_64__)
  static const bool is_faster =
      has_matrix_units() || (__builtin_cpu_supports("avx512bf16") && __builtin_cpu_is("amd"));
  return is_faster && at::globalContext().userEnabledMkldnn();
#else
  return false;
#endif
}

/// What is worth a thread.
constexpr int64_t kConvertedChunk = 1 << 14;

Mirror mirror(const float *weight, const at::Tensor &copy) {
  if (copy.scalar_type() == at::kFloat) return {weight, copy.numel(), copy.data_ptr<float>(), nullptr};
  return {weight, copy.numel(), nullptr, reinterpret_cast<uint16_t *>(copy.data_ptr<at::BFloat16>())};
}

void round(const float *from, const at::Tensor &to) {
  const int64_t count = to.numel();
  const Mirror all = mirror(from, to);
  const Span span("rounding to bfloat16");
  const int64_t units = (count + kAlign - 1) / kAlign;
  const int64_t parts = std::min((count + kConvertedChunk - 1) / kConvertedChunk, thread_count() * 4);
  parallel(units, parts, [&](int64_t, int64_t begin, int64_t end) {
    all.update(from + begin * kAlign, std::min(count, end * kAlign) - begin * kAlign);
  });
}

at::Tensor empty_operand(at::IntArrayRef shape) {
  return at::empty(shape, at::TensorOptions(multiplies_bfloat16() ? at::kBFloat16 : at::kFloat));
}

struct Copy {
  WeightVersion version;
  at::Tensor rounded;

  bool is_fresh() const { return rounded.defined() && version.is_fresh(); }
};

struct Copies {
  std::mutex lock;
  /// By the address and number of the weight's elements.
  std::map<std::pair<const float *, int64_t>, Copy> of;
};

Copies &copies() {
  static Copies all;
  return all;
}

}  // namespace

Precision precision() {
  if (multiplies_int8()) return Precision::int8;
  if (!at::autocast::is_autocast_enabled(at::kCPU)) return Precision::float32;
  const at::ScalarType type = at::autocast::get_autocast_dtype(at::kCPU);
  TORCH_CHECK(type == at::kBFloat16, "the fused kernels compute in float32 or bfloat16, not in ", type);
  return Precision::bfloat16;
}

at::Tensor as_float32(const at::Tensor &tensor) {
  return tensor.scalar_type() == at::kFloat ? tensor : tensor.to(at::kFloat).contiguous();
}

at::Tensor operand(const at::Tensor &matrix, Precision precision) {
  if (precision != Precision::bfloat16) return matrix;
  const at::Tensor dense = matrix.contiguous();
  at::Tensor rounded = empty_operand(dense.sizes());
  round(dense.data_ptr<float>(), rounded);
  return rounded;
}

at::Tensor weight_operand(
    const at::Tensor &weight, Precision precision, std::initializer_list<const at::Tensor *> owners) {
  if (precision != Precision::bfloat16) return weight;
  const float *values = weight.data_ptr<float>();
  Copies &all = copies();
  std::lock_guard<std::mutex> guard(all.lock);
  Copy &copy = all.of[{values, weight.numel()}];
  const bool fits = copy.version.follows(weight) && copy.rounded.defined() &&
                    (copy.rounded.scalar_type() == at::kBFloat16) == multiplies_bfloat16();
  if (fits && copy.is_fresh()) return copy.rounded.view(weight.sizes());
  if (!fits) {
    copy.version.follow(weight, owners);
    copy.rounded = empty_operand({weight.numel()});
    for (auto i = all.of.begin(); i != all.of.end();) i = i->second.version.is_gone() ? all.of.erase(i) : std::next(i);
  }
  round(values, copy.rounded);
  copy.version.mark();
  return copy.rounded.view(weight.sizes());
}

void Mirror::update(const float *begin, int64_t length) const {
  const float *first = std::max(begin, weight), *last = std::min(begin + length, weight + count);
  if (first >= last) return;
  if (floats != nullptr) {
    table().round_to_bfloat16(first, floats + (first - weight), last - first);
  } else {
    table().to_bfloat16(first, halves + (first - weight), last - first);
  }
}

MirrorUpdate::MirrorUpdate() : guard_(copies().lock) {
  auto &all = copies().of;
  for (auto i = all.begin(); i != all.end();)
    i = i->second.version.is_gone() || !i->second.is_fresh() ? all.erase(i) : std::next(i);
}

std::vector<Mirror> MirrorUpdate::mirrors(const at::Tensor &weight) const {
  std::vector<Mirror> found;
  const float *begin = weight.data_ptr<float>(), *end = begin + weight.numel();
  for (const auto &[elements, copy] : copies().of) {
    const auto &[first, count] = elements;
    if (end <= first || first + count <= begin) continue;
    found.push_back(mirror(first, copy.rounded));
  }
  return found;
}

void MirrorUpdate::finish() {
  for (auto &[elements, copy] : copies().of) copy.version.mark();
}

}  // namespace ct::kernels

int32_t ct_set_bfloat16_products(const char *name) {
  using namespace ct::kernels;
  return ct::boundary([&] {
    const std::string given = name;
    TORCH_CHECK(
        given == "auto" || given == "native" || given == "float32", "products of bfloat16 can't be '", given, "'");
    chosen_units = given == "auto" ? Units::automatic : given == "native" ? Units::native : Units::float32;
  });
}
