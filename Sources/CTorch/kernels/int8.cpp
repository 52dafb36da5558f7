#include "int8.h"

#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "fused.h"
#include "int8_layer.h"
#include "weight_version.h"

namespace ct::kernels {

namespace {

thread_local bool is_int8_on = false;

/// Rows that are taken from one product to the next before others are: what lies between stays in the cache.
constexpr int64_t kRowsAtOnce = 48;

/// Memory for rows in 8 bits, one for each thread, which grows.
struct RowMemory {
  std::vector<uint8_t> values;
  std::vector<float> floats;
  std::vector<int32_t> integers;
  Int8Rows rows{};

  const Int8Rows &quantize(const float *x, int64_t stride, int64_t count, const Int8Matrix &weight) {
    const auto n = static_cast<size_t>(count), outliers = n * static_cast<size_t>(kInt8Outliers);
    rows.stride = weight.quads * 4;
    values.resize(n * static_cast<size_t>(rows.stride));
    floats.resize(n + outliers);
    integers.resize(2 * n + outliers);
    rows.values = values.data();
    rows.scales = floats.data();
    rows.outliers = rows.scales + n;
    rows.zeros = integers.data();
    rows.outlier_counts = rows.zeros + n;
    rows.outlier_columns = rows.outlier_counts + n;
    for (int64_t row = 0; row < count; ++row) int8_table().quantize(x + row * stride, weight.inputs, rows, row);
    return rows;
  }
};

thread_local RowMemory row_memory;

/// A product of `count` rows that lie `stride` numbers apart.
void multiply_rows(
    const Int8Matrix &weight, const float *x, int64_t stride, int64_t count, float *out, int64_t out_stride) {
  int8_table().multiply(
      weight, row_memory.quantize(x, stride, count, weight), count, 0, weight.blocks, out, out_stride);
}

/// Calls `body(begin, end)` for ranges of rows that are whole tiles but for the last.
template <typename Body>
void each_rows(int64_t rows, const Body &body) {
  const int64_t tile = int8_table().tile, tiles = (rows + tile - 1) / tile;
  const int64_t parts = std::max((rows + kRowsAtOnce - 1) / kRowsAtOnce, std::min(tiles, thread_count()));
  parallel(tiles, parts, [&](int64_t, int64_t begin, int64_t end) { body(begin * tile, std::min(rows, end * tile)); });
}

/// Rows are too few for all threads: each takes some of the outputs.
bool shares_outputs(int64_t rows) { return rows <= int8_table().tile * (thread_count() - 1); }

struct KnownWeight {
  WeightVersion version;
  std::shared_ptr<const Int8Weight> weight;
};

struct KnownWeights {
  std::mutex lock;
  /// By the place of the weight's elements and its shape.
  std::map<std::pair<const float *, std::pair<int64_t, int64_t>>, KnownWeight> of;
};

KnownWeights &known_weights() {
  static KnownWeights all;
  return all;
}

}  // namespace

bool multiplies_int8() { return is_int8_on; }

const Int8Table &int8_table() {
  const Table &set = table();
#if defined(__x86_64__)
  if (&set == &avx512_table && __builtin_cpu_supports("avx512vnni")) return int8_avx512vnni_table;
  if (&set != &portable_table)
    return __builtin_cpu_supports("avxvnni") ? int8_avxvnni_table : int8_avx2_table;
#elif defined(__aarch64__)
  if (&set == &neon_table) return has_neon_dotprod() ? int8_neondot_table : int8_neon_table;
#endif
  return int8_portable_table;
}

void Int8Weight::Free::operator()(int8_t *memory) const { std::free(memory); }

Int8Weight::Int8Weight(const at::Tensor &weight) {
  const int64_t outputs = weight.size(0), inputs = weight.size(1);
  TORCH_CHECK(inputs <= kInt8Inputs, "8-bit products have at most ", kInt8Inputs, " inputs, not ", inputs);
  const int64_t quads = (inputs + 3) / 4, blocks = (outputs + kInt8Block - 1) / kInt8Block;
  const auto bytes = static_cast<size_t>(blocks * quads * kInt8Block * 4);
  packed_.reset(static_cast<int8_t *>(std::aligned_alloc(64, bytes)));
  TORCH_CHECK(packed_ != nullptr, "no memory for ", bytes, " bytes of a weight in 8 bits");
  scales_.resize(static_cast<size_t>(blocks * kInt8Block));
  sums_.resize(scales_.size());
  const float *values = weight.data_ptr<float>();
  const int64_t stride = weight.stride(0);
  int8_t *packed = packed_.get();
  parallel(blocks, thread_count() * 4, [&](int64_t, int64_t begin, int64_t end) {
    std::fill(packed + begin * quads * kInt8Block * 4, packed + end * quads * kInt8Block * 4, int8_t{0});
    for (int64_t o = begin * kInt8Block; o < std::min(outputs, end * kInt8Block); ++o) {
      const float *row = values + o * stride;
      // Of an even sum's two numbers one is rounded up and the other down, or neither: the largest pair has just that
      // sum, so that what was quantized is quantized to the same again.
      float most = 0;
      for (int64_t i = 0; i < inputs; i += 2)
        most = std::max(most, std::fabs(row[i]) + (i + 1 < inputs ? std::fabs(row[i + 1]) : 0));
      const float scale = most > 0 ? most / kInt8Pair : 1, inverse = 1 / scale;
      int8_t *to = packed + (o / kInt8Block * quads * kInt8Block + o % kInt8Block) * 4;
      int32_t sum = 0;
      for (int64_t i = 0; i < inputs; ++i) {
        // A weight that is no number gives none; its scale says so.
        const float nearest = std::nearbyint(row[i] * inverse);
        const auto q = static_cast<int8_t>(nearest >= -kInt8Pair && nearest <= kInt8Pair ? nearest : 0);
        to[i / 4 * kInt8Block * 4 + i % 4] = q;
        sum += q;
      }
      bool is_finite = std::isfinite(most);
      for (int64_t i = 0; is_finite && i < inputs; ++i) is_finite = std::isfinite(row[i]);
      scales_[static_cast<size_t>(o)] = is_finite ? scale : std::numeric_limits<float>::quiet_NaN();
      sums_[static_cast<size_t>(o)] = sum;
    }
  });
  matrix_ = {outputs, inputs, quads, blocks, packed, scales_.data(), sums_.data()};
}

std::shared_ptr<const Int8Weight> int8_weight(
    const at::Tensor &weight, std::initializer_list<const at::Tensor *> owners) {
  TORCH_CHECK(
      weight.device().is_cpu() && weight.scalar_type() == at::kFloat && weight.dim() == 2 && weight.stride(1) == 1,
      "8-bit products are of float32 weights in rows on the CPU");
  KnownWeights &all = known_weights();
  std::lock_guard<std::mutex> guard(all.lock);
  KnownWeight &known = all.of[{weight.data_ptr<float>(), {weight.size(0), weight.size(1)}}];
  const bool fits = known.weight != nullptr && known.version.follows(weight);
  if (fits && known.version.is_fresh()) return known.weight;
  known.version.follow(weight, owners);
  const Span span("weight to 8 bits");
  known.weight = std::make_shared<const Int8Weight>(weight);
  known.version.mark();
  std::shared_ptr<const Int8Weight> result = known.weight;
  if (!fits)
    for (auto i = all.of.begin(); i != all.of.end();) i = i->second.version.is_gone() ? all.of.erase(i) : std::next(i);
  return result;
}

void int8_linear(const at::Tensor &out, const at::Tensor &x, const Int8Weight &weight) {
  const Int8Matrix &matrix = weight.matrix();
  const int64_t rows = x.size(0), stride = x.stride(0), out_stride = out.stride(0);
  const float *from = x.data_ptr<float>();
  float *to = out.data_ptr<float>();
  const Span span("8-bit product", {rows, matrix.outputs, matrix.inputs, false, true});
  if (shares_outputs(rows)) {
    parallel(matrix.blocks, thread_count(), [&](int64_t, int64_t begin, int64_t end) {
      const Int8Rows &quantized = row_memory.quantize(from, stride, rows, matrix);
      int8_table().multiply(matrix, quantized, rows, begin, end, to, out_stride);
    });
    return;
  }
  each_rows(rows, [&](int64_t begin, int64_t end) {
    multiply_rows(matrix, from + begin * stride, stride, end - begin, to + begin * out_stride, out_stride);
  });
}

namespace {

NormRows norm_rows(const NormLayer &layer, const at::Tensor &projected, const at::Tensor &residual) {
  float *values = projected.data_ptr<float>();
  return {
      layer.weight.size(0), values, layer.bias.data_ptr<float>(), residual.data_ptr<float>(),
      layer.norm_weight.data_ptr<float>(), layer.norm_bias.data_ptr<float>(), static_cast<float>(layer.epsilon), values,
      nullptr, layer.dropout};
}

}  // namespace

at::Tensor int8_linear_norm(const at::Tensor &x, const at::Tensor &residual, const NormLayer &layer) {
  const int64_t rows = x.size(0), width = layer.weight.size(0), inputs = x.size(1);
  const at::Tensor y = floats({rows, width});
  const auto weight = int8_weight(layer.weight, {&layer.weight});
  const NormRows norm = norm_rows(layer, y, residual);
  if (shares_outputs(rows)) {
    int8_linear(y, x, *weight);
    table().norm_forward(norm, 0, rows);
    return y;
  }
  const float *from = x.data_ptr<float>();
  float *to = y.data_ptr<float>();
  const Span span("8-bit product and norm", {rows, width, inputs, false, true});
  each_rows(rows, [&](int64_t begin, int64_t end) {
    multiply_rows(weight->matrix(), from + begin * inputs, inputs, end - begin, to + begin * width, width);
    table().norm_forward(norm, begin, end);
  });
  return y;
}

at::Tensor int8_feed_forward(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const NormLayer &output) {
  const int64_t rows = x.size(0), inputs = x.size(1), width = weight.size(0);
  const at::Tensor y = floats({rows, output.weight.size(0)});
  const auto up = int8_weight(weight, {&weight}), down = int8_weight(output.weight, {&output.weight});
  const NormRows norm = norm_rows(output, y, x);
  const float *from = x.data_ptr<float>(), *b = bias.data_ptr<float>();
  float *to = y.data_ptr<float>();
  const int64_t outputs = y.size(1);
  if (shares_outputs(rows)) {
    const at::Tensor between = floats({rows, width});
    float *values = between.data_ptr<float>();
    int8_linear(between, x, *up);
    table().gelu_forward(values, b, values, width, 0, rows, false);
    int8_linear(y, between, *down);
    table().norm_forward(norm, 0, rows);
    return y;
  }
  const Span span("8-bit feed-forward", {rows, width, inputs, false, true});
  each_rows(rows, [&](int64_t begin, int64_t end) {
    static thread_local std::vector<float> memory;
    const int64_t count = end - begin;
    memory.resize(static_cast<size_t>(count * width));
    float *between = memory.data();
    multiply_rows(up->matrix(), from + begin * inputs, inputs, count, between, width);
    table().gelu_forward(between, b, between, width, 0, count, false);
    multiply_rows(down->matrix(), between, width, count, to + begin * outputs, outputs);
    table().norm_forward(norm, begin, end);
  });
  return y;
}

bool takes_int8(const at::Tensor &x, const at::Tensor &weight) {
  return multiplies_int8() && weight.dim() == 2 && weight.size(0) >= kInt8Outputs && weight.size(1) <= kInt8Inputs &&
         weight.stride(1) == 1 && weight.device().is_cpu() && weight.scalar_type() == at::kFloat && x.dim() >= 1 &&
         x.device().is_cpu() && x.scalar_type() == at::kFloat && x.size(-1) == weight.size(1);
}

at::Tensor int8_linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  check_unrecorded(bias ? records({&x, &weight, &*bias}) : records({&x, &weight}));
  const at::AutoDispatchBelowADInplaceOrView unrecorded;
  const at::Tensor rows = x.contiguous().view({-1, x.size(-1)});
  auto shape = x.sizes().vec();
  shape.back() = weight.size(0);
  const at::Tensor out = floats({rows.size(0), weight.size(0)});
  if (rows.size(0) > 0) int8_linear(out, rows, *int8_weight(weight, {&weight}));
  if (bias) out.add_(*bias);
  return out.view(shape);
}

}  // namespace ct::kernels

