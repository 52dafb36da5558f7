// The same for products of 8-bit integers: each set that this processor runs beside the portable one. Memory ends where
// the kernels are told that it ends, so that AddressSanitizer sees what they read too much.
#include "int8_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "kernel_sets.h"

using namespace ct::kernels;

namespace {

/// Rows that are quantized and multiplied by one set.
struct Products {
  std::vector<uint8_t> values;
  std::vector<float> scales, outliers, out;
  std::vector<int32_t> zeros, counts, columns;
};

/// A weight of random bytes, in its blocks.
struct Weight {
  std::vector<int8_t> packed;
  std::vector<float> scales;
  std::vector<int32_t> sums;
  Int8Matrix matrix;

  Weight(int64_t outputs, int64_t inputs, std::mt19937 &generator) {
    const int64_t quads = (inputs + 3) / 4, blocks = (outputs + kInt8Block - 1) / kInt8Block;
    packed.assign(static_cast<size_t>(blocks * quads * kInt8Block * 4), 0);
    scales.assign(static_cast<size_t>(blocks * kInt8Block), 0);
    sums.assign(scales.size(), 0);
    std::uniform_int_distribution<int> draw(-127, 127);
    for (int64_t output = 0; output < outputs; ++output) {
      int before = 0;
      scales[static_cast<size_t>(output)] = 0.01f * static_cast<float>(1 + output % 7);
      for (int64_t input = 0; input < inputs; ++input) {
        // Pairs as large as they may be.
        const int left = std::min(127, kInt8Pair + 1 - std::abs(before));
        const int value = input % 2 == 0 ? draw(generator) : generator() % 2 == 0 ? left : -left;
        before = value;
        const int64_t row = (output / kInt8Block * quads + input / 4) * kInt8Block + output % kInt8Block;
        packed[static_cast<size_t>(row * 4 + input % 4)] = static_cast<int8_t>(value);
        sums[static_cast<size_t>(output)] += value;
      }
    }
    matrix = {outputs, inputs, quads, blocks, packed.data(), scales.data(), sums.data()};
  }
};

Products multiply(const Int8Table &set, const Weight &weight, const std::vector<float> &x, int64_t rows) {
  const Int8Matrix &matrix = weight.matrix;
  const int64_t stride = matrix.quads * 4;
  const auto count = static_cast<size_t>(rows);
  Products found;
  found.values.resize(static_cast<size_t>(rows * stride));
  found.scales.resize(count);
  found.zeros.resize(count);
  found.counts.resize(count);
  found.columns.resize(count * kInt8Outliers);
  found.outliers.resize(count * kInt8Outliers);
  found.out.resize(static_cast<size_t>(rows * matrix.outputs));
  const Int8Rows quantized{
      stride,
      found.values.data(),
      found.scales.data(),
      found.zeros.data(),
      found.counts.data(),
      found.columns.data(),
      found.outliers.data()};
  for (int64_t row = 0; row < rows; ++row) set.quantize(x.data() + row * matrix.inputs, matrix.inputs, quantized, row);
  set.multiply(matrix, quantized, rows, 0, matrix.blocks, found.out.data(), matrix.outputs);
  return found;
}

std::vector<const Int8Table *> sets() {
#if defined(__x86_64__)
  std::vector<const Int8Table *> found;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&int8_avx2_table);
  if (__builtin_cpu_supports("avxvnni")) found.push_back(&int8_avxvnni_table);
  const bool has_vnni = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl");
  if (has_vnni) found.push_back(&int8_avx512vnni_table);
  return found;
#elif defined(__aarch64__)
  std::vector<const Int8Table *> found{&int8_neon_table};
  if (has_neon_dotprod()) found.push_back(&int8_neondot_table);
  return found;
#else
  return {};
#endif
}

