#include <arrow/c/bridge.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "Bridge.hpp"

using namespace carrow;

namespace {

thread_local std::string message;
thread_local int error_number = 0;

arrow::Result<std::shared_ptr<arrow::Array>> taken(
    const std::shared_ptr<arrow::Array> &array, const int64_t *rows, int64_t count) {
    auto buffer = std::make_shared<arrow::Buffer>(
        reinterpret_cast<const uint8_t *>(rows), count * static_cast<int64_t>(sizeof(int64_t)));
    auto positions = std::make_shared<arrow::Int64Array>(count, buffer);
    ARROW_ASSIGN_OR_RAISE(auto datum, arrow::compute::Take(arrow::Datum(array), arrow::Datum(positions)));
    return datum.make_array();
}

/// Some rows of a column in pieces. Arrow's own function first lays the whole column end to end, however few rows are
/// asked for; this one touches only the pieces they are in.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> taken(
    const arrow::ChunkedArray &column, const int64_t *rows, int64_t count) {
    const int chunks = column.num_chunks();
    std::vector<int64_t> starts{0};
    for (const auto &chunk : column.chunks()) starts.push_back(starts.back() + chunk->length());
    std::vector<int32_t> chunk_of(count);
    std::vector<int64_t> places(chunks + 1, 0);
    bool in_order = true;
    for (int64_t i = 0, last = 0; i < count; ++i) {
        const int64_t row = rows[i];
        if (row < 0 || row >= starts.back()) return arrow::Status::IndexError("there is no row ", row);
        if (row < starts[last] || row >= starts[last + 1]) {
            const int64_t before = last;
            last = std::upper_bound(starts.begin(), starts.end(), row) - starts.begin() - 1;
            if (last < before) in_order = false;
        }
        chunk_of[i] = static_cast<int32_t>(last);
        ++places[last + 1];
    }
    for (int chunk = 0; chunk < chunks; ++chunk) places[chunk + 1] += places[chunk];
    std::vector<int64_t> by_chunk(count), back(in_order ? 0 : count), next(places);
    for (int64_t i = 0; i < count; ++i) {
        const int64_t place = next[chunk_of[i]]++;
        by_chunk[place] = rows[i] - starts[chunk_of[i]];
        if (!in_order) back[i] = place;
    }
    arrow::ArrayVector pieces;
    for (int chunk = 0; chunk < chunks; ++chunk) {
        const int64_t length = places[chunk + 1] - places[chunk];
        if (length == 0) continue;
        ARROW_ASSIGN_OR_RAISE(auto piece, taken(column.chunk(chunk), by_chunk.data() + places[chunk], length));
        pieces.push_back(piece);
    }
    if (pieces.empty()) return arrow::ChunkedArray::MakeEmpty(column.type());
    if (in_order) return std::make_shared<arrow::ChunkedArray>(pieces, column.type());
    ARROW_ASSIGN_OR_RAISE(auto together, arrow::Concatenate(pieces));
    ARROW_ASSIGN_OR_RAISE(auto ordered, taken(together, back.data(), count));
    return std::make_shared<arrow::ChunkedArray>(ordered);
}

}  // namespace

void carrow::set_message(std::string text, int number) {
    message = std::move(text);
    error_number = number;
}

const char *carrow_message(void) { return message.c_str(); }

int carrow_error_number(void) { return error_number; }

const char *carrow_version(void) { return arrow::GetBuildInfo().version_string.c_str(); }

arrow::Status carrow::start() {
    static const arrow::Status status = arrow::compute::Initialize();
    return status;
}

void carrow_table_release(carrow_table *table) { delete table; }

int64_t carrow_table_rows(const carrow_table *table) { return table->table->num_rows(); }

int64_t carrow_table_columns(const carrow_table *table) { return table->table->num_columns(); }

const char *carrow_table_name(const carrow_table *table, int64_t column) {
    return table->table->schema()->field(static_cast<int>(column))->name().c_str();
}

const char *carrow_table_metadata(const carrow_table *table, const char *key) {
    const auto &metadata = table->table->schema()->metadata();
    if (!metadata) return nullptr;
    int found = metadata->FindKey(key);
    return found < 0 ? nullptr : metadata->value(found).c_str();
}

const char *carrow_table_marks(const carrow_table *table) { return table->marks ? table->marks->c_str() : nullptr; }

int64_t carrow_table_chunks(const carrow_table *table, int64_t column) {
    return table->table->column(static_cast<int>(column))->num_chunks();
}

int carrow_table_chunk(
    const carrow_table *table, int64_t column, int64_t chunk, struct ArrowArray *array, struct ArrowSchema *schema) {
    return guarded([&] {
        auto values = table->table->column(static_cast<int>(column))->chunk(static_cast<int>(chunk));
        return arrow::ExportArray(*values, array, schema);
    });
}

int carrow_table_type(const carrow_table *table, int64_t column, struct ArrowSchema *schema) {
    return guarded([&] {
        return arrow::ExportField(*table->table->schema()->field(static_cast<int>(column)), schema);
    });
}

int carrow_table_make(
    const char *const *names, const carrow_array *const *arrays, int64_t count, int64_t rows, carrow_table **out) {
    return guarded([&] {
        arrow::FieldVector fields;
        arrow::ArrayVector columns;
        for (int64_t i = 0; i < count; ++i) {
            fields.push_back(arrow::field(names[i], arrays[i]->array->type()));
            columns.push_back(arrays[i]->array);
        }
        give(arrow::Table::Make(arrow::schema(fields), columns, rows), out);
        return arrow::Status::OK();
    });
}

