// JSON rows in pieces, in the types that fit all of them.

#include <arrow/json/api.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <optional>
#include <unordered_map>

#include "JSONForm.hpp"
#include "Plain.hpp"
#include "Settled.hpp"

using namespace carrow;

struct carrow_json {
    std::unique_ptr<JsonReader> reader;
    JsonRows rows;
};

namespace {

JsonOptions parsed(const carrow_json_options *given) { return {given->field ? given->field : ""}; }

/// The type that holds values of both; null where there is none.
std::shared_ptr<arrow::DataType> joined(
    const std::shared_ptr<arrow::DataType> &left, const std::shared_ptr<arrow::DataType> &right) {
    using arrow::Type;
    if (left->Equals(*right)) return left;
    if (left->id() == Type::NA) return right;
    if (right->id() == Type::NA) return left;
    auto is = [&](Type::type one, Type::type other) {
        return (left->id() == one && right->id() == other) || (left->id() == other && right->id() == one);
    };
    if (is(Type::INT64, Type::DOUBLE)) return arrow::float64();
    if (is(Type::TIMESTAMP, Type::STRING)) return arrow::utf8();
    if (left->id() == Type::LIST && right->id() == Type::LIST) {
        auto element = joined(left->field(0)->type(), right->field(0)->type());
        return element ? arrow::list(left->field(0)->WithType(element)) : nullptr;
    }
    if (left->id() != Type::STRUCT || right->id() != Type::STRUCT) return nullptr;
    arrow::FieldVector fields = left->fields();
    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < fields.size(); ++i) places[fields[i]->name()] = i;
    for (const auto &field : right->fields()) {
        auto found = places.find(field->name());
        if (found == places.end()) {
            fields.push_back(field);
            continue;
        }
        auto type = joined(fields[found->second]->type(), field->type());
        if (!type) return nullptr;
        fields[found->second] = fields[found->second]->WithType(type);
    }
    return arrow::struct_(fields);
}

arrow::Result<std::shared_ptr<arrow::Table>> table_of(
    std::string_view text, const std::shared_ptr<arrow::Schema> &schema) {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(static_cast<int64_t>(text.size())));
    std::memcpy(buffer->mutable_data(), text.data(), text.size());
    auto options = arrow::json::ParseOptions::Defaults();
    options.newlines_in_values = true;
    options.explicit_schema = schema;
    std::shared_ptr<arrow::Buffer> bytes = std::move(buffer);
    ARROW_ASSIGN_OR_RAISE(auto batch, arrow::json::ParseOne(options, bytes));
    return arrow::Table::FromRecordBatches({batch});
}

/// A type with numbers in place of the elements of lists that are all null, in which Arrow loses count.
std::shared_ptr<arrow::DataType> numbered(const std::shared_ptr<arrow::DataType> &type) {
    if (type->id() == arrow::Type::LIST) {
        const auto &element = type->field(0)->type();
        auto inner = element->id() == arrow::Type::NA ? arrow::int64() : numbered(element);
        return arrow::list(type->field(0)->WithType(inner));
    }
    if (type->id() != arrow::Type::STRUCT) return type;
    arrow::FieldVector fields;
    for (const auto &field : type->fields()) fields.push_back(field->WithType(numbered(field->type())));
    return arrow::struct_(fields);
}

/// A table with its columns in the types of a structure that has the same fields first.
std::shared_ptr<arrow::Table> with_nulls(const std::shared_ptr<arrow::Table> &table, const arrow::DataType &type) {
    auto fields = table->schema()->fields();
    auto columns = table->columns();
    for (int i = 0; i < type.num_fields() && i < table->num_columns(); ++i) {
        const auto &wanted = type.field(i)->type();
        if (wanted->Equals(*fields[i]->type())) continue;
        arrow::ArrayVector chunks;
        for (const auto &chunk : columns[i]->chunks()) chunks.push_back(carrow::with_nulls(chunk, wanted));
        columns[i] = std::make_shared<arrow::ChunkedArray>(chunks, wanted);
        fields[i] = fields[i]->WithType(wanted);
    }
    return arrow::Table::Make(arrow::schema(fields), columns, table->num_rows());
}

