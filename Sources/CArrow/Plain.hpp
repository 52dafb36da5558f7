// Columns as the rest of the package reads them.
#pragma once

#include "Bridge.hpp"

namespace carrow {

/// Turns dictionary-encoded, run-end encoded and "view" columns, maps and extension types into plain ones, nested ones
/// included, and checks every offset and every string, so that what reads the buffers later can't be led astray by a
/// damaged file. Columns without a plain type (unions, intervals) stay as they are.
arrow::Result<std::shared_ptr<arrow::Table>> checked(std::shared_ptr<arrow::Table> table);

/// The table in plain types, without the checks.
arrow::Result<std::shared_ptr<arrow::Table>> plain(const std::shared_ptr<arrow::Table> &table);

/// The plain type of a column; null where it has none.
std::shared_ptr<arrow::DataType> plain_type(const std::shared_ptr<arrow::DataType> &type);

/// The values in the plain type.
arrow::Result<std::shared_ptr<arrow::Array>> plain(const std::shared_ptr<arrow::Array> &array);

}  // namespace carrow
