#include "JSONSyntax.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "Text.hpp"

using namespace carrow;

size_t carrow::json_word_end(std::string_view text, size_t place) {
    while (place < text.size() && !is_space(text[place]) && !std::strchr(",:{}[]\"", text[place])) ++place;
    return place;
}

size_t carrow::json_quoted_end(std::string_view text, size_t place) {
    for (++place; place < text.size() && text[place] != '"';) place += text[place] == '\\' ? 2 : 1;
    return std::min(place + 1, text.size());
}

JsonScan carrow::json_scan(std::string_view text, size_t place, bool is_last, size_t *end) {
    const size_t size = text.size();
    if (place >= size) return JsonScan::cut_off;
    int depth = 0;
    size_t at = place;
    while (at < size) {
        const char byte = text[at];
        if (byte == '"') {
            ++at;
            while (at < size && text[at] != '"') {
                if (text[at] == '\n') return JsonScan::broken_string;
                at += text[at] == '\\' ? 2 : 1;
            }
            if (at >= size) return JsonScan::cut_off;
            ++at;
        } else if (byte == '{' || byte == '[') {
            if (++depth > json_deepest) return JsonScan::too_deep;
            ++at;
        } else if (byte == '}' || byte == ']') {
            if (depth == 0) return JsonScan::nothing;
            --depth;
            ++at;
        } else if (depth == 0) {
            // A number or a word.
            const size_t start = at;
            at = json_word_end(text, at);
            if (at == start) return JsonScan::nothing;
            if (at == size && !is_last) return JsonScan::cut_off;
        } else {
            ++at;
            continue;
        }
        if (depth == 0) {
            *end = at;
            return JsonScan::whole;
        }
    }
    return JsonScan::cut_off;
}

std::string carrow::json_kind(std::string_view value) {
    // Whole, or cut off at the end of the file.
    auto begins = [&](std::string_view word) {
        const size_t size = std::min(word.size(), value.size());
        return value.substr(0, size) == word.substr(0, size);
    };
    switch (value.empty() ? ' ' : value.front()) {
        case '{': return "an object";
        case '[': return "a list";
        case '"': return "a string";
        case '-': case 'N': case 'I': return "a number";
        default: break;
    }
    if (value.empty() || (value.front() >= '0' && value.front() <= '9')) return "a number";
    if (begins("true") || begins("false")) return "a boolean";
    return begins("null") ? "null" : "a bare word";
}

bool carrow::json_parts(std::string_view value, std::vector<std::string_view> *out) {
    if (value.size() < 2 || (value.front() != '[' && value.front() != '{')) return false;
    const bool is_object = value.front() == '{';
    const std::string_view inner = value.substr(0, value.size() - 1);
    size_t place = after_space(inner, 1);
    bool expects_value = false;
    while (place < inner.size()) {
        size_t end = 0;
        if (json_scan(inner, place, true, &end) != JsonScan::whole) return false;
        if (is_object && !expects_value && inner[place] != '"') return false;
        out->push_back(inner.substr(place, end - place));
        place = after_space(inner, end);
        const char wanted = is_object && !expects_value ? ':' : ',';
        expects_value = wanted == ':';
        if (place == inner.size()) return !expects_value;
        if (inner[place] != wanted) return false;
        place = after_space(inner, place + 1);
        if (place == inner.size()) return false;
    }
    return true;
}

std::string carrow::json_unescaped(std::string_view quoted) {
    std::string out;
    for (size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] != '\\' || i + 2 >= quoted.size()) {
            out.push_back(quoted[i]);
            continue;
        }
        const char escape = quoted[++i];
        static const char *from = "bfnrt", *to = "\b\f\n\r\t";
        if (escape == 'u' && i + 4 < quoted.size() - 1) {
            auto unit = [&](size_t at) {
                return static_cast<uint32_t>(std::strtoul(std::string(quoted.substr(at, 4)).c_str(), nullptr, 16));
            };
            uint32_t scalar = unit(i + 1);
            i += 4;
            if (scalar >= 0xD800 && scalar < 0xDC00 && i + 6 < quoted.size() - 1 && quoted[i + 1] == '\\') {
                scalar = 0x10000 + ((scalar - 0xD800) << 10) + (unit(i + 3) - 0xDC00);
                i += 6;
            }
            append_scalar(scalar, &out);
        } else if (const char *found = std::strchr(from, escape)) {
            out.push_back(to[found - from]);
        } else {
            out.push_back(escape);
        }
    }
    return out;
}

bool carrow::json_is_whole(std::string_view text) {
    size_t end = 0;
    return json_scan(text, 0, true, &end) == JsonScan::whole && end == text.size();
}

namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/// Whether a word is a number of JSON.
bool is_number(std::string_view word, JsonRules rules) {
    size_t at = 0;
    auto digits = [&] {
        const size_t start = at;
        while (at < word.size() && is_digit(word[at])) ++at;
        return at - start;
    };
    if (at < word.size() && word[at] == '-') ++at;
    const size_t start = at;
    if (rules == JsonRules::file) {
        const std::string_view rest = word.substr(at);
        if (rest == "NaN" || rest == "Inf" || rest == "Infinity") return true;
    }
    const size_t whole = digits();
    if (whole == 0 || (whole > 1 && word[start] == '0')) return false;
    // In a text, a whole number must fit 64 bits.
    if (at == word.size()) return rules == JsonRules::file || whole < 19;
    if (word[at] == '.') {
        ++at;
        if (digits() == 0) return false;
    }
    if (at < word.size() && (word[at] == 'e' || word[at] == 'E')) {
        ++at;
        if (at < word.size() && (word[at] == '+' || word[at] == '-')) ++at;
        if (digits() == 0) return false;
    }
    return at == word.size();
}

bool is_word(std::string_view word, JsonRules rules) {
    return word == "null" || word == "true" || word == "false" || is_number(word, rules);
}

constexpr size_t nowhere = std::string_view::npos;

/// The 16 bits of an escape's four digits; -1 where they are none.
int32_t unit_at(std::string_view text, size_t at) {
    int32_t unit = 0;
    for (size_t k = at; k < at + 4; ++k) {
        const char *digits = "0123456789abcdef";
        const char byte = k < text.size() ? static_cast<char>(text[k] | 0x20) : ' ';
        const char *found = byte == 0 || byte == ' ' ? nullptr : std::strchr(digits, byte);
        // `| 0x20` also makes digits of some control characters.
        if (!found || (is_digit(byte) && !is_digit(text[k]))) return -1;
        unit = unit * 16 + static_cast<int32_t>(found - digits);
    }
    return unit;
}

size_t string_end(std::string_view text, size_t at, JsonRules rules) {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '"') return at + 1;
        if (rules == JsonRules::text && static_cast<unsigned char>(text[at]) < 0x20) return nowhere;
        if (text[at] != '\\') continue;
        if (++at >= text.size() || text[at] == 0 || !std::strchr("\"\\/bfnrtu", text[at])) return nowhere;
        if (text[at] != 'u') continue;
        const int32_t unit = unit_at(text, at + 1);
        if (unit < 0 || (rules == JsonRules::file && unit >= 0xDC00 && unit < 0xE000)) return nowhere;
        at += 4;
        if (rules == JsonRules::text || unit < 0xD800 || unit >= 0xDC00) continue;
        // Half a character needs the other half.
        if (text.substr(at + 1, 2) != "\\u") return nowhere;
        const int32_t other = unit_at(text, at + 3);
        if (other < 0xDC00 || other >= 0xE000) return nowhere;
        at += 6;
    }
    return nowhere;
}

/// JSON's own white space; other readers of these files know no other.
size_t after_json_space(std::string_view text, size_t at) {
    while (at < text.size() && text[at] != 0 && std::strchr(" \t\n\r", text[at])) ++at;
    return at;
}

/// The end of the value that begins at `at`; `nowhere` where there is none. Nesting has been bounded before.
size_t value_end(std::string_view text, size_t at, JsonRules rules) {
    if (at >= text.size()) return nowhere;
    const char first = text[at];
    if (first == '"') return string_end(text, at, rules);
    if (first != '{' && first != '[') {
        const size_t end = json_word_end(text, at);
        return is_word(text.substr(at, end - at), rules) ? end : nowhere;
    }
    const char last = first == '{' ? '}' : ']';
    at = after_json_space(text, at + 1);
    if (at < text.size() && text[at] == last) return at + 1;
    while (at < text.size()) {
        if (first == '{') {
            if (text[at] != '"') return nowhere;
            at = string_end(text, at, rules);
            if (at == nowhere) return nowhere;
            at = after_json_space(text, at);
            if (at >= text.size() || text[at] != ':') return nowhere;
            at = after_json_space(text, at + 1);
        }
        at = value_end(text, at, rules);
        if (at == nowhere) return nowhere;
        at = after_json_space(text, at);
        if (at >= text.size()) return nowhere;
        if (text[at] == last) return at + 1;
        if (text[at] != ',') return nowhere;
        at = after_json_space(text, at + 1);
    }
    return nowhere;
}

}  // namespace

bool carrow::json_is_valid(std::string_view value, JsonRules rules) {
    return value_end(value, 0, rules) == value.size();
}
