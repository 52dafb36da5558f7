// Arrow's own inference is another one: it makes dates of strings, and integers with missing values stay integers.

#include "CSVTypes.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "Text.hpp"

using namespace carrow;

namespace {

enum Kind : ValueKinds {
    null = 1, positive = 2, negative = 4, above_int64 = 8, beyond = 16, real = 32, boolean = 64, other = 128,
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Without a plus sign. Empty for no number: two signs, or nothing behind one.
std::string_view unsigned_part(std::string_view text) {
    text = trimmed(text);
    if (text.empty() || text.front() != '+') return text;
    text.remove_prefix(1);
    return !text.empty() && (text.front() == '+' || text.front() == '-') ? std::string_view() : text;
}

bool is_integer(std::string_view text) {
    if (!text.empty() && text.front() == '-') text.remove_prefix(1);
    if (text.empty()) return false;
    for (const char byte : text) {
        if (byte < '0' || byte > '9') return false;
    }
    return true;
}

template <typename Number>
bool parse_integer(std::string_view text, Number *out) {
    text = unsigned_part(text);
    const auto result = std::from_chars(text.data(), text.data() + text.size(), *out);
    return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool parse_real(std::string_view text, double *out) {
    text = unsigned_part(text);
    if (text.empty()) return false;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), *out);
    if (result.ptr != text.data() + text.size()) return false;
    if (result.ec == std::errc::result_out_of_range) {
        // Infinity above the range, zero or the nearest subnormal number below it.
        *out = std::strtod(std::string(text).c_str(), nullptr);
        return true;
    }
    // "nan" in other letters than those of a missing value is text to pandas; "inf" and "infinity" are numbers.
    return result.ec == std::errc() && !std::isnan(*out);
}

bool parse_bool(std::string_view text, bool *out) {
    if (text == "True" || text == "TRUE" || text == "true") return *out = true, true;
    if (text == "False" || text == "FALSE" || text == "false") return *out = false, true;
    return false;
}

Kind kind_of(std::string_view text) {
    const auto number = unsigned_part(text);
    if (is_integer(number)) {
        int64_t value = 0;
        if (parse_integer(text, &value)) return value < 0 ? negative : positive;
        uint64_t large = 0;
        return parse_integer(text, &large) ? above_int64 : beyond;
    }
    double value = 0;
    if (parse_real(text, &value)) return real;
    bool truth = false;
    return parse_bool(text, &truth) ? boolean : other;
}

/// An integer, also one written as 5.0: what a column of integers may have in another file.
bool parse_whole(std::string_view text, int64_t *out) {
    if (parse_integer(text, out)) return true;
    double value = 0;
    if (!parse_real(text, &value) || std::trunc(value) != value || std::fabs(value) > 0x1p53) return false;
    *out = static_cast<int64_t>(value);
    return true;
}

template <typename Builder, typename Value, typename Parse>
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> built(
    const arrow::ChunkedArray &column, Parse &&parse, int64_t *bad) {
    Builder builder;
    ARROW_RETURN_NOT_OK(builder.Reserve(column.length()));
    *bad = 0;
    for (const auto &chunk : column.chunks()) {
        const auto &strings = static_cast<const arrow::LargeStringArray &>(*chunk);
        for (int64_t i = 0; i < strings.length(); ++i, ++*bad) {
            Value value{};
            if (strings.IsNull(i)) {
                builder.UnsafeAppendNull();
            } else if (parse(strings.GetView(i), &value)) {
                builder.UnsafeAppend(value);
            } else {
                return std::shared_ptr<arrow::ChunkedArray>();
            }
        }
    }
    ARROW_ASSIGN_OR_RAISE(auto array, builder.Finish());
    return std::make_shared<arrow::ChunkedArray>(array);
}

}  // namespace

ValueKinds carrow::kinds_of(const arrow::ChunkedArray &column, ValueKinds before) {
    ValueKinds seen = before;
    if (seen & other) return seen;
    for (const auto &chunk : column.chunks()) {
        const auto &strings = static_cast<const arrow::LargeStringArray &>(*chunk);
        for (int64_t i = 0; i < strings.length(); ++i) {
            seen |= strings.IsNull(i) ? null : kind_of(strings.GetView(i));
            if (seen & other) return seen;
        }
    }
    return seen;
}

std::shared_ptr<arrow::DataType> carrow::type_of(ValueKinds kinds) {
    const ValueKinds integers = positive | negative | above_int64 | beyond;
    if (kinds & other) return arrow::large_utf8();
    if (kinds & boolean) return kinds & (integers | real) ? arrow::large_utf8() : arrow::boolean();
    if (kinds & real) return arrow::float64();
    if (!(kinds & integers)) return arrow::null();
    // Digits that no type of numbers holds stay as they are written.
    if (kinds & beyond) return arrow::large_utf8();
    if (kinds & above_int64) return kinds & (negative | null) ? arrow::large_utf8() : arrow::uint64();
    // A missing value makes floating point of integers.
    return kinds & null ? arrow::float64() : arrow::int64();
}

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> carrow::converted(
    const std::shared_ptr<arrow::ChunkedArray> &column, const std::shared_ptr<arrow::DataType> &type, int64_t *bad) {
    switch (type->id()) {
        case arrow::Type::INT64: return built<arrow::Int64Builder, int64_t>(*column, parse_whole, bad);
        case arrow::Type::UINT64: return built<arrow::UInt64Builder, uint64_t>(*column, parse_integer<uint64_t>, bad);
        case arrow::Type::DOUBLE: return built<arrow::DoubleBuilder, double>(*column, parse_real, bad);
        case arrow::Type::BOOL: return built<arrow::BooleanBuilder, bool>(*column, parse_bool, bad);
        case arrow::Type::NA: {
            ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(arrow::null(), column->length()));
            return std::make_shared<arrow::ChunkedArray>(nulls);
        }
        default: return column;
    }
}
