// Files read in pieces.

#include <arrow/ipc/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>

#include <cstring>

#include "Marks.hpp"
#include "Plain.hpp"
#include "Settled.hpp"
#include "Streams.hpp"
#include "Text.hpp"

using namespace carrow;

namespace {

arrow::Result<std::shared_ptr<arrow::Table>> table_of(const std::shared_ptr<arrow::RecordBatch> &batch) {
    return arrow::Table::FromRecordBatches({batch});
}

arrow::Status no_column(const std::string &name, const arrow::Schema &schema) {
    std::string names;
    for (const auto &field : schema.fields()) names += (names.empty() ? "'" : ", '") + field->name() + "'";
    return problem("there is no column '" + name + "'", "The columns are: " + names + ".");
}

void leaves(const parquet::arrow::SchemaField &field, std::vector<int> *out) {
    if (field.column_index >= 0) out->push_back(field.column_index);
    for (const auto &child : field.children) leaves(child, out);
}

/// The places of the columns that are wanted, in the order of the file.
arrow::Result<std::vector<int>> chosen(
    const arrow::Schema &schema, const char *const *columns, int64_t column_count) {
    std::vector<bool> wanted(static_cast<size_t>(schema.num_fields()), false);
    for (int64_t i = 0; i < column_count; ++i) {
        const auto places = schema.GetAllFieldIndices(columns[i]);
        if (places.empty()) return no_column(columns[i], schema);
        for (const int place : places) wanted[static_cast<size_t>(place)] = true;
    }
    std::vector<int> result;
    for (int i = 0; i < schema.num_fields(); ++i) {
        if (wanted[static_cast<size_t>(i)]) result.push_back(i);
    }
    return result;
}

}  // namespace

arrow::Status carrow::give_reader(Pieces next, carrow_reader **out) {
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

int carrow_reader_parquet(
    const carrow_source *source, int64_t rows, const char *const *columns, int64_t column_count, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto file, open_whole(*source));
        auto properties = parquet::default_arrow_reader_properties();
        properties.set_batch_size(rows);
        // Reading ahead would hold whole row groups.
        properties.set_pre_buffer(false);
        // JSON is told by Parquet's own types too.
        properties.set_arrow_extensions_enabled(true);
        parquet::arrow::FileReaderBuilder builder;
        ARROW_RETURN_NOT_OK(builder.Open(file));
        builder.properties(properties);
        ARROW_ASSIGN_OR_RAISE(auto opened, builder.Build());
        std::shared_ptr<parquet::arrow::FileReader> parquet_file = std::move(opened);
        std::shared_ptr<arrow::RecordBatchReader> batches;
        std::shared_ptr<arrow::Schema> whole;
        ARROW_RETURN_NOT_OK(parquet_file->GetSchema(&whole));
        if (columns) {
            ARROW_ASSIGN_OR_RAISE(auto places, chosen(*whole, columns, column_count));
            std::vector<int> indices, groups;
            for (const int place : places) {
                leaves(parquet_file->manifest().schema_fields[static_cast<size_t>(place)], &indices);
            }
            for (int i = 0; i < parquet_file->num_row_groups(); ++i) groups.push_back(i);
            ARROW_ASSIGN_OR_RAISE(batches, parquet_file->GetRecordBatchReader(groups, indices));
        } else {
            ARROW_ASSIGN_OR_RAISE(batches, parquet_file->GetRecordBatchReader());
        }
        auto schema = batches->schema();
        auto metadata = whole->metadata();
        ARROW_RETURN_NOT_OK(give_reader(
            [first = true, schema, metadata, parquet_file,
             batches]() mutable -> arrow::Result<std::shared_ptr<arrow::Table>> {
                std::shared_ptr<arrow::RecordBatch> batch;
                ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
                const bool was_first = std::exchange(first, false);
                if (!batch && !was_first) return nullptr;
                std::shared_ptr<arrow::Table> table;
                if (batch) {
                    ARROW_ASSIGN_OR_RAISE(table, table_of(batch));
                } else {
                    ARROW_ASSIGN_OR_RAISE(table, empty_table(schema));
                }
                return checked(table->ReplaceSchemaMetadata(metadata));
            },
            out));
        (*out)->marks = marks_of(*schema);
        return arrow::Status::OK();
    });
}

