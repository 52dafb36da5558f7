#include <arrow/compute/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <arrow/json/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <cstring>

#include "Bridge.hpp"

using namespace carrow;

namespace {

/// Turns dictionary-encoded and "view" columns into plain ones, and checks every offset and every string, so that
/// what reads the buffers later can't be led astray by a damaged file.
arrow::Status give_checked(std::shared_ptr<arrow::Table> table, carrow_table **out) {
    ARROW_RETURN_NOT_OK(start());
    ARROW_RETURN_NOT_OK(table->ValidateFull());
    for (int i = 0; i < table->num_columns(); ++i) {
        auto field = table->schema()->field(i);
        std::shared_ptr<arrow::DataType> plain;
        switch (field->type()->id()) {
            case arrow::Type::DICTIONARY:
                plain = static_cast<const arrow::DictionaryType &>(*field->type()).value_type();
                break;
            case arrow::Type::STRING_VIEW: plain = arrow::large_utf8(); break;
            case arrow::Type::BINARY_VIEW: plain = arrow::large_binary(); break;
            default: continue;
        }
        ARROW_ASSIGN_OR_RAISE(auto values, arrow::compute::Cast(table->column(i), plain));
        ARROW_ASSIGN_OR_RAISE(table, table->SetColumn(i, field->WithType(plain), values.chunked_array()));
    }
    give(table, out);
    return arrow::Status::OK();
}

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

std::shared_ptr<arrow::Table> with_metadata(const carrow_table *table, const char *metadata) {
    if (!metadata) return table->table->ReplaceSchemaMetadata(nullptr);
    return table->table->ReplaceSchemaMetadata(arrow::key_value_metadata({"huggingface"}, {metadata}));
}

}  // namespace

int carrow_read_parquet(const char *path, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
        ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
        ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadTable());
        return give_checked(table, out);
    });
}

int carrow_read_ipc(const char *path, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
        ARROW_ASSIGN_OR_RAISE(auto start_of_file, file->ReadAt(0, 6));
        bool is_file = start_of_file->size() == 6 && std::memcmp(start_of_file->data(), "ARROW1", 6) == 0;
        if (is_file) {
            ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
            arrow::RecordBatchVector batches;
            for (int i = 0; i < reader->num_record_batches(); ++i) {
                ARROW_ASSIGN_OR_RAISE(auto batch, reader->ReadRecordBatch(i));
                batches.push_back(batch);
            }
            ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::FromRecordBatches(reader->schema(), batches));
            return give_checked(table, out);
        }
        ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file));
        ARROW_ASSIGN_OR_RAISE(auto table, reader->ToTable());
        return give_checked(table, out);
    });
}

int carrow_read_json(const void *bytes, int64_t count, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(count));
        std::memcpy(buffer->mutable_data(), bytes, count);
        auto input = std::make_shared<arrow::io::BufferReader>(std::shared_ptr<arrow::Buffer>(std::move(buffer)));
        auto read = arrow::json::ReadOptions::Defaults();
        // A row may not be longer than a block.
        read.block_size = static_cast<int32_t>(std::clamp<int64_t>(count + 1, 1 << 20, 256 << 20));
        auto parse = arrow::json::ParseOptions::Defaults();
        parse.newlines_in_values = true;
        ARROW_ASSIGN_OR_RAISE(
            auto reader, arrow::json::TableReader::Make(arrow::default_memory_pool(), input, read, parse));
        ARROW_ASSIGN_OR_RAISE(auto table, reader->Read());
        return give_checked(table, out);
    });
}

int carrow_write_parquet(
    const carrow_table *table, const char *metadata, bool (*write)(void *, const void *, int64_t), void *context) {
    return guarded([&]() -> arrow::Status {
        auto output = std::make_shared<CallbackStream>(write, context);
        auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        return parquet::arrow::WriteTable(
            *with_metadata(table, metadata), arrow::default_memory_pool(), output, 1 << 20,
            parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build(), properties);
    });
}

int carrow_write_stream(
    const carrow_table *table, const char *metadata, bool (*write)(void *, const void *, int64_t), void *context) {
    return guarded([&]() -> arrow::Status {
        CallbackStream output(write, context);
        auto full = with_metadata(table, metadata);
        ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeStreamWriter(&output, full->schema()));
        ARROW_RETURN_NOT_OK(writer->WriteTable(*full));
        return writer->Close();
    });
}
