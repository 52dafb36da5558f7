// Lengths that a file claims and that no memory stands behind.

#include "Bridge.hpp"

using namespace carrow;

namespace {

// Nulls, empty structures and lists of length 0 take up no memory, whatever their number. So many of them are taken at
// their word; a file that claims more would fill the memory of whoever goes through its rows.
constexpr int64_t most_without_memory = int64_t(1) << 24;

arrow::Status check_sizes(const arrow::ArrayData &data) {
    bool has_memory = false;
    for (const auto &buffer : data.buffers) has_memory = has_memory || (buffer && buffer->size() > 0);
    const bool has_fields = data.type->id() == arrow::Type::STRUCT && !data.child_data.empty();
    if (data.length > most_without_memory && !has_memory && !has_fields) {
        const bool is_list = data.type->id() == arrow::Type::FIXED_SIZE_LIST &&
                             static_cast<const arrow::FixedSizeListType &>(*data.type).list_size() > 0;
        if (!is_list) {
            return arrow::Status::Invalid(
                "the file claims ", data.length, " values of type ", data.type->ToString(),
                ", which take up no memory; at most ", most_without_memory, " of them are read");
        }
    }
    for (const auto &child : data.child_data) ARROW_RETURN_NOT_OK(check_sizes(*child));
    if (data.dictionary) ARROW_RETURN_NOT_OK(check_sizes(*data.dictionary));
    return arrow::Status::OK();
}

}  // namespace

int carrow_table_check_sizes(const carrow_table *table) {
    return guarded([&]() -> arrow::Status {
        int64_t rows = table->table->num_rows();
        for (const auto &column : table->table->columns()) {
            for (const auto &chunk : column->chunks()) ARROW_RETURN_NOT_OK(check_sizes(*chunk->data()));
        }
        if (table->table->num_columns() == 0 && rows > most_without_memory) {
            return arrow::Status::Invalid("the file claims ", rows, " rows without columns");
        }
        return arrow::Status::OK();
    });
}