int carrow_reader_ipc(const carrow_source *source, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto file, open_whole(*source));
        ARROW_ASSIGN_OR_RAISE(int64_t size, file->GetSize());
        ARROW_ASSIGN_OR_RAISE(auto start, file->ReadAt(0, std::min<int64_t>(size, 6)));
        std::function<arrow::Result<std::shared_ptr<arrow::RecordBatch>>()> read;
        std::shared_ptr<arrow::Schema> schema;
        if (start->size() == 6 && std::memcmp(start->data(), "ARROW1", 6) == 0) {
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
        ARROW_RETURN_NOT_OK(give_reader(
            [first = true, schema, read = std::move(read),
             last = std::shared_ptr<arrow::Table>()]() mutable -> arrow::Result<std::shared_ptr<arrow::Table>> {
                if (last) forget(*last);
                last = nullptr;
                ARROW_ASSIGN_OR_RAISE(auto batch, read());
                const bool was_first = std::exchange(first, false);
                if (!batch && !was_first) return nullptr;
                if (!batch) {
                    ARROW_ASSIGN_OR_RAISE(auto empty, empty_table(schema));
                    return checked(empty);
                }
                ARROW_ASSIGN_OR_RAISE(last, table_of(batch));
                return checked(last);
            },
            out));
        (*out)->marks = marks_of(*schema);
        return arrow::Status::OK();
    });
}

int carrow_reader_text(const carrow_source *source, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(std::shared_ptr<TextSource> text, TextSource::Open(*source));
        auto schema = arrow::schema({arrow::field("text", arrow::utf8())});
        return give_reader(
            [first = true, ended = false, text, schema,
             held = std::string()]() mutable -> arrow::Result<std::shared_ptr<arrow::Table>> {
                arrow::StringBuilder builder;
                while (builder.length() == 0 && !ended) {
                    ARROW_ASSIGN_OR_RAISE(bool more, text->More(&held));
                    ended = !more;
                    size_t start = 0;
                    while (start < held.size()) {
                        const size_t end = held.find_first_of("\r\n", start);
                        if (end == std::string::npos) break;
                        // A line feed may follow in the next piece.
                        if (held[end] == '\r' && end + 1 == held.size() && !ended) break;
                        ARROW_RETURN_NOT_OK(builder.Append(std::string_view(held).substr(start, end - start)));
                        start = end + (held[end] == '\r' && end + 1 < held.size() && held[end + 1] == '\n' ? 2 : 1);
                    }
                    held.erase(0, start);
                    if (ended && !held.empty()) {
                        ARROW_RETURN_NOT_OK(builder.Append(held));
                        held.clear();
                    }
                }
                if (builder.length() == 0 && !std::exchange(first, false)) return nullptr;
                first = false;
                ARROW_ASSIGN_OR_RAISE(auto lines, builder.Finish());
                return arrow::Table::Make(schema, {lines});
            },
            out);
    });
}

int carrow_reader_types(const carrow_reader *reader, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto table, empty_table(reader->schema));
        *out = new carrow_table{std::move(table), reader->marks};
        return arrow::Status::OK();
    });
}

const char *carrow_reader_note(const carrow_reader *reader) { return reader->note.c_str(); }

const char *carrow_reader_json_paths(const carrow_reader *reader) { return reader->json_paths.c_str(); }

bool carrow_reader_is_list(const carrow_reader *reader) { return reader->is_list; }

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

int carrow_head(
    const carrow_source *source, int64_t count, bool (*write)(void *, const void *, int64_t), void *context) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto stream, open_stream(*source));
        while (count > 0) {
            ARROW_ASSIGN_OR_RAISE(auto piece, stream->Read(std::min<int64_t>(count, 1 << 20)));
            if (piece->size() == 0 || !write(context, piece->data(), piece->size())) break;
            count -= piece->size();
        }
        return arrow::Status::OK();
    });
}
