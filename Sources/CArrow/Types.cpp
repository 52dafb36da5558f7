// Types by the names that Python's datasets give them.

#include <charconv>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "Bridge.hpp"

using namespace carrow;

namespace {

bool unit_named(std::string_view name, arrow::TimeUnit::type *unit) {
    if (name == "s") return *unit = arrow::TimeUnit::SECOND, true;
    if (name == "ms") return *unit = arrow::TimeUnit::MILLI, true;
    if (name == "us") return *unit = arrow::TimeUnit::MICRO, true;
    if (name == "ns") return *unit = arrow::TimeUnit::NANO, true;
    return false;
}

bool number(std::string_view text, int32_t *out) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    const auto result = std::from_chars(text.data(), text.data() + text.size(), *out);
    return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

/// What stands between `prefix` and the last character of a name such as "timestamp[us]".
bool within(std::string_view name, std::string_view prefix, std::string_view *inner) {
    if (name.size() <= prefix.size() || name.substr(0, prefix.size()) != prefix) return false;
    if (name.back() != (prefix.back() == '[' ? ']' : ')')) return false;
    *inner = name.substr(prefix.size(), name.size() - prefix.size() - 1);
    return true;
}

arrow::Result<std::shared_ptr<arrow::DataType>> with_parameters(const std::string &name) {
    std::string_view inner;
    arrow::TimeUnit::type unit;
    if (within(name, "timestamp[", &inner)) {
        const auto comma = inner.find(", tz=");
        const auto zone = comma == std::string_view::npos ? std::string_view() : inner.substr(comma + 5);
        if (unit_named(inner.substr(0, comma), &unit)) return arrow::timestamp(unit, std::string(zone));
    } else if (within(name, "duration[", &inner) && unit_named(inner, &unit)) {
        return arrow::duration(unit);
    } else if (name == "time32[s]" || name == "time32[ms]") {
        return arrow::time32(name == "time32[s]" ? arrow::TimeUnit::SECOND : arrow::TimeUnit::MILLI);
    } else if (name == "time64[us]" || name == "time64[ns]") {
        return arrow::time64(name == "time64[us]" ? arrow::TimeUnit::MICRO : arrow::TimeUnit::NANO);
    } else if (within(name, "fixed_size_binary[", &inner)) {
        int32_t width = 0;
        if (number(inner, &width) && width >= 0) return arrow::fixed_size_binary(width);
    } else if (within(name, "decimal128(", &inner) || within(name, "decimal256(", &inner)) {
        const auto comma = inner.find(',');
        int32_t precision = 0, scale = 0;
        if (comma != std::string_view::npos && number(inner.substr(0, comma), &precision) &&
            number(inner.substr(comma + 1), &scale)) {
            return name[7] == '1' ? arrow::Decimal128Type::Make(precision, scale)
                                  : arrow::Decimal256Type::Make(precision, scale);
        }
    }
    return arrow::Status::Invalid("there is no type '", name, "'");
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::DataType>> carrow::type_named(const std::string &name) {
    static const std::unordered_map<std::string, std::shared_ptr<arrow::DataType>> types = {
        {"null", arrow::null()},
        {"bool", arrow::boolean()},
        {"int8", arrow::int8()},
        {"int16", arrow::int16()},
        {"int32", arrow::int32()},
        {"int64", arrow::int64()},
        {"uint8", arrow::uint8()},
        {"uint16", arrow::uint16()},
        {"uint32", arrow::uint32()},
        {"uint64", arrow::uint64()},
        {"float16", arrow::float16()},
        {"float32", arrow::float32()},
        {"float", arrow::float32()},
        {"float64", arrow::float64()},
        {"double", arrow::float64()},
        {"string", arrow::utf8()},
        {"large_string", arrow::large_utf8()},
        {"binary", arrow::binary()},
        {"large_binary", arrow::large_binary()},
        {"date32", arrow::date32()},
        {"date64", arrow::date64()},
    };
    auto found = types.find(name);
    if (found == types.end()) return with_parameters(name);
    return found->second;
}
