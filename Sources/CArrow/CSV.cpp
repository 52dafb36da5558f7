// Delimited text with the types and missing values of pandas, which Arrow's own inference does not have: it makes
// dates of strings, and integers with missing values stay integers.

#include <arrow/csv/api.h>
#include <arrow/io/api.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "Bridge.hpp"

using namespace carrow;

namespace {

const std::vector<std::string> missing = {
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

template <typename Number>
bool parse(std::string_view text, Number *out) {
    text = trimmed(text);
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    if (text.empty() || (text.front() == '+')) return false;
    // nan with letters or a payload is no number to pandas; "inf" and "infinity" are.
    auto result = std::from_chars(text.data(), text.data() + text.size(), *out);
    if (result.ptr != text.data() + text.size()) return false;
    if constexpr (std::is_floating_point_v<Number>) {
        if (result.ec == std::errc::result_out_of_range) return true;
        if (text.find('n') != std::string_view::npos && text.find('i') == std::string_view::npos &&
            text.find('I') == std::string_view::npos)
            return false;
    }
    return result.ec == std::errc();
}

bool parse_bool(std::string_view text, bool *out) {
    if (text == "True" || text == "TRUE" || text == "true") return *out = true, true;
    if (text == "False" || text == "FALSE" || text == "false") return *out = false, true;
    return false;
}

/// Calls `visit` with each value (or nothing for null) until it returns false.
template <typename Visit>
bool each(const arrow::ChunkedArray &column, Visit &&visit) {
    for (const auto &chunk : column.chunks()) {
        const auto &strings = static_cast<const arrow::LargeStringArray &>(*chunk);
        for (int64_t i = 0; i < strings.length(); ++i) {
            std::string_view text;
            if (strings.IsValid(i)) text = strings.GetView(i);
            if (!visit(strings.IsValid(i) ? &text : nullptr)) return false;
        }
    }
    return true;
}

arrow::Result<std::shared_ptr<arrow::Array>> inferred(const arrow::ChunkedArray &column) {
    const bool nulls = column.null_count() > 0;
    if (!nulls) {
        arrow::Int64Builder ints;
        ARROW_RETURN_NOT_OK(ints.Reserve(column.length()));
        if (each(column, [&](const std::string_view *text) {
                int64_t value = 0;
                if (!parse(*text, &value)) return false;
                ints.UnsafeAppend(value);
                return true;
            }))
            return ints.Finish();
    }
    arrow::DoubleBuilder doubles;
    ARROW_RETURN_NOT_OK(doubles.Reserve(column.length()));
    if (each(column, [&](const std::string_view *text) {
            double value = 0;
            if (!text) return doubles.UnsafeAppendNull(), true;
            if (!parse(*text, &value)) return false;
            doubles.UnsafeAppend(value);
            return true;
        }))
        return doubles.Finish();
    arrow::BooleanBuilder bools;
    ARROW_RETURN_NOT_OK(bools.Reserve(column.length()));
    if (each(column, [&](const std::string_view *text) {
            bool value = false;
            if (!text) return bools.UnsafeAppendNull(), true;
            if (!parse_bool(*text, &value)) return false;
            bools.UnsafeAppend(value);
            return true;
        }))
        return bools.Finish();
    return std::shared_ptr<arrow::Array>();
}

}  // namespace

int carrow_read_csv(
    const char *path, char delimiter, const char *const *text_columns, int64_t text_count, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
        ARROW_ASSIGN_OR_RAISE(int64_t size, file->GetSize());
        auto read = arrow::csv::ReadOptions::Defaults();
        // A row may not be longer than a block; rows are counted, for messages, only on one thread.
        read.block_size = static_cast<int32_t>(std::clamp<int64_t>(size + 1, 1 << 20, 256 << 20));
        read.use_threads = false;
        auto parsing = arrow::csv::ParseOptions::Defaults();
        parsing.delimiter = delimiter;
        parsing.newlines_in_values = true;
        auto convert = arrow::csv::ConvertOptions::Defaults();
        convert.null_values = missing;
        convert.strings_can_be_null = true;
        convert.quoted_strings_can_be_null = true;
        // Every column is first read as text; the header, read in a first pass, gives the names to say so.
        {
            ARROW_ASSIGN_OR_RAISE(auto again, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
            auto header_options = read;
            header_options.block_size = static_cast<int32_t>(std::clamp<int64_t>(size + 1, 1, 256 << 20));
            ARROW_ASSIGN_OR_RAISE(
                auto header, arrow::csv::StreamingReader::Make(
                                 arrow::io::default_io_context(), again, header_options, parsing, convert));
            for (const auto &field : header->schema()->fields()) {
                convert.column_types[field->name()] = arrow::large_utf8();
            }
        }
        ARROW_ASSIGN_OR_RAISE(
            auto reader,
            arrow::csv::TableReader::Make(arrow::io::default_io_context(), file, read, parsing, convert));
        ARROW_ASSIGN_OR_RAISE(auto table, reader->Read());
        std::unordered_set<std::string> as_text(text_columns, text_columns + text_count);
        std::unordered_set<std::string> names;
        arrow::FieldVector fields;
        arrow::ChunkedArrayVector columns;
        for (int i = 0; i < table->num_columns(); ++i) {
            std::string base = table->schema()->field(i)->name();
            if (base.empty()) base = "Unnamed: " + std::to_string(i);
            std::string name = base;
            for (int n = 1; !names.insert(name).second; ++n) name = base + "." + std::to_string(n);
            std::shared_ptr<arrow::ChunkedArray> column = table->column(i);
            if (!as_text.count(name)) {
                ARROW_ASSIGN_OR_RAISE(auto values, inferred(*column));
                if (values) column = std::make_shared<arrow::ChunkedArray>(values);
            }
            fields.push_back(arrow::field(name, column->type()));
            columns.push_back(column);
        }
        give(arrow::Table::Make(arrow::schema(fields), columns, table->num_rows()), out);
        return arrow::Status::OK();
    });
}
