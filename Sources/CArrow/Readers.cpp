// Files read in pieces.

#include <arrow/csv/api.h>
#include <arrow/ipc/api.h>
#include <arrow/json/api.h>
#include <arrow/util/utf8.h>
#include <parquet/arrow/reader.h>

#include <cstring>
#include <functional>

#include "CSV.hpp"
#include "Streams.hpp"

using namespace carrow;

struct carrow_reader {
    std::shared_ptr<arrow::Schema> schema;
    /// The next piece, or nothing at the end.
    std::function<arrow::Result<std::shared_ptr<arrow::Table>>()> next;
};

namespace {

/// How much of a text file is looked at in one piece. No row may be longer.
constexpr int32_t block_size = 16 << 20;

/// A reader whose first piece tells the types.
arrow::Status give_reader(
    std::function<arrow::Result<std::shared_ptr<arrow::Table>>()> next, carrow_reader **out) {
    ARROW_ASSIGN_OR_RAISE(auto first, next());
    auto reader = std::make_unique<carrow_reader>();
    reader->schema = first->schema();
    reader->next = [first, next = std::move(next)]() mutable -> arrow::Result<std::shared_ptr<arrow::Table>> {
        if (first) return std::exchange(first, nullptr);
        return next();
    };
    *out = reader.release();
    return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Table>> table_of(const std::shared_ptr<arrow::RecordBatch> &batch) {
    return arrow::Table::FromRecordBatches({batch});
}

}  // namespace

int carrow_reader_parquet(const char *path, int64_t rows, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
        auto properties = parquet::default_arrow_reader_properties();
        properties.set_batch_size(rows);
        // Reading ahead would hold whole row groups.
        properties.set_pre_buffer(false);
        parquet::arrow::FileReaderBuilder builder;
        ARROW_RETURN_NOT_OK(builder.Open(file));
        builder.properties(properties);
        ARROW_ASSIGN_OR_RAISE(auto opened, builder.Build());
        std::shared_ptr<parquet::arrow::FileReader> parquet_file = std::move(opened);
        ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::RecordBatchReader> batches, parquet_file->GetRecordBatchReader());
        auto schema = batches->schema();
        return give_reader(
            [first = true, schema, parquet_file, batches]() mutable -> arrow::Result<std::shared_ptr<arrow::Table>> {
                std::shared_ptr<arrow::RecordBatch> batch;
                ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
                const bool was_first = std::exchange(first, false);
                if (!batch && !was_first) return nullptr;
                std::shared_ptr<arrow::Table> table;
                if (batch) {
                    ARROW_ASSIGN_OR_RAISE(table, table_of(batch));
                } else {
                    ARROW_ASSIGN_OR_RAISE(table, arrow::Table::MakeEmpty(schema));
                }
                return checked(table->ReplaceSchemaMetadata(schema->metadata()));
            },
            out);
    });
}

int carrow_reader_ipc(const char *path, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto whole, mapped(path));
        auto file = std::make_shared<arrow::io::BufferReader>(whole);
        std::function<arrow::Result<std::shared_ptr<arrow::RecordBatch>>()> read;
        std::shared_ptr<arrow::Schema> schema;
        if (whole->size() >= 6 && std::memcmp(whole->data(), "ARROW1", 6) == 0) {
            ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
            schema = reader->schema();
            read = [reader, i = 0]() mutable -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
                if (i >= reader->num_record_batches()) return nullptr;
                return reader->ReadRecordBatch(i++);
            };
        } else {
            ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file));
            schema = reader->schema();
            read = [reader] { return reader->Next(); };
        }
        return give_reader(
            [first = true, schema, read = std::move(read),
             last = std::shared_ptr<arrow::Table>()]() mutable -> arrow::Result<std::shared_ptr<arrow::Table>> {
                if (last) forget(*last);
                last = nullptr;
                ARROW_ASSIGN_OR_RAISE(auto batch, read());
                const bool was_first = std::exchange(first, false);
                if (!batch && !was_first) return nullptr;
                if (!batch) {
                    ARROW_ASSIGN_OR_RAISE(auto empty, arrow::Table::MakeEmpty(schema));
                    return checked(empty);
                }
                ARROW_ASSIGN_OR_RAISE(last, table_of(batch));
                return checked(last);
            },
            out);
    });
}

int carrow_reader_csv(
    const char *path, char delimiter, const char *const *text_columns, int64_t text_count, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        ARROW_ASSIGN_OR_RAISE(auto settings, csv_settings(path, delimiter, block_size));
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
        ARROW_ASSIGN_OR_RAISE(
            auto reader, arrow::csv::StreamingReader::Make(
                             arrow::io::default_io_context(), file, settings.read, settings.parse, settings.convert));
        std::unordered_set<std::string> as_text(text_columns, text_columns + text_count);
        return give_reader(
            [reader, as_text, types = std::shared_ptr<arrow::Schema>(),
             rows = int64_t(0)]() mutable -> arrow::Result<std::shared_ptr<arrow::Table>> {
                std::shared_ptr<arrow::RecordBatch> batch;
                do {
                    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
                } while (batch && batch->num_rows() == 0 && types);
                std::shared_ptr<arrow::Table> table;
                if (!batch) {
                    if (types) return nullptr;
                    ARROW_ASSIGN_OR_RAISE(table, arrow::Table::MakeEmpty(reader->schema()));
                } else {
                    ARROW_ASSIGN_OR_RAISE(table, table_of(batch));
                }
                ARROW_ASSIGN_OR_RAISE(table, csv_typed(*table, as_text, types, rows));
                types = table->schema();
                rows += table->num_rows();
                return table;
            },
            out);
    });
}

int carrow_reader_json(const char *path, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
        auto read = arrow::json::ReadOptions::Defaults();
        read.block_size = block_size;
        read.use_threads = false;
        auto parse = arrow::json::ParseOptions::Defaults();
        parse.newlines_in_values = true;
        ARROW_ASSIGN_OR_RAISE(auto reader, arrow::json::StreamingReader::Make(file, read, parse));
        return give_reader(
            [first = true, reader]() mutable -> arrow::Result<std::shared_ptr<arrow::Table>> {
                std::shared_ptr<arrow::RecordBatch> batch;
                ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
                const bool was_first = std::exchange(first, false);
                if (!batch && !was_first) return nullptr;
                std::shared_ptr<arrow::Table> table;
                if (batch) {
                    ARROW_ASSIGN_OR_RAISE(table, table_of(batch));
                } else {
                    ARROW_ASSIGN_OR_RAISE(table, arrow::Table::MakeEmpty(reader->schema()));
                }
                return checked(table);
            },
            out);
    });
}

int carrow_reader_types(const carrow_reader *reader, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::MakeEmpty(reader->schema));
        give(table, out);
        return arrow::Status::OK();
    });
}

int carrow_reader_next(carrow_reader *reader, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto table, reader->next());
        if (table) {
            give(table, out);
        } else {
            *out = nullptr;
        }
        return arrow::Status::OK();
    });
}

void carrow_reader_release(carrow_reader *reader) { delete reader; }
