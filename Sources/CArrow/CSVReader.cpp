// Delimited text in pieces, in the types that fit all of it.

#include <deque>

#include "CSV.hpp"
#include "CSVTypes.hpp"
#include "Settled.hpp"

using namespace carrow;

namespace {

arrow::Result<CsvOptions> parsed(const carrow_csv_options *given) {
    CsvOptions options;
    options.delimiter = given->delimiter;
    options.quote = given->quote;
    options.has_header = given->has_header;
    options.has_names = given->names != nullptr;
    for (int64_t i = 0; given->names && i < given->name_count; ++i) options.names.emplace_back(given->names[i]);
    options.selects = given->columns != nullptr;
    for (int64_t i = 0; given->columns && i < given->column_count; ++i) options.selected.insert(given->columns[i]);
    for (int64_t i = 0; i < given->type_count; ++i) {
        ARROW_ASSIGN_OR_RAISE(options.types[given->typed[i]], type_named(given->types[i]));
    }
    return options;
}

/// A piece of text in its types. `before` rows came before these, the header included.
arrow::Result<std::shared_ptr<arrow::Table>> typed(
    const arrow::Table &text, const arrow::Schema &schema, int64_t before) {
    arrow::ChunkedArrayVector columns;
    for (int i = 0; i < text.num_columns(); ++i) {
        int64_t bad = 0;
        ARROW_ASSIGN_OR_RAISE(auto values, converted(text.column(i), schema.field(i)->type(), &bad));
        if (!values) {
            ARROW_ASSIGN_OR_RAISE(auto value, text.column(i)->GetScalar(bad));
            return problem(
                "row " + std::to_string(before + bad + 1) + ", column '" + schema.field(i)->name() + "': '" +
                    value->ToString() + "' is no " + schema.field(i)->type()->ToString(),
                "The rows before it, or the training split, made the column one of that type. Correct the value, or "
                "the others.");
        }
        columns.push_back(values);
    }
    return arrow::Table::Make(
        std::make_shared<arrow::Schema>(schema.fields()), columns, text.num_rows());
}

std::shared_ptr<arrow::Schema> schema_of(
    const CsvParser &parser, const CsvOptions &options, const std::vector<ValueKinds> &kinds, bool is_start) {
    arrow::FieldVector fields;
    for (size_t i = 0; i < parser.names().size(); ++i) {
        auto given = options.types.find(parser.names()[i]);
        fields.push_back(
            arrow::field(parser.names()[i], given == options.types.end() ? type_of(kinds[i]) : given->second));
        // What has no value at all is floating point to pandas. Where the whole file is known, others may know better.
        if (is_start && fields.back()->type()->id() == arrow::Type::NA) {
            fields.back() = fields.back()->WithType(arrow::float64());
        }
    }
    return arrow::schema(fields);
}

struct Piece {
    std::shared_ptr<arrow::Table> text;
    int64_t before;
};

}  // namespace

int carrow_reader_csv(
    const carrow_source *source, const carrow_csv_options *given, int64_t keep, carrow_reader **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_RETURN_NOT_OK(start());
        ARROW_ASSIGN_OR_RAISE(auto options, parsed(given));
        ARROW_ASSIGN_OR_RAISE(std::shared_ptr<CsvParser> parser, CsvParser::Open(*source, options));
        std::vector<ValueKinds> kinds(parser->names().size(), 0);
        auto held = std::make_shared<std::deque<Piece>>();
        int64_t held_bytes = 0;
        bool holds_all = true;
        while (true) {
            const int64_t before = parser->rows();
            ARROW_ASSIGN_OR_RAISE(auto text, parser->Next());
            if (!text) break;
            for (size_t i = 0; i < kinds.size(); ++i) kinds[i] = kinds_of(*text->column(static_cast<int>(i)), kinds[i]);
            held_bytes += parser->names().empty() ? 0 : piece_bytes;
            if (holds_all) held->push_back({text, before});
            // The first piece alone tells the types of a stream.
            if (keep < 0) break;
            if (held_bytes > keep + piece_bytes) {
                holds_all = false;
                held->clear();
            }
        }
        auto reader = std::make_unique<carrow_reader>();
        reader->note = parser->suspicion();
        reader->schema = schema_of(*parser, options, kinds, keep < 0);
        if (!holds_all) {
            ARROW_ASSIGN_OR_RAISE(parser, CsvParser::Open(*source, options));
        }
        const bool goes_on = keep < 0 || !holds_all;
        reader->next = [held, parser, schema = reader->schema,
                        goes_on]() -> arrow::Result<std::shared_ptr<arrow::Table>> {
            if (!held->empty()) {
                const Piece piece = held->front();
                held->pop_front();
                return typed(*piece.text, *schema, piece.before);
            }
            if (!goes_on) return nullptr;
            const int64_t before = parser->rows();
            ARROW_ASSIGN_OR_RAISE(auto text, parser->Next());
            if (!text) return nullptr;
            return typed(*text, *schema, before);
        };
        *out = reader.release();
        return arrow::Status::OK();
    });
}
