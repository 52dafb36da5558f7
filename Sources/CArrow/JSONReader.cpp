// JSON rows in pieces, in the types that fit all of them.

#include <arrow/json/api.h>

#include <cstring>
#include <deque>
#include <optional>
#include <unordered_map>

#include "JSONForm.hpp"
#include "JSONTypes.hpp"
#include "Plain.hpp"
#include "Settled.hpp"

using namespace carrow;

struct carrow_json {
    std::unique_ptr<JsonReader> reader;
    JsonRows rows;
};

namespace {

JsonOptions parsed(const carrow_json_options *given) { return {given->field ? given->field : ""}; }

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

/// Rows in types that are known.
arrow::Result<std::shared_ptr<arrow::Table>> typed(
    const JsonRows &rows, const std::shared_ptr<arrow::Schema> &schema) {
    const auto type = arrow::struct_(schema->fields());
    ARROW_ASSIGN_OR_RAISE(auto table, table_of(rows.text, arrow::schema(json_numbered(type)->fields())));
    if (json_has_numbers(*table, *type)) {
        return arrow::Status::Invalid("a key changes its type at line ", std::to_string(rows.numbers.front()));
    }
    return checked(json_with_nulls(table, *type));
}

/// Rows in the types that they suggest.
arrow::Result<std::shared_ptr<arrow::Table>> inferred(
    const JsonRows &rows, const std::shared_ptr<arrow::Schema> &texts, JsonTimes times) {
    ARROW_ASSIGN_OR_RAISE(auto table, table_of(rows.text, texts));
    auto whole = checked(table);
    if (whole.ok()) {
        if (times == JsonTimes::all) return whole;
        const auto found = arrow::struct_(table->schema()->fields());
        const auto wanted = json_without_times(found, times);
        return wanted->Equals(*found) ? whole : typed(rows, arrow::schema(wanted->fields()));
    }
    JsonForm form;
    form.Add(rows);
    const std::string text = form.Sample() + "\n" + rows.text;
    ARROW_ASSIGN_OR_RAISE(table, table_of(text, texts));
    const auto found = arrow::struct_(table->schema()->fields());
    // Python, too, reads such rows in another way, which takes no text for a time.
    const auto timeless = json_without_times(found, times == JsonTimes::all ? JsonTimes::none : times);
    if (!timeless->Equals(*found)) {
        ARROW_ASSIGN_OR_RAISE(table, table_of(text, arrow::schema(json_numbered(timeless)->fields())));
    }
    return checked(json_with_nulls(table, *form.Typed(timeless))->Slice(1));
}

/// What the parser has against a row by itself.
arrow::Status row_problem(const JsonRows &rows, size_t index, bool is_list) {
    const auto one = table_of(rows.Row(index), nullptr);
    if (one.ok()) return arrow::Status::OK();
    std::string message = one.status().message();
    const std::string prefix = "JSON parse error: ";
    if (message.rfind(prefix, 0) == 0) message = message.substr(prefix.size());
    if (const auto place = message.rfind(" in row "); place != std::string::npos) message.resize(place);
    const bool is_twice = message.find("specified twice") != std::string::npos;
    const bool is_of_two_types = message.find(" changed from ") != std::string::npos;
    return problem(
        (is_list ? "row " : "line ") + std::to_string(rows.numbers[index]) + ": " + message,
        is_twice          ? "Leave one of the two."
        : is_of_two_types ? "Make all values of the key of one type."
        : is_list         ? "Give a list of whole objects."
                          : "Put one whole object on each line.");
}

/// Rows as a table; what is wrong in one of them is told with its number.
arrow::Result<std::shared_ptr<arrow::Table>> parsed(
    const JsonRows &rows, bool is_list, const std::shared_ptr<arrow::Schema> &schema, std::optional<JsonTimes> times) {
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
    /// Notes what `PandasTypes` needs.
    void Look(const arrow::Table &table);
    std::shared_ptr<arrow::Schema> PandasTypes() const;

    arrow::Status Open() { return JsonReader::Open(source, options).Value(&rows); }
    arrow::Status Read();
    arrow::Status FindForm();
};

void JsonFile::Look(const arrow::Table &table) {
    for (int i = 0; i < table.num_columns(); ++i) {
        const auto id = table.field(i)->type()->id();
        if (id != arrow::Type::DOUBLE && id != arrow::Type::INT64) continue;
        bool &all = are_whole.try_emplace(table.field(i)->name(), true).first->second;
        auto look = [&](const auto &numbers) {
            for (int64_t k = 0; all && k < numbers.length(); ++k)
                all = numbers.IsNull(k) || json_is_whole_number(static_cast<double>(numbers.Value(k)));
        };
        for (const auto &chunk : table.column(i)->chunks()) {
            if (id == arrow::Type::INT64) {
                look(static_cast<const arrow::Int64Array &>(*chunk));
            } else {
                look(static_cast<const arrow::DoubleArray &>(*chunk));
            }
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
        const JsonTimes times = is_of_pandas() ? JsonTimes::of_columns_named_so : JsonTimes::all;
        ARROW_ASSIGN_OR_RAISE(auto table, parsed(piece, rows->is_list(), texts, times));
        auto both = json_joined(type, arrow::struct_(table->schema()->fields()));
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
            if (json_is_valid(piece.Row(i), JsonRules::file)) continue;
            ARROW_RETURN_NOT_OK(row_problem(piece, i, rows->is_list()));
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
                return json_in_types(table, given);
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
            return json_in_types(table, given);
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