/// Rows in types that are known.
arrow::Result<std::shared_ptr<arrow::Table>> typed(
    const JsonRows &rows, const std::shared_ptr<arrow::Schema> &schema) {
    const auto type = arrow::struct_(schema->fields());
    ARROW_ASSIGN_OR_RAISE(auto table, table_of(rows.text, arrow::schema(numbered(type)->fields())));
    return checked(with_nulls(table, *type));
}

/// Which texts become times.
enum class Times { all, none, of_columns_named_so };

/// Whether pandas takes a column's texts for times.
bool names_times(std::string name) {
    for (char &byte : name) byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
    auto ends = [&](std::string_view end) {
        return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
    };
    return ends("_at") || ends("_time") || name == "modified" || name == "date" || name == "datetime" ||
           name.rfind("timestamp", 0) == 0;
}

/// A type with texts in place of times: of all, or of all but columns whose name says so.
std::shared_ptr<arrow::DataType> without_times(const std::shared_ptr<arrow::DataType> &type, Times times) {
    if (type->id() == arrow::Type::TIMESTAMP) return arrow::utf8();
    if (type->id() == arrow::Type::LIST) {
        const auto &element = type->field(0);
        return arrow::list(element->WithType(without_times(element->type(), Times::none)));
    }
    if (type->id() != arrow::Type::STRUCT) return type;
    arrow::FieldVector fields;
    for (const auto &field : type->fields()) {
        const bool stays = times == Times::of_columns_named_so && field->type()->id() == arrow::Type::TIMESTAMP &&
                           names_times(field->name());
        fields.push_back(stays ? field : field->WithType(without_times(field->type(), Times::none)));
    }
    return arrow::struct_(fields);
}

/// Rows in the types that they suggest.
arrow::Result<std::shared_ptr<arrow::Table>> inferred(
    const JsonRows &rows, const std::shared_ptr<arrow::Schema> &texts, Times times) {
    ARROW_ASSIGN_OR_RAISE(auto table, table_of(rows.text, texts));
    auto whole = checked(table);
    if (whole.ok()) {
        if (times == Times::all) return whole;
        const auto found = arrow::struct_(table->schema()->fields());
        const auto wanted = without_times(found, times);
        return wanted->Equals(*found) ? whole : typed(rows, arrow::schema(wanted->fields()));
    }
    JsonForm form;
    form.Add(rows);
    const std::string text = form.Sample() + "\n" + rows.text;
    ARROW_ASSIGN_OR_RAISE(table, table_of(text, texts));
    const auto found = arrow::struct_(table->schema()->fields());
    // Python, too, reads such rows in another way, which takes no text for a time.
    const auto timeless = without_times(found, times == Times::all ? Times::none : times);
    if (!timeless->Equals(*found)) {
        ARROW_ASSIGN_OR_RAISE(table, table_of(text, arrow::schema(numbered(timeless)->fields())));
    }
    return checked(with_nulls(table, *form.Typed(timeless))->Slice(1));
}

/// What the parser has against a row by itself.
arrow::Status row_problem(const JsonRows &rows, size_t index, bool is_list) {
    const auto one = table_of(rows.Row(index), nullptr);
    if (one.ok()) return arrow::Status::OK();
    std::string message = one.status().message();
    const std::string prefix = "JSON parse error: ";
    if (message.rfind(prefix, 0) == 0) message = message.substr(prefix.size());
    if (const auto place = message.rfind(" in row "); place != std::string::npos) message.resize(place);
    return problem(
        (is_list ? "row " : "line ") + std::to_string(rows.numbers[index]) + ": " + message,
        is_list ? "Give a list of whole objects." : "Put one whole object on each line.");
}

