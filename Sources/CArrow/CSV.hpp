// Delimited text with the types and missing values of pandas.
#pragma once

#include <arrow/csv/api.h>

#include <unordered_set>

#include "Bridge.hpp"

namespace carrow {

struct csv_options {
    arrow::csv::ReadOptions read = arrow::csv::ReadOptions::Defaults();
    arrow::csv::ParseOptions parse = arrow::csv::ParseOptions::Defaults();
    arrow::csv::ConvertOptions convert = arrow::csv::ConvertOptions::Defaults();
};

/// Options to read a file whose every column comes as text. No row may be longer than `block_size`.
arrow::Result<csv_options> csv_settings(const char *path, char delimiter, int32_t block_size);

/// Columns of text, except those named, converted to the types that fit them, or to those of `types` where it is given.
/// `before` rows came before these, for messages.
arrow::Result<std::shared_ptr<arrow::Table>> csv_typed(
    const arrow::Table &text, const std::unordered_set<std::string> &as_text,
    const std::shared_ptr<arrow::Schema> &types, int64_t before);

}  // namespace carrow
