#include "Text.hpp"

#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstring>

using namespace carrow;

namespace {

/// Windows-1252 from 0x80 to 0x9F, by the Unicode Consortium's CP1252.TXT; 0 is no character.
constexpr uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
    0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
    0x0153, 0,      0x017E, 0x0178,
};

}  // namespace

void carrow::append_scalar(uint32_t scalar, std::string *out) {
    if (scalar < 0x80) {
        out->push_back(static_cast<char>(scalar));
    } else if (scalar < 0x800) {
        out->push_back(static_cast<char>(0xC0 | scalar >> 6));
        out->push_back(static_cast<char>(0x80 | (scalar & 0x3F)));
    } else if (scalar < 0x10000) {
        out->push_back(static_cast<char>(0xE0 | scalar >> 12));
        out->push_back(static_cast<char>(0x80 | (scalar >> 6 & 0x3F)));
        out->push_back(static_cast<char>(0x80 | (scalar & 0x3F)));
    } else {
        out->push_back(static_cast<char>(0xF0 | scalar >> 18));
        out->push_back(static_cast<char>(0x80 | (scalar >> 12 & 0x3F)));
        out->push_back(static_cast<char>(0x80 | (scalar >> 6 & 0x3F)));
        out->push_back(static_cast<char>(0x80 | (scalar & 0x3F)));
    }
}

namespace {

/// How many bytes at the end begin a character that goes on in the next piece.
size_t unfinished(const std::string &text) {
    for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto byte = static_cast<uint8_t>(text[text.size() - back]);
        if (byte < 0x80) return 0;
        if (byte >= 0xC0) {
            const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
            return length > back ? back : 0;
        }
    }
    return 0;
}

}  // namespace

arrow::Result<std::unique_ptr<TextSource>> TextSource::Open(const carrow_source &source) {
    auto text = std::make_unique<TextSource>();
    ARROW_ASSIGN_OR_RAISE(text->stream_, open_stream(source));
    arrow::util::InitializeUTF8();
    const std::string name = source.encoding;
    text->encoding_name_ = name;
    if (name == "utf-16") {
        text->encoding_ = Encoding::utf16;
    } else if (name == "utf-16-le") {
        text->encoding_ = Encoding::utf16_little;
    } else if (name == "utf-16-be") {
        text->encoding_ = Encoding::utf16_big;
    } else if (name == "latin-1" || name == "windows-1252" || name == "ascii") {
        text->encoding_ = Encoding::single_byte;
        text->is_windows_ = name == "windows-1252";
        text->is_ascii_ = name == "ascii";
    } else if (name != "utf-8") {
        return problem("the encoding '" + name + "' is not known", "Convert the file to UTF-8.");
    }
    return text;
}

arrow::Result<bool> TextSource::More(std::string *out) {
    if (ended_) return false;
    const size_t before = out->size(), held = raw_.size();
    int64_t got = 0, room = 0;
    while (got < piece_bytes) {
        // Making room for a whole piece takes longer than reading a small file.
        if (got == room) {
            room = std::min(piece_bytes, std::max<int64_t>(2 * room, 1 << 16));
            raw_.resize(held + static_cast<size_t>(room));
        }
        ARROW_ASSIGN_OR_RAISE(int64_t read, stream_->Read(room - got, raw_.data() + held + static_cast<size_t>(got)));
        if (read == 0) {
            ended_ = true;
            break;
        }
        got += read;
    }
    raw_.resize(held + static_cast<size_t>(got));
    ARROW_RETURN_NOT_OK(Decode(ended_, out));
    lines_ += std::count(out->begin() + static_cast<ptrdiff_t>(before), out->end(), '\n');
    return true;
}

/// The ending of packed files that begin with these bytes; empty for others.
static std::string packing_of(const std::string &bytes) {
    auto begins = [&](std::string_view mark) { return bytes.compare(0, mark.size(), mark) == 0; };
    if (begins("\x1F\x8B")) return "gz";
    if (begins("\x28\xB5\x2F\xFD")) return "zst";
    if (begins("\xFD" "7zXZ")) return "xz";
    if (begins("BZh")) return "bz2";
    if (begins("PK\x03\x04")) return "zip";
    return "";
}

arrow::Status TextSource::Invalid(int64_t line, const std::string &seen, const std::string &remedy) const {
    const bool is_utf8 = encoding_ == Encoding::utf8;
    const std::string label = is_utf8 ? "UTF-8" : encoding_name_;
    return problem(
        "line " + std::to_string(line) + " is not " + label + " text" + seen,
        !remedy.empty() ? remedy
        : seen.empty() ? is_utf8 ? "Name the file's encoding (FileOptions.encoding, --encoding windows-1252), or "
                                 "convert the file to UTF-8."
                               : "Name another encoding, or convert the file to UTF-8."
                     : "Name the encoding (FileOptions.encoding, --encoding utf-16), or convert the file to UTF-8.");
}

