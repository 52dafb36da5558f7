#include "JSONTypes.hpp"

#include <cmath>
#include <unordered_map>

using namespace carrow;

namespace {

/// Whether pandas takes a column's texts for times.
bool names_times(std::string name) {
    for (char &byte : name) byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
    auto ends = [&](std::string_view end) {
        return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
    };
    return ends("_at") || ends("_time") || name == "modified" || name == "date" || name == "datetime" ||
           name.rfind("timestamp", 0) == 0;
}

/// An array in a type of `JsonForm::Typed`.
std::shared_ptr<arrow::Array> with_nulls(
    const std::shared_ptr<arrow::Array> &array, const std::shared_ptr<arrow::DataType> &type) {
    if (array->type()->Equals(*type)) return array;
    if (type->id() == arrow::Type::NA) return std::make_shared<arrow::NullArray>(array->length());
    auto data = array->data()->Copy();
    for (int i = 0; i < type->num_fields() && i < static_cast<int>(data->child_data.size()); ++i) {
        data->child_data[i] = with_nulls(arrow::MakeArray(data->child_data[i]), type->field(i)->type())->data();
    }
    data->type = type;
    return arrow::MakeArray(data);
}

bool has_numbers(const arrow::Array &array, const arrow::DataType &type) {
    if (type.id() == arrow::Type::NA) return array.null_count() != array.length();
    for (int i = 0; i < type.num_fields() && i < static_cast<int>(array.data()->child_data.size()); ++i) {
        if (has_numbers(*arrow::MakeArray(array.data()->child_data[i]), *type.field(i)->type())) return true;
    }
    return false;
}

}  // namespace

bool carrow::json_has_numbers(const arrow::Table &table, const arrow::DataType &type) {
    for (int i = 0; i < type.num_fields() && i < table.num_columns(); ++i) {
        for (const auto &chunk : table.column(i)->chunks()) {
            if (has_numbers(*chunk, *type.field(i)->type())) return true;
        }
    }
    return false;
}

bool carrow::json_is_whole_number(double value) { return std::trunc(value) == value && std::fabs(value) < 9.2e18; }

std::shared_ptr<arrow::DataType> carrow::json_joined(
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
        auto element = json_joined(left->field(0)->type(), right->field(0)->type());
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
        auto type = json_joined(fields[found->second]->type(), field->type());
        if (!type) return nullptr;
        fields[found->second] = fields[found->second]->WithType(type);
    }
    return arrow::struct_(fields);
}

std::shared_ptr<arrow::DataType> carrow::json_numbered(const std::shared_ptr<arrow::DataType> &type) {
    if (type->id() == arrow::Type::LIST) {
        const auto &element = type->field(0)->type();
        auto inner = element->id() == arrow::Type::NA ? arrow::int64() : json_numbered(element);
        return arrow::list(type->field(0)->WithType(inner));
    }
    if (type->id() != arrow::Type::STRUCT) return type;
    arrow::FieldVector fields;
    for (const auto &field : type->fields()) fields.push_back(field->WithType(json_numbered(field->type())));
    return arrow::struct_(fields);
}

std::shared_ptr<arrow::DataType> carrow::json_without_times(
    const std::shared_ptr<arrow::DataType> &type, JsonTimes times) {
    if (type->id() == arrow::Type::TIMESTAMP) return arrow::utf8();
    if (type->id() == arrow::Type::LIST) {
        const auto &element = type->field(0);
        return arrow::list(element->WithType(json_without_times(element->type(), JsonTimes::none)));
    }
    if (type->id() != arrow::Type::STRUCT) return type;
    arrow::FieldVector fields;
    for (const auto &field : type->fields()) {
        const bool stays = times == JsonTimes::of_columns_named_so && field->type()->id() == arrow::Type::TIMESTAMP &&
                           names_times(field->name());
        fields.push_back(stays ? field : field->WithType(json_without_times(field->type(), JsonTimes::none)));
    }
    return arrow::struct_(fields);
}

arrow::Result<std::shared_ptr<arrow::Table>> carrow::json_in_types(
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
                    if (!json_is_whole_number(value)) {
                        return arrow::Status::Invalid("a column of whole numbers has a fraction");
                    }
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

std::shared_ptr<arrow::Table> carrow::json_with_nulls(
    const std::shared_ptr<arrow::Table> &table, const arrow::DataType &type) {
    auto fields = table->schema()->fields();
    auto columns = table->columns();
    for (int i = 0; i < type.num_fields() && i < table->num_columns(); ++i) {
        const auto &wanted = type.field(i)->type();
        if (wanted->Equals(*fields[i]->type())) continue;
        arrow::ArrayVector chunks;
        for (const auto &chunk : columns[i]->chunks()) chunks.push_back(with_nulls(chunk, wanted));
        columns[i] = std::make_shared<arrow::ChunkedArray>(chunks, wanted);
        fields[i] = fields[i]->WithType(wanted);
    }
    return arrow::Table::Make(arrow::schema(fields), columns, table->num_rows());
}