/// Rows as a table; what is wrong in one of them is told with its number.
arrow::Result<std::shared_ptr<arrow::Table>> parsed(
    const JsonRows &rows, bool is_list, const std::shared_ptr<arrow::Schema> &schema, std::optional<Times> times) {
    auto whole = times ? inferred(rows, schema, *times) : typed(rows, schema);
    if (whole.ok()) return whole;
    for (size_t i = 0; i < rows.ends.size(); ++i) ARROW_RETURN_NOT_OK(row_problem(rows, i, is_list));
    return whole.status();
}

/// A file's rows, and what was learned from reading them once.
struct JsonFile {
    const carrow_source &source;
    JsonOptions options;
    std::shared_ptr<arrow::Schema> texts;
    int64_t keep;
    /// Where values are kept as JSON text.
    std::shared_ptr<JsonForm> form;

    std::shared_ptr<JsonReader> rows;
    std::shared_ptr<arrow::DataType> type;
    std::deque<std::shared_ptr<arrow::Table>> held;
    bool holds_all = true, is_of_one_type = true, is_empty = true;

    /// Of columns of fractions, whether all are whole numbers.
    std::unordered_map<std::string, bool> are_whole;

    /// A field's rows are read by pandas in Python, which has types of its own.
    bool is_of_pandas() const { return !options.field.empty(); }
    /// Notes what `PandasType` needs.
    void Look(const arrow::Table &table);
    std::shared_ptr<arrow::Schema> PandasTypes() const;

    arrow::Status Open() { return JsonReader::Open(source, options).Value(&rows); }
    arrow::Status Read();
    arrow::Status FindForm();
};

bool is_whole(double value) { return std::trunc(value) == value && std::fabs(value) < 9.2e18; }

void JsonFile::Look(const arrow::Table &table) {
    for (int i = 0; i < table.num_columns(); ++i) {
        if (table.field(i)->type()->id() != arrow::Type::DOUBLE) continue;
        bool &all = are_whole.try_emplace(table.field(i)->name(), true).first->second;
        for (const auto &chunk : table.column(i)->chunks()) {
            const auto &numbers = static_cast<const arrow::DoubleArray &>(*chunk);
            for (int64_t k = 0; all && k < numbers.length(); ++k)
                all = numbers.IsNull(k) || is_whole(numbers.Value(k));
        }
    }
}

/// Whole numbers in place of fractions that are all whole, and times in microseconds.
std::shared_ptr<arrow::Schema> JsonFile::PandasTypes() const {
    arrow::FieldVector fields;
    for (const auto &field : type->fields()) {
        const auto found = are_whole.find(field->name());
        if (field->type()->id() == arrow::Type::DOUBLE && found != are_whole.end() && found->second) {
            fields.push_back(field->WithType(arrow::int64()));
        } else if (field->type()->id() == arrow::Type::TIMESTAMP) {
            fields.push_back(field->WithType(arrow::timestamp(arrow::TimeUnit::MICRO)));
        } else {
            fields.push_back(field);
        }
    }
    return arrow::schema(fields);
}

