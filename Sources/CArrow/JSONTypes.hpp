// The types of columns that are read from JSON.
#pragma once

#include <memory>

#include "Bridge.hpp"

namespace carrow {

/// The type that holds values of both; null where there is none.
std::shared_ptr<arrow::DataType> json_joined(
    const std::shared_ptr<arrow::DataType> &left, const std::shared_ptr<arrow::DataType> &right);

/// A type with numbers in place of the elements of lists that are all null, in which Arrow loses count.
std::shared_ptr<arrow::DataType> json_numbered(const std::shared_ptr<arrow::DataType> &type);
/// Whether such numbers have come from the rows, where the types of a structure say that all elements are null.
bool json_has_numbers(const arrow::Table &table, const arrow::DataType &type);
/// A table with its columns in the types of a structure that has the same fields first, with null for such numbers.
std::shared_ptr<arrow::Table> json_with_nulls(
    const std::shared_ptr<arrow::Table> &table, const arrow::DataType &type);

/// Which texts become times.
enum class JsonTimes { all, none, of_columns_named_so };
/// A type with texts in place of times: of all, or of all but columns whose name says so.
std::shared_ptr<arrow::DataType> json_without_times(const std::shared_ptr<arrow::DataType> &type, JsonTimes times);

/// Whether a fraction is a whole number of 64 bits.
bool json_is_whole_number(double value);
/// A table whose columns of fractions and of seconds are whole numbers and microseconds where a schema says so.
arrow::Result<std::shared_ptr<arrow::Table>> json_in_types(
    const std::shared_ptr<arrow::Table> &table, const std::shared_ptr<arrow::Schema> &schema);

}  // namespace carrow