/// Rows of whole numbers from -zero to 255 - zero, both of which they hold: their scale is 1, and they are the same in
/// 8 bits, so that a product is exactly that of the integers. With `ends`, of those two numbers and the largest weights
/// alone, where sums of few bits would overflow.
void compare_integers(const Int8Table &set, int64_t inputs, int zero, bool ends, std::mt19937 &generator) {
  const int64_t rows = 5, outputs = 40;
  Weight weight(outputs, inputs, generator);
  std::fill(weight.scales.begin(), weight.scales.end(), 1.0f);
  std::uniform_int_distribution<int> draw(-zero, 255 - zero), side(0, 1);
  std::vector<int> w(static_cast<size_t>(outputs * inputs)), numbers(static_cast<size_t>(rows * inputs));
  std::fill(weight.sums.begin(), weight.sums.end(), 0);
  for (int64_t output = 0; output < outputs; ++output)
    for (int64_t input = 0; input < inputs; ++input) {
      const int64_t row = (output / kInt8Block * weight.matrix.quads + input / 4) * kInt8Block + output % kInt8Block;
      int8_t &packed = weight.packed[static_cast<size_t>(row * 4 + input % 4)];
      const bool is_largest = output % 3 == 0 || (output % 3 == 1 && side(generator) == 1);
      // The two of a pair, as large together as they may be.
      const int size = input % 2 == 0 ? kInt8Pair / 2 : kInt8Pair + 1 - kInt8Pair / 2;
      if (ends) packed = static_cast<int8_t>(is_largest ? size : -size);
      w[static_cast<size_t>(output * inputs + input)] = packed;
      weight.sums[static_cast<size_t>(output)] += packed;
    }
  for (int &number : numbers) number = ends ? 255 * side(generator) - zero : draw(generator);
  for (int64_t row = 0; row < rows; ++row) {
    if (ends && row > 0) std::fill_n(numbers.begin() + row * inputs, inputs, row % 2 ? -zero : 255 - zero);
    numbers[static_cast<size_t>(row * inputs)] = 255 - zero;
    numbers[static_cast<size_t>(row * inputs + 1)] = -zero;
  }
  std::vector<float> expected;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t output = 0; output < outputs; ++output) {
      int64_t sum = 0;
      for (int64_t input = 0; input < inputs; ++input)
        sum += numbers[static_cast<size_t>(row * inputs + input)] * w[static_cast<size_t>(output * inputs + input)];
      expected.push_back(static_cast<float>(sum));
    }
  const std::string what = std::string("int8 ") + set.name + ", integers, " + std::to_string(inputs) +
                           " inputs, zero " + std::to_string(zero);
  compare(
      what, expected, multiply(set, weight, {numbers.begin(), numbers.end()}, rows).out, rows * outputs, 0);
}

}  // namespace

void compare_int8_sets() {
  std::mt19937 generator(11);
  std::normal_distribution<float> draw(0, 1);
  std::vector<const Int8Table *> all = sets();
  all.push_back(&int8_portable_table);
  for (const Int8Table *set : all) {
    for (const int64_t inputs : {2, 4, 7, 64, 130, 384, 518})
      for (const int zero : {100, 127, 128, 150})
        for (const bool ends : {false, true}) compare_integers(*set, inputs, zero, ends, generator);
    std::printf("int8, %s: exact\n", set->name);
  }
  for (const Int8Table *set : sets()) {
    for (const int64_t inputs : {1, 4, 5, 31, 64, 130, 384}) {
      for (const int64_t outputs : {16, 32, 33, 100}) {
        const Weight weight(outputs, inputs, generator);
        for (const int64_t rows : {1, 2, 7, 13, 25}) {
          std::vector<float> x(static_cast<size_t>(rows * inputs));
          for (float &number : x) number = draw(generator);
          // A column far outside the others, and a row of zeros.
          if (inputs > 40) x[static_cast<size_t>((rows - 1) * inputs + 37)] = 50;
          if (rows > 2) std::fill(x.begin(), x.begin() + inputs, 0.0f);
          // Numbers whose squares are zero.
          if (rows > 7) std::fill(x.begin() + inputs, x.begin() + 2 * inputs, 1e-30f);
          const std::string what = std::string("int8 ") + set->name + ", " + std::to_string(rows) + " x " +
                                   std::to_string(inputs) + " x " + std::to_string(outputs);
          const Products expected = multiply(int8_portable_table, weight, x, rows);
          compare(what, expected.out, multiply(*set, weight, x, rows).out, rows * outputs, 1e-3f);
        }
      }
    }
    std::printf("int8, %s: compared with portable\n", set->name);
  }
}