int carrow_table_slice(const carrow_table *table, int64_t offset, int64_t length, carrow_table **out) {
    return guarded([&] {
        give(table->table->Slice(offset, length), out);
        return arrow::Status::OK();
    });
}

int carrow_table_take(const carrow_table *table, const int64_t *rows, int64_t count, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        arrow::ChunkedArrayVector columns;
        for (const auto &column : table->table->columns()) {
            ARROW_ASSIGN_OR_RAISE(auto values, taken(*column, rows, count));
            columns.push_back(values);
        }
        give(arrow::Table::Make(table->table->schema(), columns, count), out);
        return arrow::Status::OK();
    });
}

int carrow_table_select(
    const carrow_table *table, const int64_t *columns, const char *const *names, int64_t count, carrow_table **out) {
    return guarded([&] {
        arrow::FieldVector fields;
        arrow::ChunkedArrayVector values;
        for (int64_t i = 0; i < count; ++i) {
            int column = static_cast<int>(columns[i]);
            fields.push_back(table->table->schema()->field(column)->WithName(names[i]));
            values.push_back(table->table->column(column));
        }
        give(arrow::Table::Make(arrow::schema(fields), values, table->table->num_rows()), out);
        return arrow::Status::OK();
    });
}

int carrow_table_beside(const carrow_table *left, const carrow_table *right, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        if (left->table->num_rows() != right->table->num_rows()) {
            return arrow::Status::Invalid(left->table->num_rows(), " rows beside ", right->table->num_rows());
        }
        auto fields = left->table->schema()->fields();
        auto values = left->table->columns();
        for (int i = 0; i < right->table->num_columns(); ++i) {
            fields.push_back(right->table->schema()->field(i));
            values.push_back(right->table->column(i));
        }
        give(arrow::Table::Make(arrow::schema(fields), values, left->table->num_rows()), out);
        return arrow::Status::OK();
    });
}

int carrow_table_concatenate(const carrow_table *const *tables, int64_t count, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        std::vector<std::shared_ptr<arrow::Table>> parts;
        for (int64_t i = 0; i < count; ++i) parts.push_back(tables[i]->table->ReplaceSchemaMetadata(nullptr));
        auto options = arrow::ConcatenateTablesOptions::Defaults();
        options.unify_schemas = true;
        ARROW_ASSIGN_OR_RAISE(auto table, arrow::ConcatenateTables(parts, options));
        give(table, out);
        return arrow::Status::OK();
    });
}

int carrow_table_cast(const carrow_table *table, int64_t column, const char *type, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        int i = static_cast<int>(column);
        ARROW_ASSIGN_OR_RAISE(auto target, type_named(type));
        ARROW_ASSIGN_OR_RAISE(auto values, arrow::compute::Cast(table->table->column(i), target));
        auto field = table->table->schema()->field(i)->WithType(target);
        ARROW_ASSIGN_OR_RAISE(auto result, table->table->SetColumn(i, field, values.chunked_array()));
        give(result, out);
        return arrow::Status::OK();
    });
}

int carrow_table_cast_like(const carrow_table *table, const carrow_table *like, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        auto schema = like->table->schema();
        if (schema->num_fields() != table->table->num_columns()) {
            return arrow::Status::Invalid(table->table->num_columns(), " columns for ", schema->num_fields());
        }
        arrow::ChunkedArrayVector columns;
        for (int i = 0; i < schema->num_fields(); ++i) {
            auto column = table->table->column(i);
            if (!column->type()->Equals(schema->field(i)->type())) {
                ARROW_ASSIGN_OR_RAISE(auto values, arrow::compute::Cast(column, schema->field(i)->type()));
                column = values.chunked_array();
            }
            columns.push_back(column);
        }
        give(arrow::Table::Make(schema, columns, table->table->num_rows()), out);
        return arrow::Status::OK();
    });
}

int carrow_array_cast(const carrow_array *array, const char *type, carrow_array **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        ARROW_ASSIGN_OR_RAISE(auto target, type_named(type));
        ARROW_ASSIGN_OR_RAISE(auto values, arrow::compute::Cast(*array->array, target));
        give(values, out);
        return arrow::Status::OK();
    });
}

int carrow_table_flatten(const carrow_table *table, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto flat, table->table->Flatten());
        give(flat, out);
        return arrow::Status::OK();
    });
}

int64_t carrow_table_bytes(const carrow_table *table) {
    int64_t bytes = 0;
    // A slice counts as its rows, not as the buffers it shares.
    guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(bytes, arrow::util::ReferencedBufferSize(*table->table));
        return arrow::Status::OK();
    });
    return bytes;
}

int carrow_table_sort(
    const carrow_table *table, const int64_t *columns, const bool *descending, int64_t count, int64_t *out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        std::vector<arrow::compute::SortKey> keys;
        for (int64_t i = 0; i < count; ++i) {
            auto order = descending[i] ? arrow::compute::SortOrder::Descending : arrow::compute::SortOrder::Ascending;
            keys.emplace_back(
                arrow::FieldRef(static_cast<int>(columns[i])), order, arrow::compute::NullPlacement::AtEnd);
        }
        arrow::compute::SortOptions options(keys);
        ARROW_ASSIGN_OR_RAISE(auto positions, arrow::compute::SortIndices(arrow::Datum(table->table), options));
        const auto &values = static_cast<const arrow::UInt64Array &>(*positions);
        for (int64_t i = 0; i < values.length(); ++i) out[i] = static_cast<int64_t>(values.Value(i));
        return arrow::Status::OK();
    });
}
