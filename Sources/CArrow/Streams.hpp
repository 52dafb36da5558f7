// Input and output that go past in pieces.
#pragma once

#include <arrow/io/api.h>

#include "Bridge.hpp"

namespace carrow {

/// An output that passes its bytes on.
class CallbackStream : public arrow::io::OutputStream {
public:
    CallbackStream(bool (*write)(void *, const void *, int64_t), void *context) : write_(write), context_(context) {}

    using arrow::io::OutputStream::Write;
    arrow::Status Write(const void *data, int64_t count) override {
        if (!write_(context_, data, count)) return arrow::Status::IOError("writing was stopped");
        position_ += count;
        return arrow::Status::OK();
    }
    arrow::Result<int64_t> Tell() const override { return position_; }
    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }

private:
    bool (*write_)(void *, const void *, int64_t);
    void *context_;
    int64_t position_ = 0;
    bool closed_ = false;
};

std::shared_ptr<arrow::Table> with_metadata(const carrow_table *table, const char *metadata);

/// A whole file as one buffer, mapped.
arrow::Result<std::shared_ptr<arrow::Buffer>> mapped(const char *path);

/// Gives the pages of a mapped table back to the system.
void forget(const arrow::Table &table);

}  // namespace carrow