/// Columns of seconds and of fractions in those types.
arrow::Result<std::shared_ptr<arrow::Table>> in_types(
    const std::shared_ptr<arrow::Table> &table, const std::shared_ptr<arrow::Schema> &schema) {
    auto columns = table->columns();
    for (int i = 0; i < schema->num_fields(); ++i) {
        const auto &wanted = schema->field(i)->type();
        if (columns[i]->type()->Equals(*wanted)) continue;
        arrow::ArrayVector chunks;
        for (const auto &chunk : columns[i]->chunks()) {
            arrow::Int64Builder builder;
            ARROW_RETURN_NOT_OK(builder.Reserve(chunk->length()));
            for (int64_t k = 0; k < chunk->length(); ++k) {
                if (chunk->IsNull(k)) {
                    builder.UnsafeAppendNull();
                } else if (chunk->type_id() == arrow::Type::DOUBLE) {
                    const double value = static_cast<const arrow::DoubleArray &>(*chunk).Value(k);
                    if (!is_whole(value)) return arrow::Status::Invalid("a column of whole numbers has a fraction");
                    builder.UnsafeAppend(static_cast<int64_t>(value));
                } else {
                    // From year 0 to 9999: far from the end of 64 bits.
                    builder.UnsafeAppend(static_cast<const arrow::TimestampArray &>(*chunk).Value(k) * 1'000'000);
                }
            }
            ARROW_ASSIGN_OR_RAISE(auto numbers, builder.Finish());
            auto data = numbers->data()->Copy();
            data->type = wanted;
            chunks.push_back(arrow::MakeArray(data));
        }
        columns[i] = std::make_shared<arrow::ChunkedArray>(chunks, wanted);
    }
    return arrow::Table::Make(schema, columns, table->num_rows());
}

/// Finds the types, in the first piece where the rest is not looked at.
arrow::Status JsonFile::Read() {
    ARROW_RETURN_NOT_OK(Open());
    type = arrow::struct_(texts->fields());
    held.clear();
    holds_all = is_of_one_type = is_empty = true;
    are_whole.clear();
    int64_t held_bytes = 0;
    JsonRows piece;
    while (true) {
        ARROW_ASSIGN_OR_RAISE(bool more, rows->Next(&piece));
        if (!more) return arrow::Status::OK();
        if (form) form->Rewrite(&piece);
        const Times times = is_of_pandas() ? Times::of_columns_named_so : Times::all;
        ARROW_ASSIGN_OR_RAISE(auto table, parsed(piece, rows->is_list(), texts, times));
        auto both = joined(type, arrow::struct_(table->schema()->fields()));
        if (!both) {
            return arrow::Status::Invalid("a key changes its type at line ", std::to_string(piece.numbers.front()));
        }
        if (!is_empty && !both->Equals(*type)) is_of_one_type = false;
        if (!is_empty && !both->Equals(arrow::StructType(table->schema()->fields()))) is_of_one_type = false;
        type = both;
        is_empty = false;
        held_bytes += static_cast<int64_t>(piece.text.size());
        if (is_of_pandas()) Look(*table);
        if (holds_all) held.push_back(table);
        if (keep < 0 && !is_of_pandas()) return arrow::Status::OK();
        if (held_bytes > keep) {
            holds_all = false;
            held.clear();
        }
    }
}

/// Finds the values that are kept as JSON text. Python looks for them only where every line is a row.
arrow::Status JsonFile::FindForm() {
    ARROW_RETURN_NOT_OK(Open());
    auto found = std::make_shared<JsonForm>();
    JsonRows piece;
    while (true) {
        ARROW_ASSIGN_OR_RAISE(bool more, rows->Next(&piece));
        // Only what is whole may become JSON text.
        for (size_t i = 0; more && i < piece.ends.size(); ++i) {
            if (!json_is_valid(piece.Row(i))) ARROW_RETURN_NOT_OK(row_problem(piece, i, rows->is_list()));
        }
        if (more) found->Add(piece);
        if (!more || keep < 0) break;
    }
    if ((rows->is_list() || rows->has_row_lines()) && found->has_mixed()) form = found;
    return arrow::Status::OK();
}

bool has_structure(const arrow::DataType &type) {
    for (const auto &field : type.fields()) {
        if (field->type()->id() == arrow::Type::STRUCT || has_structure(*field->type())) return true;
    }
    return false;
}

}  // namespace

