// Compares each set of fused kernels that this processor runs with the portable one, function by function, on random
// numbers and with lengths that are no multiple of a vector's. Tools/checks/kernel-sets builds it, for other processors
// too.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "product_table.h"
#include "kernel_sets.h"
#include "table.h"

using namespace ct::kernels;

namespace {

int failures = 0;
long compared = 0;
std::mt19937 generator(7);

/// With room for a whole vector beyond the end, as the kernels are promised.
Numbers random_numbers(int64_t count, float from = -2, float to = 2) {
  std::uniform_real_distribution<float> draw(from, to);
  Numbers numbers(static_cast<size_t>(count + 2 * kAlign));
  for (float &number : numbers) number = draw(generator);
  return numbers;
}

/// What a function writes, for the portable set and for another one.
void both(
    const std::string &what, const Table &set, int64_t count, const std::function<Numbers(const Table &)> &run,
    float tolerance = 2e-5f) {
  compare(std::string(set.name) + " " + what, run(portable_table), run(set), count, tolerance);
}

void elementwise(const Table &set, int64_t width, Dropout dropout) {
  const std::string size = " of " + std::to_string(width);
  const int64_t rows = 3, count = rows * width;
  const Numbers x = random_numbers(count), y = random_numbers(count), bias = random_numbers(width);
  const Numbers weight = random_numbers(width), shift = random_numbers(width);

  for (const bool keeps : {false, true}) {
    both("gelu" + size, set, 2 * count, [&](const Table &table) {
      Numbers in = x, out = random_numbers(0), result;
      out.resize(x.size());
      table.gelu_forward(in.data(), bias.data(), out.data(), width, 0, rows, keeps);
      result.assign(out.begin(), out.begin() + count);
      if (keeps) result.insert(result.end(), in.begin(), in.begin() + count);
      result.resize(static_cast<size_t>(2 * count));
      return result;
    });
  }
  both("gelu, backward" + size, set, count + width, [&](const Table &table) {
    Numbers slope = x, sums = bias;
    table.gelu_backward(slope.data(), y.data(), sums.data(), width, 0, rows);
    slope.resize(static_cast<size_t>(count));
    slope.insert(slope.end(), sums.begin(), sums.begin() + width);
    return slope;
  });
  both("norm" + size, set, 2 * count + rows, [&](const Table &table) {
    Numbers in = x, out(x.size()), deviation(static_cast<size_t>(rows));
    NormRows all{width,        in.data(), bias.data(), y.data(), weight.data(),
                 shift.data(), 1e-12f,    out.data(),  deviation.data(), dropout};
    table.norm_forward(all, 0, rows);
    Numbers result(out.begin(), out.begin() + count);
    result.insert(result.end(), in.begin(), in.begin() + count);
    result.insert(result.end(), deviation.begin(), deviation.end());
    return result;
  });
  both("norm, backward" + size, set, 2 * count + 3 * width, [&](const Table &table) {
    const Numbers deviation(static_cast<size_t>(rows), 0.7f);
    Numbers residual(x.size()), dx(x.size()), d_weight = bias, d_shift = weight, d_bias = shift;
    NormGradient all{width,        x.data(),  y.data(),        deviation.data(), weight.data(), residual.data(),
                     dx.data(),    d_weight.data(), d_shift.data(), d_bias.data(),    dropout};
    table.norm_backward(all, 0, rows);
    Numbers result(residual.begin(), residual.begin() + count);
    result.insert(result.end(), dx.begin(), dx.begin() + count);
    for (const Numbers *sums : {&d_weight, &d_shift, &d_bias})
      result.insert(result.end(), sums->begin(), sums->begin() + width);
    return result;
  });
  both("embedding" + size, set, 2 * count + rows, [&](const Table &table) {
    const int64_t ids[] = {2, 0, 1}, types[] = {0, 1, 1}, positions[] = {0, 1, 2};
    Numbers normalized(x.size()), deviation(static_cast<size_t>(rows)), out(x.size());
    EmbeddingRows all{width,        ids,           types,   positions,         x.data(),         y.data(),   x.data(),
                      weight.data(), shift.data(), 1e-12f, normalized.data(), deviation.data(), out.data(), dropout};
    table.embedding_forward(all, 0, rows);
    Numbers result(out.begin(), out.begin() + count);
    result.insert(result.end(), normalized.begin(), normalized.begin() + count);
    result.insert(result.end(), deviation.begin(), deviation.end());
    return result;
  });
  both("dropout" + size, set, count, [&](const Table &table) {
    Numbers in = x;
    table.dropout_rows(dropout, in.data(), width, 0, rows);
    return in;
  });
  both("dropout's multipliers", set, 3 * kDraw, [&](const Table &table) {
    Numbers out(static_cast<size_t>(3 * kDraw));
    table.dropout_multipliers(dropout, 5, 1, 4, out.data());
    return out;
  });
  both("add and scale" + size, set, count, [&](const Table &table) {
    Numbers to = x;
    table.add(to.data(), y.data(), count);
    table.scale(to.data(), 0.3f, count);
    return to;
  });
  both("sum of squares" + size, set, 1, [&](const Table &table) {
    return Numbers{static_cast<float>(table.sum_of_squares(x.data(), count))};
  });
  both("AdamW" + size, set, 3 * count, [&](const Table &table) {
    Numbers parameter = x, average = y, square = random_numbers(0);
    square.assign(x.size(), 0.25f);
    const AdamWSettings settings{0.5f, 0.9f, 0.999f, 0.1f, 0.001f, 0.99f, 1e-8f, 1e-3f, 0.8f};
    table.adamw(parameter.data(), y.data(), average.data(), square.data(), count, settings);
    Numbers result(parameter.begin(), parameter.begin() + count);
    result.insert(result.end(), average.begin(), average.begin() + count);
    result.insert(result.end(), square.begin(), square.begin() + count);
    return result;
  });
  both("bfloat16" + size, set, 2 * count, [&](const Table &table) {
    Numbers rounded(x.size());
    std::vector<uint16_t> halves(x.size());
    table.round_to_bfloat16(x.data(), rounded.data(), count);
    table.to_bfloat16(x.data(), halves.data(), count);
    Numbers result(rounded.begin(), rounded.begin() + count);
    for (int64_t i = 0; i < count; ++i) result.push_back(halves[static_cast<size_t>(i)]);
    return result;
  });
  both("cross-entropy" + size, set, width + 1, [&](const Table &table) {
    Numbers slope(x.size());
    const double loss = table.cross_entropy(x.data(), width, width / 2, slope.data());
    Numbers result(slope.begin(), slope.begin() + width);
    result.push_back(static_cast<float>(loss));
    return result;
  });
}

void attention(const Table &set, int64_t queries, int64_t keys, int64_t width, bool has_distances, Dropout dropout) {
  const std::string what = "attention of " + std::to_string(queries) + " to " + std::to_string(keys);
  const Numbers q = random_numbers(queries * width), k = random_numbers(keys * width), v = random_numbers(keys * width);
  const Numbers biases = random_numbers(3 * width), grad = random_numbers(queries * width);
  const Numbers distances = random_numbers(queries + keys + kAlign);
  const int64_t count = 2 * queries * width + 2 * keys * width + queries + 3 * width + keys + queries;
  both(what, set, count, [&](const Table &table) {
    Numbers out(static_cast<size_t>(queries * width + 2 * kAlign)), log_sum(static_cast<size_t>(queries + kAlign));
    Numbers scratch(static_cast<size_t>(table.attention_scratch(queries, keys, width, true) + 2 * kAlign));
    const float *const distance = has_distances ? distances.data() + queries : nullptr;
    AttentionHead head{
        queries, keys, width, 0.2f, q.data(), k.data(), v.data(), width, width, width, biases.data(),
        biases.data() + width, biases.data() + 2 * width, distance, out.data(), width, log_sum.data(), dropout, 3};
    table.attention_forward(head, scratch.data());
    Numbers dq(out.size()), dk(k.size()), dv(v.size()), sums(static_cast<size_t>(3 * width + 2 * kAlign));
    Numbers d_distance(distances.size());
    AttentionGradient gradient{
        grad.data(), dq.data(), dk.data(), dv.data(), width, width, width, sums.data(), sums.data() + width,
        sums.data() + 2 * width, has_distances ? d_distance.data() + queries : nullptr};
    table.attention_backward(head, gradient, scratch.data());
    Numbers result(out.begin(), out.begin() + queries * width);
    result.insert(result.end(), dq.begin(), dq.begin() + queries * width);
    result.insert(result.end(), dk.begin(), dk.begin() + keys * width);
    result.insert(result.end(), dv.begin(), dv.begin() + keys * width);
    result.insert(result.end(), log_sum.begin(), log_sum.begin() + queries);
    result.insert(result.end(), sums.begin(), sums.begin() + 3 * width);
    result.insert(result.end(), d_distance.begin(), d_distance.begin() + keys + queries);
    return result;
    // Gradients of scores sum to zero, so that little is left of the terms.
  }, 1e-4f);
}

const ProductTable *const product_sets[] = {
#if defined(__x86_64__)
    &product_avx2_table, &product_avx512_table,
#elif defined(__aarch64__)
    &product_neon_table,
#endif
};

/// Products of float32, which the portable set has none of, beside sums in double precision; exactly the same with
/// every set that the processor runs.
void products(
    int64_t rows, int64_t columns, int64_t depth, bool is_first_transposed, bool is_second_transposed, bool adds) {
  const Numbers a = random_numbers(rows * depth), b = random_numbers(depth * columns), bias = random_numbers(columns);
  const Numbers before = random_numbers(rows * columns);
  Numbers expected(before.size()), first;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      double sum = adds ? before[static_cast<size_t>(r * columns + c)] : bias[static_cast<size_t>(c)];
      for (int64_t k = 0; k < depth; ++k)
        sum += static_cast<double>(a[static_cast<size_t>(is_first_transposed ? k * rows + r : r * depth + k)]) *
               b[static_cast<size_t>(is_second_transposed ? c * depth + k : k * columns + c)];
      expected[static_cast<size_t>(r * columns + c)] = static_cast<float>(sum);
    }
  for (const ProductTable *set : product_sets) {
    if (!select_table(set->name)) continue;
    Numbers out = before;
    const ProductJob job{
        {a.data(), is_first_transposed ? rows : depth, is_first_transposed},
        {b.data(), is_second_transposed ? depth : columns, is_second_transposed},
        out.data(), columns, rows, columns, depth, adds, adds ? nullptr : bias.data(),
        nullptr};
    const auto bytes = static_cast<size_t>(round_up(set->scratch, kAlign)) * sizeof(float);
    float *scratch = static_cast<float *>(std::aligned_alloc(64, bytes));
    set->multiply(job, {0, rows, 0, columns}, scratch);
    std::free(scratch);
    const std::string what = std::string(set->name) + " product " + std::to_string(rows) + " " +
                             std::to_string(columns) +
                             " " + std::to_string(depth);
    compare(what, expected, out, rows * columns, 1e-6f * static_cast<float>(20 + depth));
    if (first.empty()) {
      first = out;
    } else {
      compare(what + " of two sets", first, out, rows * columns, 0);
    }
  }
}

}  // namespace

