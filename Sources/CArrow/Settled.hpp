// Files whose types are told from their values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "Bridge.hpp"

struct carrow_reader {
    std::shared_ptr<arrow::Schema> schema;
    /// What `carrow_table_marks` says of it.
    std::optional<std::string> marks;
    /// The next piece, or nothing at the end.
    std::function<arrow::Result<std::shared_ptr<arrow::Table>>()> next;
    /// What a warning should say about the file; empty for nothing.
    std::string note;
    /// Places of values that are kept as JSON text; empty for none.
    std::string json_paths;
    /// Whether the rows are elements of a list.
    bool is_list = false;
};

namespace carrow {

using Pieces = std::function<arrow::Result<std::shared_ptr<arrow::Table>>()>;

/// A reader whose first piece tells the types.
arrow::Status give_reader(Pieces next, carrow_reader **out);

}  // namespace carrow
