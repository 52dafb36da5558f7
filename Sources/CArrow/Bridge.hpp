// What the files of this bridge share: the objects behind the handles and the boundary that catches everything.
#pragma once

#include <arrow/api.h>
#include <arrow/util/io_util.h>

#include <cerrno>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "CArrowInterface.h"

struct carrow_table {
    std::shared_ptr<arrow::Table> table;
    /// What `carrow_table_marks` says; nothing for a table that is not a file's.
    std::optional<std::string> marks = std::nullopt;
};

struct carrow_array {
    std::shared_ptr<arrow::Array> array;
};

namespace carrow {

/// What `carrow_message` and `carrow_error_number` say from now on.
void set_message(std::string message, int error_number = 0);

/// The type of a name such as "int32" or "timestamp[us]", or an error.
arrow::Result<std::shared_ptr<arrow::DataType>> type_named(const std::string &name);

/// Registers the compute kernels, once.
arrow::Status start();

/// An error that is worded here, for the user: what is wrong, what a caller in Swift can do about it, and what a user
/// of the command line can, where that is something else. Messages of Arrow's own lack the marks between these.
inline arrow::Status problem(
    const std::string &message, const std::string &remedy, const std::string &command_line = "") {
    return arrow::Status::Invalid("\x01", message, "\x02", remedy, "\x03", command_line);
}

inline int fail(const arrow::Status &status) {
    const int number = arrow::internal::ErrnoFromStatus(status);
    set_message(status.message(), number == 0 && status.IsOutOfMemory() ? ENOMEM : number);
    return -1;
}

/// Runs `body`, which returns a Status. Nothing gets past.
template <typename Body>
int guarded(Body &&body) noexcept {
    try {
        arrow::Status status = body();
        return status.ok() ? 0 : fail(status);
    } catch (const std::bad_alloc &) {
        set_message("out of memory", ENOMEM);
    } catch (const std::exception &error) {
        set_message(error.what());
    } catch (...) {
        set_message("unknown error");
    }
    return -1;
}

inline void give(std::shared_ptr<arrow::Table> table, carrow_table **out) { *out = new carrow_table{std::move(table)}; }
inline void give(std::shared_ptr<arrow::Array> array, carrow_array **out) { *out = new carrow_array{std::move(array)}; }

}  // namespace carrow
