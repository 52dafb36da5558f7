// Text files as UTF-8, in pieces.
#pragma once

#include <string>
#include <string_view>

#include "Sources.hpp"

namespace carrow {

/// About how much of a text file is looked at in one piece.
constexpr int64_t piece_bytes = 16 << 20;

/// White space of ASCII: the space, and tab to carriage return.
inline bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
/// Where what is no space begins, from `at` on.
inline size_t after_space(std::string_view text, size_t at) {
    while (at < text.size() && is_space(text[at])) ++at;
    return at;
}

/// Appends a character as UTF-8.
void append_scalar(uint32_t scalar, std::string *out);

/// The text of a file: unpacked, decoded to UTF-8 and checked, without a byte order mark.
class TextSource {
public:
    static arrow::Result<std::unique_ptr<TextSource>> Open(const carrow_source &source);

    /// Appends the next piece of text to `out`; it may end within a line, not within a character. False at the end.
    arrow::Result<bool> More(std::string *out);

private:
    enum class Encoding { utf8, utf16, utf16_little, utf16_big, single_byte };

    arrow::Status Decode(bool is_last, std::string *out);
    arrow::Status DecodeUTF8(bool is_last, std::string *out);
    arrow::Status DecodeUTF16(bool is_last, std::string *out);
    arrow::Status Invalid(int64_t at, const std::string &seen, const std::string &remedy = "") const;

    std::shared_ptr<arrow::io::InputStream> stream_;
    std::string encoding_name_;
    Encoding encoding_ = Encoding::utf8;
    bool is_windows_ = false, is_ascii_ = false;
    /// Bytes that are not decoded yet.
    std::string raw_;
    int64_t lines_ = 0;
    bool at_start_ = true, ended_ = false;
};

}  // namespace carrow
