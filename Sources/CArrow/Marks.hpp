// Texts that are JSON, in the type that files give them.
#pragma once

#include "Bridge.hpp"

namespace carrow {

/// The table with texts of the type `arrow.json` where the marks, as in `carrow_write_parquet`, say so.
std::shared_ptr<arrow::Table> json_marked(const std::shared_ptr<arrow::Table> &table, const char *marks);

/// Whether a type is `arrow.json`, over texts of whatever kind.
bool is_json_type(const arrow::DataType &type);

/// What `carrow_table_marks` says of columns with the types that a file gives them.
std::string marks_of(const arrow::Schema &schema);

/// A table without rows, also with JSON within lists and structures, of which Arrow makes none.
arrow::Result<std::shared_ptr<arrow::Table>> empty_table(const std::shared_ptr<arrow::Schema> &schema);

}  // namespace carrow
