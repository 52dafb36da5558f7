#include "Plain.hpp"

#include <arrow/compute/api.h>
#include <arrow/extension_type.h>

#include <vector>

#include "Marks.hpp"

using namespace carrow;

namespace {

std::shared_ptr<arrow::Field> with_type(const std::shared_ptr<arrow::Field> &field) {
    auto type = plain_type(field->type());
    return type ? field->WithType(type) : nullptr;
}

/// The same places over other elements.
arrow::Result<std::shared_ptr<arrow::Array>> over(
    const std::shared_ptr<arrow::Array> &array, const std::shared_ptr<arrow::DataType> &type) {
    auto data = array->data()->Copy();
    for (auto &child : data->child_data) {
        ARROW_ASSIGN_OR_RAISE(auto values, plain(arrow::MakeArray(child)));
        child = values->data();
    }
    data->type = type;
    return arrow::MakeArray(data);
}

}  // namespace

std::shared_ptr<arrow::DataType> carrow::plain_type(const std::shared_ptr<arrow::DataType> &type) {
    switch (type->id()) {
        case arrow::Type::DICTIONARY:
            return plain_type(static_cast<const arrow::DictionaryType &>(*type).value_type());
        case arrow::Type::RUN_END_ENCODED:
            return plain_type(static_cast<const arrow::RunEndEncodedType &>(*type).value_type());
        case arrow::Type::EXTENSION:
            // Over long texts as well, as Python has it.
            if (is_json_type(*type)) return arrow::utf8();
            return plain_type(static_cast<const arrow::ExtensionType &>(*type).storage_type());
        case arrow::Type::STRING_VIEW: return arrow::large_utf8();
        case arrow::Type::BINARY_VIEW: return arrow::large_binary();
        case arrow::Type::DECIMAL32:
        case arrow::Type::DECIMAL64: {
            const auto &decimal = static_cast<const arrow::DecimalType &>(*type);
            return arrow::decimal128(decimal.precision(), decimal.scale());
        }
        case arrow::Type::LIST_VIEW:
        case arrow::Type::LIST:
        case arrow::Type::MAP: {
            auto field = with_type(type->field(0));
            return field ? arrow::list(field) : nullptr;
        }
        case arrow::Type::LARGE_LIST_VIEW:
        case arrow::Type::LARGE_LIST: {
            auto field = with_type(type->field(0));
            return field ? arrow::large_list(field) : nullptr;
        }
        case arrow::Type::FIXED_SIZE_LIST: {
            auto field = with_type(type->field(0));
            const auto size = static_cast<const arrow::FixedSizeListType &>(*type).list_size();
            return field ? arrow::fixed_size_list(field, size) : nullptr;
        }
        case arrow::Type::STRUCT: {
            arrow::FieldVector fields;
            for (const auto &field : type->fields()) {
                auto plain_field = with_type(field);
                if (!plain_field) return nullptr;
                fields.push_back(plain_field);
            }
            return arrow::struct_(fields);
        }
        case arrow::Type::SPARSE_UNION:
        case arrow::Type::DENSE_UNION:
        case arrow::Type::INTERVAL_MONTHS:
        case arrow::Type::INTERVAL_DAY_TIME:
        case arrow::Type::INTERVAL_MONTH_DAY_NANO: return nullptr;
        default: return type;
    }
}

arrow::Result<std::shared_ptr<arrow::Array>> carrow::plain(const std::shared_ptr<arrow::Array> &array) {
    const auto &type = array->type();
    auto target = plain_type(type);
    if (!target) return arrow::Status::TypeError("columns of type ", type->ToString(), " are not read");
    if (target->Equals(*type)) return array;
    auto cast = [&](const std::shared_ptr<arrow::DataType> &to) -> arrow::Result<std::shared_ptr<arrow::Array>> {
        ARROW_ASSIGN_OR_RAISE(auto datum, arrow::compute::Cast(arrow::Datum(array), to));
        return datum.make_array();
    };
    switch (type->id()) {
        case arrow::Type::DICTIONARY: {
            const auto &encoded = static_cast<const arrow::DictionaryArray &>(*array);
            ARROW_ASSIGN_OR_RAISE(auto words, plain(encoded.dictionary()));
            const arrow::Datum places(encoded.indices());
            ARROW_ASSIGN_OR_RAISE(auto datum, arrow::compute::Take(arrow::Datum(words), places));
            return datum.make_array();
        }
        case arrow::Type::RUN_END_ENCODED: {
            ARROW_ASSIGN_OR_RAISE(auto datum, arrow::compute::RunEndDecode(arrow::Datum(array)));
            return plain(datum.make_array());
        }
        case arrow::Type::EXTENSION: {
            ARROW_ASSIGN_OR_RAISE(auto values, plain(static_cast<const arrow::ExtensionArray &>(*array).storage()));
            if (values->type()->Equals(*target)) return values;
            ARROW_ASSIGN_OR_RAISE(auto datum, arrow::compute::Cast(arrow::Datum(values), target));
            return datum.make_array();
        }
        case arrow::Type::STRING_VIEW:
        case arrow::Type::BINARY_VIEW:
        case arrow::Type::DECIMAL32:
        case arrow::Type::DECIMAL64: return cast(target);
        case arrow::Type::LIST_VIEW: {
            ARROW_ASSIGN_OR_RAISE(
                std::shared_ptr<arrow::Array> lists,
                arrow::ListArray::FromListView(
                    static_cast<const arrow::ListViewArray &>(*array), arrow::default_memory_pool()));
            return plain(lists);
        }
        case arrow::Type::LARGE_LIST_VIEW: {
            ARROW_ASSIGN_OR_RAISE(
                std::shared_ptr<arrow::Array> lists,
                arrow::LargeListArray::FromListView(
                    static_cast<const arrow::LargeListViewArray &>(*array), arrow::default_memory_pool()));
            return plain(lists);
        }
        default: return over(array, target);
    }
}

arrow::Result<std::shared_ptr<arrow::Table>> carrow::checked(std::shared_ptr<arrow::Table> table) {
    ARROW_RETURN_NOT_OK(table->ValidateFull());
    ARROW_ASSIGN_OR_RAISE(auto result, plain(table));
    if (result != table) ARROW_RETURN_NOT_OK(result->ValidateFull());
    return result;
}

arrow::Result<std::shared_ptr<arrow::Table>> carrow::plain(const std::shared_ptr<arrow::Table> &table) {
    ARROW_RETURN_NOT_OK(start());
    arrow::FieldVector fields;
    arrow::ChunkedArrayVector columns;
    bool is_changed = false;
    for (int i = 0; i < table->num_columns(); ++i) {
        auto field = table->schema()->field(i);
        auto column = table->column(i);
        auto target = plain_type(field->type());
        if (target && !target->Equals(*field->type())) {
            arrow::ArrayVector chunks;
            for (const auto &chunk : column->chunks()) {
                ARROW_ASSIGN_OR_RAISE(auto values, plain(chunk));
                chunks.push_back(values);
            }
            column = std::make_shared<arrow::ChunkedArray>(chunks, target);
            field = field->WithType(target);
            is_changed = true;
        }
        fields.push_back(field);
        columns.push_back(column);
    }
    if (!is_changed) return table;
    return arrow::Table::Make(arrow::schema(fields, table->schema()->metadata()), columns, table->num_rows());
}
