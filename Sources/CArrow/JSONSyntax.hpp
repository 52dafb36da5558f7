// The syntax of JSON: where a value ends, what its parts are, and whether it is one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carrow {

/// Deeper nesting is refused, as by the package's own parser: Arrow's would overflow the stack.
constexpr int json_deepest = 256;

/// What a look for a value's end has found.
enum class JsonScan { whole, cut_off, too_deep, broken_string, nothing };

/// The end of the value at `place`, by brackets and quotes alone. `is_last`: nothing comes after `text`.
JsonScan json_scan(std::string_view text, size_t place, bool is_last, size_t *end);
/// The end of a word that is neither string nor list nor object.
size_t json_word_end(std::string_view text, size_t place);
/// The end of a string whose quotes are known to close.
size_t json_quoted_end(std::string_view text, size_t place);

/// What a value is, for a message: "an object", "a bare word".
std::string json_kind(std::string_view value);

/// The elements of a list, or the keys and values of an object in turn. False where it is neither, or broken.
bool json_parts(std::string_view value, std::vector<std::string_view> *out);
/// A key or string without quotes and escapes.
std::string json_unescaped(std::string_view quoted);
/// Whether a text is one value and nothing else, by brackets and quotes alone.
bool json_is_whole(std::string_view text);

/// How much is taken for JSON.
enum class JsonRules {
    /// What a file may hold: also NaN and Infinity, and whole numbers of any length.
    file,
    /// What a text must be to count as JSON itself.
    text
};

/// Whether a value, whose nesting is bounded, is JSON from its beginning to its end.
bool json_is_valid(std::string_view value, JsonRules rules);

}  // namespace carrow
