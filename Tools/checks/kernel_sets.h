// What the comparisons of kernels have in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

using Numbers = std::vector<float>;

/// Counts, and says of the first few, where the first `count` numbers are farther apart than `tolerance`, relative to
/// one more than the expected one.
void compare(
    const std::string &what, const Numbers &expected, const Numbers &found, int64_t count, float tolerance);

/// All sets of products of 8-bit integers.
void compare_int8_sets();