bool ct_int8_begin(void) { return std::exchange(ct::kernels::is_int8_on, true); }

void ct_int8_end(bool was_on) { ct::kernels::is_int8_on = was_on; }

const char *ct_int8_set(void) { return ct::kernels::int8_table().name; }

int32_t ct_int8_quantize(const ct_tensor *weight, ct_tensor **out) {
  using namespace ct::kernels;
  return ct::boundary([&] {
    const at::Tensor &w = ct::get(weight);
    TORCH_CHECK(w.dim() == 2, "a weight in 8 bits has two dimensions, not ", w.dim());
    check_dense(w, "the weight");
    const Int8Weight quantized(w);
    const Int8Matrix &matrix = quantized.matrix();
    at::Tensor q(at::detail::empty_cpu({matrix.outputs, matrix.inputs}, at::kChar)), s = floats({matrix.outputs, 1});
    int8_t *to = q.data_ptr<int8_t>();
    for (int64_t o = 0; o < matrix.outputs; ++o)
      for (int64_t i = 0; i < matrix.inputs; ++i)
        to[o * matrix.inputs + i] =
            matrix.packed[((o / kInt8Block * matrix.quads + i / 4) * kInt8Block + o % kInt8Block) * 4 + i % 4];
    std::copy_n(matrix.scales, matrix.outputs, s.data_ptr<float>());
    ct::give(q, &out[0]);
    ct::give(s, &out[1]);
  });
}
