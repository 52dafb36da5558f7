#include "Marks.hpp"

#include <arrow/extension/json.h>
#include <arrow/extension_type.h>

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

/// A type as it is stored, without extensions in it.
std::shared_ptr<arrow::DataType> stored(const std::shared_ptr<arrow::DataType> &type) {
    auto element = [&] { return type->field(0)->WithType(stored(type->field(0)->type())); };
    switch (type->id()) {
        case arrow::Type::EXTENSION:
            return stored(static_cast<const arrow::ExtensionType &>(*type).storage_type());
        case arrow::Type::LIST: return arrow::list(element());
        case arrow::Type::LARGE_LIST: return arrow::large_list(element());
        case arrow::Type::FIXED_SIZE_LIST:
            return arrow::fixed_size_list(
                element(), static_cast<const arrow::FixedSizeListType &>(*type).list_size());
        case arrow::Type::STRUCT: {
            arrow::FieldVector fields;
            for (const auto &field : type->fields()) fields.push_back(field->WithType(stored(field->type())));
            return arrow::struct_(fields);
        }
        default: return type;
    }
}

/// The type below dictionaries, runs and extensions.
const arrow::DataType &unwrapped(const arrow::DataType &type, bool *is_json) {
    switch (type.id()) {
        case arrow::Type::DICTIONARY:
            return unwrapped(*static_cast<const arrow::DictionaryType &>(type).value_type(), is_json);
        case arrow::Type::RUN_END_ENCODED:
            return unwrapped(*static_cast<const arrow::RunEndEncodedType &>(type).value_type(), is_json);
        case arrow::Type::EXTENSION: {
            const auto &extension = static_cast<const arrow::ExtensionType &>(type);
            if (is_json_type(type)) *is_json = true;
            return unwrapped(*extension.storage_type(), is_json);
        }
        default: return type;
    }
}

/// Whether columns of this type are read in another one, whatever is in them.
bool is_read_as_other(const arrow::DataType &type) {
    switch (type.id()) {
        case arrow::Type::STRING_VIEW:
        case arrow::Type::BINARY_VIEW:
        case arrow::Type::DECIMAL32:
        case arrow::Type::DECIMAL64:
        case arrow::Type::LIST_VIEW:
        case arrow::Type::LARGE_LIST_VIEW:
        case arrow::Type::MAP: return true;
        default: return false;
    }
}

void add_marks(const arrow::Field &field, std::string *marks) {
    bool is_json = false;
    const auto &type = unwrapped(*field.type(), &is_json);
    const bool is_other = &type != field.type().get() || is_read_as_other(type);
    marks->push_back(is_json ? 'j' : is_other || !field.nullable() ? '!' : '.');
    for (const auto &child : type.fields()) add_marks(*child, marks);
}

}  // namespace

bool carrow::is_json_type(const arrow::DataType &type) {
    return type.id() == arrow::Type::EXTENSION &&
           static_cast<const arrow::ExtensionType &>(type).extension_name() == "arrow.json";
}

std::string carrow::marks_of(const arrow::Schema &schema) {
    std::string marks;
    for (int i = 0; i < schema.num_fields(); ++i) {
        if (i > 0) marks.push_back(' ');
        add_marks(*schema.field(i), &marks);
    }
    return marks;
}

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

arrow::Result<std::shared_ptr<arrow::Table>> carrow::empty_table(const std::shared_ptr<arrow::Schema> &schema) {
    arrow::ChunkedArrayVector columns;
    for (const auto &field : schema->fields()) {
        const auto &type = field->type();
        const auto plain = stored(type);
        ARROW_ASSIGN_OR_RAISE(auto array, arrow::MakeEmptyArray(plain));
        if (!plain->Equals(*type)) array = arrow::MakeArray(retyped(*array->data(), type));
        columns.push_back(std::make_shared<arrow::ChunkedArray>(arrow::ArrayVector{array}, type));
    }
    return arrow::Table::Make(schema, columns, 0);
}
