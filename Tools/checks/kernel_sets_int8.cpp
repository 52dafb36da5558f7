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
#else
  return {};
#endif
}

}  // namespace

void compare_int8_sets() {
  std::mt19937 generator(11);
  std::normal_distribution<float> draw(0, 1);
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