int carrow_reader_json(
    const carrow_source *source, const carrow_json_options *given, int64_t keep, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        arrow::FieldVector fields;
        for (int64_t i = 0; given->texts && i < given->text_count; ++i) {
            fields.push_back(arrow::field(given->texts[i], arrow::utf8()));
        }
        const auto file = std::make_shared<JsonFile>(JsonFile{*source, parsed(given), arrow::schema(fields), keep});
        auto status = file->Read();
        // pandas, which reads a field, does without JSON text.
        if (file->options.field.empty() && (!status.ok() || has_structure(*file->type))) {
            const auto found = file->FindForm();
            if (!found.ok()) status = found;
            if (file->form) status = file->Read();
        }
        ARROW_RETURN_NOT_OK(status);
        if (!file->is_empty && file->type->num_fields() == 0 && file->rows->is_list() && !file->rows->has_objects()) {
            file->options.nulls_are_texts = true;
            ARROW_RETURN_NOT_OK(file->Read());
        }
        if (file->is_empty) return problem("the file has no rows", "Put one object on each line.");
        if (file->type->num_fields() == 0) {
            return problem("no row of the file has a key", "Put one object on each line.");
        }
        auto reader = std::make_unique<carrow_reader>();
        const auto read_schema = arrow::schema(file->type->fields());
        reader->schema = file->is_of_pandas() ? file->PandasTypes() : read_schema;
        reader->is_list = file->rows->is_list();
        if (file->form) reader->json_paths = file->form->Paths();
        if (!file->holds_all || !file->is_of_one_type) {
            // Earlier pieces were read in narrower types.
            file->held.clear();
            ARROW_RETURN_NOT_OK(file->Open());
        }
        const bool goes_on = (keep < 0 && !file->is_of_pandas()) || !file->holds_all || !file->is_of_one_type;
        auto held = std::make_shared<std::deque<std::shared_ptr<arrow::Table>>>(std::move(file->held));
        reader->next = [held, rows = file->rows, form = file->form, schema = read_schema, given = reader->schema,
                        goes_on]() -> arrow::Result<std::shared_ptr<arrow::Table>> {
            if (!held->empty()) {
                auto table = held->front();
                held->pop_front();
                return in_types(table, given);
            }
            if (!goes_on) return nullptr;
            JsonRows piece;
            ARROW_ASSIGN_OR_RAISE(bool more, rows->Next(&piece));
            if (!more) return nullptr;
            if (form) form->Rewrite(&piece);
            ARROW_ASSIGN_OR_RAISE(auto table, parsed(piece, rows->is_list(), schema, std::nullopt));
            if (table->num_columns() > schema->num_fields()) {
                return problem(
                    "'" + table->schema()->field(schema->num_fields())->name() + "' is a key of no row before line " +
                        std::to_string(piece.numbers.front()),
                    "The columns of a stream are those of its first rows: give these the key too, with null.");
            }
            if (!table->schema()->Equals(*schema, false)) {
                return arrow::Status::Invalid("a key changes its type at line ", std::to_string(piece.numbers.front()));
            }
            return in_types(table, given);
        };
        *out = reader.release();
        return arrow::Status::OK();
    });
}

int carrow_json_open(const carrow_source *source, const carrow_json_options *given, carrow_json **out) {
    return guarded([&]() -> arrow::Status {
        auto json = std::make_unique<carrow_json>();
        ARROW_ASSIGN_OR_RAISE(json->reader, JsonReader::Open(*source, parsed(given)));
        *out = json.release();
        return arrow::Status::OK();
    });
}

int carrow_json_next(
    carrow_json *json, const char **text, const int64_t **ends, const int64_t **numbers, int64_t *count) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(bool more, json->reader->Next(&json->rows));
        *count = more ? static_cast<int64_t>(json->rows.ends.size()) : 0;
        *text = json->rows.text.data();
        *ends = json->rows.ends.data();
        *numbers = json->rows.numbers.data();
        return arrow::Status::OK();
    });
}

bool carrow_json_is_list(const carrow_json *json) { return json->reader->is_list(); }

void carrow_json_release(carrow_json *json) { delete json; }
