#include "packed_weight.h"

#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include "fused.h"
#include "own_product.h"
#include "weight_version.h"

namespace ct::kernels {

namespace {

/// As many rows make a weight worth a copy that is kept; a copy that is there serves more rows too.
constexpr int64_t kFewRows = 128;

/// Null where there is no memory for it: the product does without.
std::shared_ptr<const float> pack(const ProductTable &products, const at::Tensor &weight) {
  const int64_t outputs = weight.size(0), inputs = weight.size(1), tile = products.tile_columns;
  const auto bytes = static_cast<size_t>(round_up(round_up(outputs, tile) * inputs, kAlign)) * sizeof(float);
  auto *packed = static_cast<float *>(std::aligned_alloc(64, bytes));
  if (packed == nullptr) return nullptr;
  const std::shared_ptr<const float> result(
      packed, [](const float *memory) { std::free(const_cast<float *>(memory)); });
  const Span span("packing a weight");
  const ProductMatrix matrix{weight.data_ptr<float>(), weight.stride(0), true};
  parallel((outputs + tile - 1) / tile, thread_count(), [&](int64_t, int64_t begin, int64_t end) {
    products.pack(matrix, inputs, outputs, begin * tile, std::min(outputs, end * tile), packed);
  });
  return result;
}

struct PackedWeight {
  WeightVersion version;
  /// What it was packed for.
  const ProductTable *products = nullptr;
  std::shared_ptr<const float> packed;
};

struct PackedWeights {
  std::mutex lock;
  /// By the place of the weight's elements and its shape.
  std::map<std::pair<const float *, std::pair<int64_t, int64_t>>, PackedWeight> of;
};

PackedWeights &packed_weights() {
  // Never destroyed: a thread may still multiply at the end of the process.
  static auto *const all = new PackedWeights;
  return *all;
}

}  // namespace

std::shared_ptr<const float> packed_weight(
    const ProductTable &products, const at::Tensor &weight, std::initializer_list<const at::Tensor *> owners,
    int64_t rows, bool recorded) {
  for (const at::Tensor *owner : owners) {
    // These count no versions.
    if (owner->is_inference()) return nullptr;
  }
  PackedWeights &all = packed_weights();
  std::lock_guard<std::mutex> guard(all.lock);
  if (recorded) {
    // What training has changed, or left behind, goes.
    std::erase_if(all.of, [](const auto &one) {
      return one.second.version.is_gone() || !one.second.version.is_fresh();
    });
    return nullptr;
  }
  const auto place = std::make_pair(weight.data_ptr<float>(), std::make_pair(weight.size(0), weight.size(1)));
  const auto found = all.of.find(place);
  if (found == all.of.end() && rows > kFewRows) return nullptr;
  PackedWeight &known = found == all.of.end() ? all.of[place] : found->second;
  if (known.products != &products || !known.version.follows(weight) || !known.version.is_fresh()) {
    // Not copied before it is used once more as it is.
    known.version.follow(weight, owners);
    known.version.mark();
    known.products = &products;
    known.packed = nullptr;
    std::erase_if(all.of, [](const auto &one) { return one.second.version.is_gone(); });
    return nullptr;
  }
  if (known.packed == nullptr && rows <= kFewRows) known.packed = pack(products, weight);
  return known.packed;
}

void multiply_weight(
    const at::Tensor &out, const at::Tensor &x, const at::Tensor &weight, Precision precision,
    std::initializer_list<const at::Tensor *> owners, bool recorded) {
  const ProductTable *products = precision == Precision::float32 ? own_products() : nullptr;
  if (products != nullptr && takes_own(out, x, transposed(weight))) {
    const auto packed = packed_weight(*products, weight, owners, x.size(0), recorded);
    return multiply_own(*products, out, x, transposed(weight), Into::empty, nullptr, packed.get());
  }
  multiply(out, x, transposed(weight_operand(weight, precision, owners)));
}

}  // namespace ct::kernels
