// JSON rows in pieces, in the types that fit all of them.

#include <arrow/json/api.h>

#include <cstring>
#include <deque>
#include <unordered_map>

#include "JSONRows.hpp"
#include "Plain.hpp"
#include "Settled.hpp"

using namespace carrow;

struct carrow_json {
    std::unique_ptr<JsonReader> reader;
    JsonRows rows;
};

namespace {

JsonOptions parsed(const carrow_json_options *given) {
    return {given->field ? given->field : "", given->takes_columns};
}

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

/// Rows as a table; what is wrong in one of them is told with its number.
arrow::Result<std::shared_ptr<arrow::Table>> parsed(
    const JsonRows &rows, bool is_list, const std::shared_ptr<arrow::Schema> &schema) {
    auto whole = table_of(rows.text, schema);
    if (whole.ok()) return checked(*whole);
    int64_t from = 0;
    for (size_t i = 0; i < rows.ends.size(); ++i) {
        auto one = table_of(std::string_view(rows.text).substr(from, rows.ends[i] - from), nullptr);
        from = rows.ends[i];
        if (one.ok()) continue;
        std::string message = one.status().message();
        const std::string prefix = "JSON parse error: ";
        if (message.rfind(prefix, 0) == 0) message = message.substr(prefix.size());
        if (const auto place = message.rfind(" in row "); place != std::string::npos) message.resize(place);
        return problem(
            (is_list ? "row " : "line ") + std::to_string(rows.numbers[i]) + ": " + message,
            "Put one whole object on each line.");
    }
    return whole.status();
}

}  // namespace

int carrow_reader_json(
    const carrow_source *source, const carrow_json_options *given, int64_t keep, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        const JsonOptions options = parsed(given);
        ARROW_ASSIGN_OR_RAISE(std::shared_ptr<JsonReader> rows, JsonReader::Open(*source, options));
        std::shared_ptr<arrow::DataType> type = arrow::struct_({});
        if (given->texts) {
            arrow::FieldVector fields;
            for (int64_t i = 0; i < given->text_count; ++i) {
                fields.push_back(arrow::field(given->texts[i], arrow::utf8()));
            }
            type = arrow::struct_(fields);
        }
        const auto texts = arrow::schema(type->fields());
        auto held = std::make_shared<std::deque<std::shared_ptr<arrow::Table>>>();
        int64_t held_bytes = 0;
        bool holds_all = true, is_of_one_type = true, is_first = true;
        JsonRows piece;
        while (true) {
            ARROW_ASSIGN_OR_RAISE(bool more, rows->Next(&piece));
            if (!more) break;
            ARROW_ASSIGN_OR_RAISE(auto table, parsed(piece, rows->is_list(), texts));
            auto both = joined(type, arrow::struct_(table->schema()->fields()));
            if (!both) {
                return arrow::Status::Invalid("a key changes its type at line ", std::to_string(piece.numbers.front()));
            }
            if (!is_first && !both->Equals(*type)) is_of_one_type = false;
            if (!is_first && !both->Equals(arrow::StructType(table->schema()->fields()))) is_of_one_type = false;
            type = both;
            is_first = false;
            held_bytes += static_cast<int64_t>(piece.text.size());
            if (holds_all) held->push_back(table);
            if (keep < 0) break;
            if (held_bytes > keep) {
                holds_all = false;
                held->clear();
            }
        }
        if (is_first) return problem("the file has no rows", "Put one object on each line.");
        if (type->num_fields() == 0) return problem("no row of the file has a key", "Put one object on each line.");
        auto reader = std::make_unique<carrow_reader>();
        reader->schema = arrow::schema(type->fields());
        if (rows->has_columns() && options.field.empty()) {
            reader->note =
                "it is one object whose values are columns, and is read as a table; in a file ending in .jsonl it is "
                "one row";
        }
        if (!holds_all || !is_of_one_type) {
            // Earlier pieces were read in narrower types.
            held->clear();
            ARROW_ASSIGN_OR_RAISE(rows, JsonReader::Open(*source, options));
        }
        const bool goes_on = keep < 0 || !holds_all || !is_of_one_type;
        reader->next = [held, rows, schema = reader->schema,
                        goes_on]() -> arrow::Result<std::shared_ptr<arrow::Table>> {
            if (!held->empty()) {
                auto table = held->front();
                held->pop_front();
                return table;
            }
            if (!goes_on) return nullptr;
            JsonRows piece;
            ARROW_ASSIGN_OR_RAISE(bool more, rows->Next(&piece));
            if (!more) return nullptr;
            ARROW_ASSIGN_OR_RAISE(auto table, parsed(piece, rows->is_list(), schema));
            if (table->num_columns() > schema->num_fields()) {
                return problem(
                    "'" + table->schema()->field(schema->num_fields())->name() + "' is a key of no row before line " +
                        std::to_string(piece.numbers.front()),
                    "The columns of a stream are those of its first rows: give these the key too, with null.");
            }
            if (!table->schema()->Equals(*schema, false)) {
                return arrow::Status::Invalid("a key changes its type at line ", std::to_string(piece.numbers.front()));
            }
            return table;
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