arrow::Status TextSource::Decode(bool is_last, std::string *out) {
    switch (encoding_) {
        case Encoding::utf8: return DecodeUTF8(is_last, out);
        case Encoding::single_byte: {
            int64_t line = lines_ + 1;
            for (const char byte : raw_) {
                const auto code = static_cast<uint8_t>(byte);
                uint32_t scalar = code;
                if (code >= 0x80) {
                    if (is_windows_ && code < 0xA0) scalar = windows_1252[code - 0x80];
                    if (is_ascii_ || scalar == 0) return Invalid(line, "");
                }
                if (code == '\n') ++line;
                append_scalar(scalar, out);
            }
            raw_.clear();
            return arrow::Status::OK();
        }
        default: return DecodeUTF16(is_last, out);
    }
}

arrow::Status TextSource::DecodeUTF8(bool is_last, std::string *out) {
    const size_t keep = is_last ? 0 : unfinished(raw_);
    const size_t count = raw_.size() - keep;
    const auto data = reinterpret_cast<const uint8_t *>(raw_.data());
    if (!arrow::util::ValidateUTF8(data, static_cast<int64_t>(count))) {
        const bool is_utf16 = at_start_ && raw_.size() >= 2 &&
                              ((data[0] == 0xFF && data[1] == 0xFE) || (data[0] == 0xFE && data[1] == 0xFF));
        if (is_utf16 && raw_.size() >= 4 && data[0] == 0xFF && data[2] == 0 && data[3] == 0)
            return Invalid(1, ": it begins as UTF-32 does", "Convert the file to UTF-8.");
        if (is_utf16) return Invalid(1, ": it begins as UTF-16 does");
        if (const std::string packing = at_start_ ? packing_of(raw_) : ""; !packing.empty())
            return Invalid(
                1, ": it is packed as ." + packing + " files are",
                "Let its name end in ." + packing + " behind what it holds, as in messages.csv." + packing + ".");
        int64_t line = lines_ + 1;
        for (size_t start = 0; start < count; ++line) {
            auto end = static_cast<const uint8_t *>(std::memchr(data + start, '\n', count - start));
            const size_t length = end ? static_cast<size_t>(end - (data + start)) + 1 : count - start;
            if (!arrow::util::ValidateUTF8(data + start, static_cast<int64_t>(length))) break;
            start += length;
        }
        return Invalid(line, "");
    }
    // Latin letters in UTF-16 are valid UTF-8, with a zero byte beside each.
    if (at_start_ && count >= 4 && (data[0] == 0) != (data[1] == 0) && (data[2] == 0) == (data[0] == 0) &&
        (data[3] == 0) == (data[1] == 0)) {
        const std::string name = data[0] == 0 ? "utf-16-be" : "utf-16-le";
        return Invalid(
            1, ": it begins as UTF-16 does, without its mark",
            "Name the encoding, " + name + ", or convert the file to UTF-8.");
    }
    size_t from = 0;
    if (at_start_ && count >= 3 && std::memcmp(data, "\xEF\xBB\xBF", 3) == 0) from = 3;
    if (count > 0) at_start_ = false;
    out->append(raw_, from, count - from);
    raw_.erase(0, count);
    return arrow::Status::OK();
}

arrow::Status TextSource::DecodeUTF16(bool is_last, std::string *out) {
    const auto data = reinterpret_cast<const uint8_t *>(raw_.data());
    size_t place = 0;
    if (at_start_ && raw_.size() >= 2) {
        const bool little = data[0] == 0xFF && data[1] == 0xFE, big = data[0] == 0xFE && data[1] == 0xFF;
        if (encoding_ == Encoding::utf16) {
            // Without a mark it is little-endian, as Python has it on the machines of today.
            encoding_ = big ? Encoding::utf16_big : Encoding::utf16_little;
            if (little || big) place = 2;
        } else if ((encoding_ == Encoding::utf16_little && little) || (encoding_ == Encoding::utf16_big && big)) {
            place = 2;
        }
        at_start_ = false;
    }
    const bool is_big = encoding_ == Encoding::utf16_big;
    auto unit = [&](size_t at) -> uint32_t {
        return is_big ? static_cast<uint32_t>(data[at] << 8 | data[at + 1])
                      : static_cast<uint32_t>(data[at + 1] << 8 | data[at]);
    };
    int64_t line = lines_ + 1;
    while (place + 2 <= raw_.size()) {
        uint32_t scalar = unit(place);
        size_t length = 2;
        if (scalar >= 0xD800 && scalar < 0xE000) {
            if (place + 4 > raw_.size() && !is_last) break;
            const uint32_t low = place + 4 <= raw_.size() ? unit(place + 2) : 0;
            if (scalar >= 0xDC00 || low < 0xDC00 || low >= 0xE000) return Invalid(line, "");
            scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00);
            length = 4;
        }
        if (scalar == '\n') ++line;
        append_scalar(scalar, out);
        place += length;
    }
    if (is_last && place < raw_.size()) return Invalid(line, "");
    raw_.erase(0, place);
    return arrow::Status::OK();
}