void compare(const std::string &what, const Numbers &expected, const Numbers &found, int64_t count, float tolerance) {
  for (int64_t i = 0; i < count; ++i) {
    const float e = expected[static_cast<size_t>(i)], f = found[static_cast<size_t>(i)];
    ++compared;
    if (std::abs(e - f) <= tolerance * (1 + std::abs(e))) continue;
    if (++failures > 20) continue;
    std::printf("%s: number %lld is %.9g, not %.9g\n", what.c_str(), static_cast<long long>(i), f, e);
  }
}

int main() {
  int sets = 0;
  for (const char *name : {"neon", "avx2", "avx512"}) {
    if (!select_table(name)) continue;
    const Table &set = table();
    ++sets;
    for (const bool drops : {false, true}) {
      const Dropout dropout = drops ? Dropout{0x1234567890abcdef, 2, 6554, 1 / 0.9f} : Dropout{};
      for (const int64_t width : {1, 5, 16, 64, 77, 384}) elementwise(set, width, dropout);
      for (const int64_t width : {8, 12, 32, 64}) {
        for (const int64_t keys : {1, 7, 16, 33, 130}) {
          for (const bool has_distances : {false, true}) attention(set, keys, keys, width, has_distances, dropout);
        }
      }
    }
    std::printf("%s: compared with portable\n", name);
  }
  int kind = 0;
  for (int64_t rows = 1; rows <= 70; rows += rows < 30 ? 1 : 5)
    for (int64_t columns = 1; columns <= 70; ++columns)
      for (const int64_t depth : {1, 3, 8, 15, 16, 17, 40, 70}) {
        ++kind;
        products(rows, columns, depth, kind & 1, kind & 2, kind & 4);
      }
  for (const int64_t depth : {384, 385, 800})
    for (int kinds = 0; kinds < 8; ++kinds) products(53, 401, depth, kinds & 1, kinds & 2, kinds & 4);
  compare_int8_sets();
  std::printf("%ld numbers of %d sets, %d wrong\n", compared, sets, failures);
  return failures == 0 && sets > 0 ? 0 : 1;
}
