// Delimited text with the types and missing values of pandas, which Arrow's own inference does not have: it makes
// dates of strings, and integers with missing values stay integers.

#include <arrow/io/api.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "CSV.hpp"

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

/// The column as a type. An empty pointer where a value does not fit, whose row `bad` gets.
template <typename Builder, typename Value, typename Parse>
arrow::Result<std::shared_ptr<arrow::Array>> built(const arrow::ChunkedArray &column, Parse &&parse, int64_t *bad) {
    Builder builder;
    ARROW_RETURN_NOT_OK(builder.Reserve(column.length()));
    *bad = 0;
    if (!each(column, [&](const std::string_view *text) {
            Value value{};
            if (!text) {
                builder.UnsafeAppendNull();
            } else if (parse(*text, &value)) {
                builder.UnsafeAppend(value);
            } else {
                return false;
            }
            ++*bad;
            return true;
        }))
        return std::shared_ptr<arrow::Array>();
    return builder.Finish();
}

arrow::Result<std::shared_ptr<arrow::Array>> as(
    const arrow::ChunkedArray &column, const arrow::DataType &type, int64_t *bad) {
    switch (type.id()) {
        case arrow::Type::INT64: return built<arrow::Int64Builder, int64_t>(column, parse<int64_t>, bad);
        case arrow::Type::DOUBLE: return built<arrow::DoubleBuilder, double>(column, parse<double>, bad);
        default: return built<arrow::BooleanBuilder, bool>(column, parse_bool, bad);
    }
}

arrow::Result<std::shared_ptr<arrow::Array>> inferred(const arrow::ChunkedArray &column) {
    int64_t bad = 0;
    // A missing value makes floating point of integers, as in pandas.
    if (column.null_count() == 0) {
        ARROW_ASSIGN_OR_RAISE(auto ints, as(column, *arrow::int64(), &bad));
        if (ints) return ints;
    }
    ARROW_ASSIGN_OR_RAISE(auto doubles, as(column, *arrow::float64(), &bad));
    if (doubles) return doubles;
    return as(column, *arrow::boolean(), &bad);
}

}  // namespace

arrow::Result<csv_options> carrow::csv_settings(const char *path, char delimiter, int32_t block_size) {
    csv_options options;
    options.read.block_size = block_size;
    // Rows are counted, for messages, only on one thread.
    options.read.use_threads = false;
    options.parse.delimiter = delimiter;
    options.parse.newlines_in_values = true;
    options.convert.null_values = missing;
    options.convert.strings_can_be_null = true;
    options.convert.quoted_strings_can_be_null = true;
    // Every column is first read as text; the header, read in a first pass, gives the names to say so.
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
    ARROW_ASSIGN_OR_RAISE(
        auto header, arrow::csv::StreamingReader::Make(
                         arrow::io::default_io_context(), file, options.read, options.parse, options.convert));
    for (const auto &field : header->schema()->fields()) {
        options.convert.column_types[field->name()] = arrow::large_utf8();
    }
    return options;
}

arrow::Result<std::shared_ptr<arrow::Table>> carrow::csv_typed(
    const arrow::Table &text, const std::unordered_set<std::string> &as_text,
    const std::shared_ptr<arrow::Schema> &types, int64_t before) {
    std::unordered_set<std::string> names;
    arrow::FieldVector fields;
    arrow::ChunkedArrayVector columns;
    for (int i = 0; i < text.num_columns(); ++i) {
        std::string base = text.schema()->field(i)->name();
        if (base.empty()) base = "Unnamed: " + std::to_string(i);
        std::string name = base;
        for (int n = 1; !names.insert(name).second; ++n) name = base + "." + std::to_string(n);
        std::shared_ptr<arrow::ChunkedArray> column = text.column(i);
        if (types) {
            const auto &type = types->field(i)->type();
            if (!type->Equals(column->type())) {
                int64_t bad = 0;
                ARROW_ASSIGN_OR_RAISE(auto values, as(*column, *type, &bad));
                if (!values) {
                    ARROW_ASSIGN_OR_RAISE(auto value, column->GetScalar(bad));
                    return arrow::Status::Invalid(
                        "row ", before + bad + 2, ": '", value->ToString(), "' in column '", name, "' is no ",
                        type->ToString(), ", which the rows before are");
                }
                column = std::make_shared<arrow::ChunkedArray>(values);
            }
        } else if (!as_text.count(name)) {
            ARROW_ASSIGN_OR_RAISE(auto values, inferred(*column));
            if (values) column = std::make_shared<arrow::ChunkedArray>(values);
        }
        fields.push_back(arrow::field(name, column->type()));
        columns.push_back(column);
    }
    return arrow::Table::Make(arrow::schema(fields), columns, text.num_rows());
}

int carrow_read_csv(
    const char *path, char delimiter, const char *const *text_columns, int64_t text_count, carrow_table **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
        ARROW_ASSIGN_OR_RAISE(int64_t size, file->GetSize());
        const auto block_size = static_cast<int32_t>(std::clamp<int64_t>(size + 1, 1 << 20, 256 << 20));
        ARROW_ASSIGN_OR_RAISE(auto options, csv_settings(path, delimiter, block_size));
        ARROW_ASSIGN_OR_RAISE(
            auto reader, arrow::csv::TableReader::Make(
                             arrow::io::default_io_context(), file, options.read, options.parse, options.convert));
        ARROW_ASSIGN_OR_RAISE(auto text, reader->Read());
        std::unordered_set<std::string> as_text(text_columns, text_columns + text_count);
        ARROW_ASSIGN_OR_RAISE(auto table, csv_typed(*text, as_text, nullptr, 0));
        give(table, out);
        return arrow::Status::OK();
    });
}
