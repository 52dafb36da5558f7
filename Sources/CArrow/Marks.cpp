#include "Marks.hpp"

#include <arrow/extension/json.h>

using namespace carrow;

namespace {

/// The type with its marks, which are passed over.
std::shared_ptr<arrow::DataType> marked_type(const std::shared_ptr<arrow::DataType> &type, const char **marks) {
    const bool is_json = **marks == 'j';
    if (**marks) ++*marks;
    auto child = [&](int i) { return type->field(i)->WithType(marked_type(type->field(i)->type(), marks)); };
    switch (type->id()) {
        case arrow::Type::STRING:
        case arrow::Type::LARGE_STRING: return is_json ? arrow::extension::json(type) : type;
        case arrow::Type::LIST: return arrow::list(child(0));
        case arrow::Type::LARGE_LIST: return arrow::large_list(child(0));
        case arrow::Type::FIXED_SIZE_LIST:
            return arrow::fixed_size_list(child(0), static_cast<const arrow::FixedSizeListType &>(*type).list_size());
        case arrow::Type::STRUCT: {
            arrow::FieldVector fields;
            for (int i = 0; i < type->num_fields(); ++i) fields.push_back(child(i));
            return arrow::struct_(fields);
        }
        default: return type;
    }
}

/// The same buffers as another type. An extension has those of its storage.
std::shared_ptr<arrow::ArrayData> retyped(const arrow::ArrayData &data, const std::shared_ptr<arrow::DataType> &type) {
    auto result = data.Copy();
    result->type = type;
    for (size_t i = 0; i < result->child_data.size(); ++i) {
        result->child_data[i] = retyped(*data.child_data[i], type->field(static_cast<int>(i))->type());
    }
    return result;
}

}  // namespace

std::shared_ptr<arrow::Table> carrow::json_marked(const std::shared_ptr<arrow::Table> &table, const char *marks) {
    if (!marks) return table;
    arrow::FieldVector fields;
    arrow::ChunkedArrayVector columns;
    for (int i = 0; i < table->num_columns(); ++i) {
        auto field = table->schema()->field(i);
        auto column = table->column(i);
        auto type = marked_type(field->type(), &marks);
        if (!type->Equals(*field->type())) {
            arrow::ArrayVector chunks;
            for (const auto &chunk : column->chunks()) {
                chunks.push_back(arrow::MakeArray(retyped(*chunk->data(), type)));
            }
            column = std::make_shared<arrow::ChunkedArray>(chunks, type);
            field = field->WithType(type);
        }
        fields.push_back(field);
        columns.push_back(column);
    }
    return arrow::Table::Make(arrow::schema(fields, table->schema()->metadata()), columns, table->num_rows());
}
