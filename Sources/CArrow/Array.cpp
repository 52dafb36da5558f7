#include <arrow/util/bitmap_builders.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <limits>
#include <vector>

#include "Bridge.hpp"

using namespace carrow;

namespace {

arrow::Result<std::shared_ptr<arrow::Buffer>> copied(const void *bytes, int64_t count) {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(count));
    if (count > 0) std::memcpy(buffer->mutable_data(), bytes, count);
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Result<std::shared_ptr<arrow::Buffer>> bitmap(const uint8_t *values, int64_t count) {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateEmptyBitmap(count));
    uint8_t *bits = buffer->mutable_data();
    for (int64_t i = 0; i < count; ++i) {
        if (values[i]) arrow::bit_util::SetBit(bits, i);
    }
    return buffer;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> validity(const uint8_t *valid, int64_t count) {
    if (!valid) return std::shared_ptr<arrow::Buffer>();
    return bitmap(valid, count);
}

/// 64-bit places as 32-bit ones, or an error where they don't fit.
arrow::Result<std::shared_ptr<arrow::Buffer>> narrowed(const int64_t *offsets, int64_t count) {
    if (offsets[count] > std::numeric_limits<int32_t>::max()) {
        return arrow::Status::Invalid("a column of ", offsets[count], " elements is too large for one piece");
    }
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer((count + 1) * 4));
    auto narrow = reinterpret_cast<int32_t *>(buffer->mutable_data());
    for (int64_t i = 0; i <= count; ++i) narrow[i] = static_cast<int32_t>(offsets[i]);
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

void give_data(std::shared_ptr<arrow::ArrayData> data, carrow_array **out) { give(arrow::MakeArray(data), out); }

}  // namespace

void carrow_array_release(carrow_array *array) { delete array; }

int carrow_array_numbers(
    const char *type, const void *values, int64_t count, const uint8_t *valid, carrow_array **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto data_type, type_named(type));
        if (!arrow::is_fixed_width(data_type->id()) || data_type->byte_width() < 1) {
            return arrow::Status::Invalid("'", type, "' is no type of numbers");
        }
        ARROW_ASSIGN_OR_RAISE(auto bits, validity(valid, count));
        ARROW_ASSIGN_OR_RAISE(auto buffer, copied(values, count * data_type->byte_width()));
        give_data(arrow::ArrayData::Make(data_type, count, {bits, buffer}), out);
        return arrow::Status::OK();
    });
}

int carrow_array_bools(const uint8_t *values, int64_t count, const uint8_t *valid, carrow_array **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto bits, validity(valid, count));
        ARROW_ASSIGN_OR_RAISE(auto buffer, bitmap(values, count));
        give_data(arrow::ArrayData::Make(arrow::boolean(), count, {bits, buffer}), out);
        return arrow::Status::OK();
    });
}

int carrow_array_strings(
    const char *type, const void *bytes, const int64_t *offsets, int64_t count, const uint8_t *valid,
    carrow_array **out) {
    return guarded([&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto data_type, type_named(type));
        ARROW_ASSIGN_OR_RAISE(auto bits, validity(valid, count));
        ARROW_ASSIGN_OR_RAISE(auto data, copied(bytes, offsets[count]));
        std::shared_ptr<arrow::Buffer> places;
        if (arrow::is_large_binary_like(data_type->id())) {
            ARROW_ASSIGN_OR_RAISE(places, copied(offsets, (count + 1) * 8));
        } else if (arrow::is_base_binary_like(data_type->id())) {
            ARROW_ASSIGN_OR_RAISE(places, narrowed(offsets, count));
        } else {
            return arrow::Status::Invalid("'", type, "' is no type of text");
        }
        give_data(arrow::ArrayData::Make(data_type, count, {bits, places, data}), out);
        return arrow::Status::OK();
    });
}

int carrow_array_lists(
    const carrow_array *child, const int64_t *offsets, int64_t count, const uint8_t *valid, carrow_array **out) {
    return guarded([&]() -> arrow::Status {
        if (offsets[count] > child->array->length()) return arrow::Status::Invalid("lists go beyond their elements");
        ARROW_ASSIGN_OR_RAISE(auto bits, validity(valid, count));
        ARROW_ASSIGN_OR_RAISE(auto places, narrowed(offsets, count));
        auto type = arrow::list(child->array->type());
        give_data(arrow::ArrayData::Make(type, count, {bits, places}, {child->array->data()}), out);
        return arrow::Status::OK();
    });
}

int carrow_array_large_lists(
    const carrow_array *child, const int64_t *offsets, int64_t count, const uint8_t *valid, carrow_array **out) {
    return guarded([&]() -> arrow::Status {
        if (offsets[count] > child->array->length()) return arrow::Status::Invalid("lists go beyond their elements");
        ARROW_ASSIGN_OR_RAISE(auto bits, validity(valid, count));
        ARROW_ASSIGN_OR_RAISE(auto places, copied(offsets, (count + 1) * 8));
        auto type = arrow::large_list(child->array->type());
        give_data(arrow::ArrayData::Make(type, count, {bits, places}, {child->array->data()}), out);
        return arrow::Status::OK();
    });
}

int carrow_array_fixed_lists(
    const carrow_array *child, int64_t length, int64_t count, const uint8_t *valid, carrow_array **out) {
    return guarded([&]() -> arrow::Status {
        if (length < 0 || length > std::numeric_limits<int32_t>::max() || child->array->length() != length * count) {
            return arrow::Status::Invalid("lists of ", length, " do not fit ", child->array->length(), " elements");
        }
        ARROW_ASSIGN_OR_RAISE(auto bits, validity(valid, count));
        auto type = arrow::fixed_size_list(child->array->type(), static_cast<int32_t>(length));
        give_data(arrow::ArrayData::Make(type, count, {bits}, {child->array->data()}), out);
        return arrow::Status::OK();
    });
}

int carrow_array_structs(
    const char *const *names, const carrow_array *const *children, int64_t children_count, int64_t count,
    const uint8_t *valid, carrow_array **out) {
    return guarded([&]() -> arrow::Status {
        arrow::FieldVector fields;
        std::vector<std::shared_ptr<arrow::ArrayData>> data;
        for (int64_t i = 0; i < children_count; ++i) {
            fields.push_back(arrow::field(names[i], children[i]->array->type()));
            data.push_back(children[i]->array->data());
        }
        ARROW_ASSIGN_OR_RAISE(auto bits, validity(valid, count));
        give_data(arrow::ArrayData::Make(arrow::struct_(fields), count, {bits}, data), out);
        return arrow::Status::OK();
    });
}

int carrow_array_nulls(int64_t count, carrow_array **out) {
    return guarded([&] {
        give(std::static_pointer_cast<arrow::Array>(std::make_shared<arrow::NullArray>(count)), out);
        return arrow::Status::OK();
    });
}
