// What pandas makes of the texts of a column.
#pragma once

#include "Bridge.hpp"

namespace carrow {

/// What the values of a column were so far, as a set of the bits below.
using ValueKinds = uint32_t;

/// Adds the kinds of a column of text to those seen before it.
ValueKinds kinds_of(const arrow::ChunkedArray &column, ValueKinds before);

/// The type that pandas gives values of these kinds: int64, uint64, float64, bool, else large strings; null where there
/// was no value at all.
std::shared_ptr<arrow::DataType> type_of(ValueKinds kinds);

/// A column of text as another type. An empty pointer where a value does not fit, whose row `bad` gets.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> converted(
    const std::shared_ptr<arrow::ChunkedArray> &column, const std::shared_ptr<arrow::DataType> &type, int64_t *bad);

}  // namespace carrow
