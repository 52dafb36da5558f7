#include "CSV.hpp"

#include <algorithm>
#include <cstring>

using namespace carrow;

namespace {

/// No row may be longer: a quote that is open for so long was never meant as one.
constexpr size_t longest_row = size_t(256) << 20;

/// What pandas takes for a missing value (pandas/_libs/parsers.pyx, STR_NA_VALUES).
constexpr std::string_view missing[] = {
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
};

bool is_missing(std::string_view text) {
    if (text.empty()) return true;
    if (text.size() > 8 || !std::strchr("#-1<NnN", text.front())) return false;
    return std::find(std::begin(missing), std::end(missing), text) != std::end(missing);
}

/// Names as pandas makes them: an empty one becomes `Unnamed: 2`, one that comes again `x.1`.
std::vector<std::string> distinct(std::vector<std::string> names) {
    for (size_t i = 0; i < names.size(); ++i) {
        if (names[i].empty()) names[i] = "Unnamed: " + std::to_string(i);
    }
    const std::unordered_set<std::string> given(names.begin(), names.end());
    std::unordered_map<std::string, int64_t> counts;
    std::unordered_set<std::string> used;
    for (auto &name : names) {
        int64_t &count = counts[name];
        if (count++ == 0 && used.insert(name).second) continue;
        std::string next;
        for (;; ++count) {
            next = name + "." + std::to_string(std::max<int64_t>(count - 1, 1));
            if (!given.count(next) && used.insert(next).second) break;
        }
        name = next;
    }
    return names;
}

}  // namespace

arrow::Result<std::unique_ptr<CsvParser>> CsvParser::Open(const carrow_source &source, const CsvOptions &options) {
    auto parser = std::make_unique<CsvParser>();
    parser->options_ = options;
    ARROW_ASSIGN_OR_RAISE(parser->text_, TextSource::Open(source));
    ARROW_RETURN_NOT_OK(parser->ReadHeader());
    return parser;
}

/// More text behind what is not parsed yet. False where there is none.
arrow::Result<bool> CsvParser::Fill() {
    if (ended_) return false;
    buffer_.erase(0, begin_);
    begin_ = 0;
    // Twice as much each time a row does not end, so that a long one is not looked at again and again.
    const size_t wanted = std::max(buffer_.size() * 2, static_cast<size_t>(1));
    while (buffer_.size() < wanted) {
        ARROW_ASSIGN_OR_RAISE(bool more, text_->More(&buffer_));
        if (!more) {
            ended_ = true;
            break;
        }
    }
    return true;
}

std::string CsvParser::Place(int64_t row, int64_t line) const {
    const std::string text = "row " + std::to_string(row);
    return row == line ? text : text + " (line " + std::to_string(line) + ")";
}

arrow::Status CsvParser::Unclosed(int64_t line) const {
    return problem(
        "line " + std::to_string(line) + ": a quote is opened that is never closed",
        "Close it, or double it where it is part of the text; or read the file without quoting: "
        "FileOptions(quoting: FileOptions.Quoting.none).",
        "Close it, or double it where it is part of the text; or read the file without quoting: --quoting none.");
}

/// Finds the next row; its fields are in `fields_` then, and `begin_` is behind it.
arrow::Result<CsvParser::Found> CsvParser::Record() {
    const char delimiter = options_.delimiter, quote = options_.quote;
    fields_.clear();
    scratch_.clear();
    const char *data = buffer_.data();
    const size_t size = buffer_.size();
    size_t place = begin_;
    int64_t line = line_;
    // Lines of nothing but blanks are skipped.
    while (true) {
        size_t at = place;
        while (at < size && (data[at] == ' ' || data[at] == '\t') && data[at] != delimiter) ++at;
        if (at == size) {
            if (!ended_) return Found::more;
            begin_ = size;
            return Found::end;
        }
        if (data[at] != '\n' && data[at] != '\r') break;
        if (data[at] == '\r') {
            if (at + 1 == size && !ended_) return Found::more;
            if (at + 1 < size && data[at + 1] == '\n') ++at;
        }
        place = at + 1;
        ++line;
        begin_ = place;
        line_ = line;
    }
    record_line_ = line;
    bool table[256] = {};
    table[static_cast<uint8_t>(delimiter)] = table['\n'] = table['\r'] = true;
    while (true) {
        Field field{place, 0, false};
        if (quote && place < size && data[place] == quote) {
            const int64_t opened = line;
            size_t from = place + 1;
            bool copied = false;
            const size_t scratch_start = scratch_.size();
            while (true) {
                const void *found_at = from < size ? std::memchr(data + from, quote, size - from) : nullptr;
                auto found = static_cast<const char *>(found_at);
                if (!found) {
                    if (ended_ || size - begin_ > longest_row) return Unclosed(opened);
                    return Found::more;
                }
                const auto end = static_cast<size_t>(found - data);
                if (end + 1 == size && !ended_) return Found::more;
                if (end + 1 < size && data[end + 1] == quote) {
                    // A doubled quote is one of the text.
                    if (!copied) {
                        copied = true;
                        from = place + 1;
                    }
                    scratch_.append(data + from, end + 1 - from);
                    from = end + 2;
                    continue;
                }
                // What follows the closing quote belongs to the field as it stands.
                size_t rest = end + 1;
                while (rest < size && !table[static_cast<uint8_t>(data[rest])]) ++rest;
                if (rest == size && !ended_) return Found::more;
                if (copied || rest > end + 1) {
                    if (!copied) from = place + 1;
                    scratch_.append(data + from, end - from);
                    scratch_.append(data + end + 1, rest - end - 1);
                    field = {scratch_start, scratch_.size() - scratch_start, true};
                } else {
                    field = {place + 1, end - place - 1, false};
                }
                place = rest;
                break;
            }
            const auto value = text(field);
            for (size_t i = 0; i < value.size(); ++i) {
                if (value[i] == '\n' || (value[i] == '\r' && (i + 1 == value.size() || value[i + 1] != '\n'))) ++line;
            }
            if (line > opened && width_ > 1 && suspicion_.empty()) Look(value, opened, width_);
        } else {
            while (place < size && !table[static_cast<uint8_t>(data[place])]) ++place;
            if (place == size && !ended_) {
                if (size - begin_ > longest_row) {
                    return problem(
                        Place(read_rows_ + 1, record_line_) + " has more than 256 MB",
                        "Check that the file is text with one row on each line.");
                }
                return Found::more;
            }
            field.length = place - field.offset;
        }
        fields_.push_back(field);
        if (place == size) break;
        if (data[place] == delimiter && delimiter != '\n') {
            ++place;
            continue;
        }
        if (data[place] == '\r') {
            if (place + 1 == size && !ended_) return Found::more;
            if (place + 1 < size && data[place + 1] == '\n') ++place;
        }
        ++place;
        break;
    }
    begin_ = place;
    line_ = line + 1;
    ++read_rows_;
    return Found::record;
}

/// A quote in the text that was taken for one around it makes one field of several rows.
void CsvParser::Look(std::string_view field, int64_t line, size_t columns) {
    // Texts have commas of their own.
    if (options_.delimiter == ',' && columns < 3) return;
    const auto whole_lines = std::count(field.begin(), field.end(), '\n');
    if (whole_lines < 1) return;
    // Lines between are whole rows; the first and the last have as many fields together.
    int64_t outer = 0;
    size_t start = 0;
    for (int64_t i = 0; i <= whole_lines; ++i) {
        const size_t end = std::min(field.find('\n', start), field.size());
        const std::string_view line_text = field.substr(start, end - start);
        const auto count = std::count(line_text.begin(), line_text.end(), options_.delimiter);
        if (i == 0 || i == whole_lines) {
            outer += count;
        } else if (count + 1 != static_cast<int64_t>(columns)) {
            return;
        }
        start = end + 1;
    }
    if (outer + 1 != static_cast<int64_t>(columns)) return;
    suspicion_ = "line " + std::to_string(line) + ": a quoted field holds what looks like " +
                 std::to_string(whole_lines) + " more rows; if the quote is part of the text, read the file without "
                 "quoting (FileOptions.quoting, --quoting none)";
}

arrow::Status CsvParser::ReadHeader() {
    auto found = Found::more;
    while (found == Found::more) {
        ARROW_RETURN_NOT_OK(Fill().status());
        ARROW_ASSIGN_OR_RAISE(found, Record());
    }
    if (found == Found::end) {
        return problem(
            "the file is empty", options_.has_header ? "The first line has to name the columns." : "Give it rows.");
    }
    std::vector<std::string> names;
    for (size_t i = 0; i < fields_.size(); ++i) {
        names.push_back(options_.has_header ? std::string(text(fields_[i])) : std::to_string(i));
    }
    if (options_.has_names) {
        if (options_.names.size() != names.size()) {
            return problem(
                Place(1, record_line_) + " has " + std::to_string(names.size()) + " fields, and " +
                    std::to_string(options_.names.size()) + " column names are given",
                "Give a name for each field.");
        }
        names = options_.names;
    }
    width_ = names.size();
    if (!options_.has_header) has_pending_ = true;
    else rows_ = 1;
    names = distinct(std::move(names));
    for (const auto &name : names) {
        const bool wanted = !options_.selects || options_.selected.count(name);
        slots_.push_back(wanted ? static_cast<int>(names_.size()) : -1);
        if (wanted) names_.push_back(name);
    }
    if (options_.selects) {
        for (const auto &name : options_.selected) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            std::string all;
            for (const auto &known : names) all += (all.empty() ? "'" : ", '") + known + "'";
            return problem("there is no column '" + name + "'", "The columns are: " + all + ".");
        }
    }
    return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Table>> CsvParser::Next() {
    std::vector<std::unique_ptr<arrow::LargeStringBuilder>> builders;
    for (size_t i = 0; i < names_.size(); ++i) builders.push_back(std::make_unique<arrow::LargeStringBuilder>());
    int64_t count = 0, bytes = 0;
    while (bytes < piece_bytes) {
        if (!has_pending_) {
            ARROW_ASSIGN_OR_RAISE(auto found, Record());
            if (found == Found::end) break;
            if (found == Found::more) {
                ARROW_RETURN_NOT_OK(Fill().status());
                continue;
            }
        }
        has_pending_ = false;
        if (fields_.size() != width_) {
            return problem(
                Place(read_rows_, record_line_) + ": " + std::to_string(fields_.size()) + " fields where " +
                    (options_.has_header ? "the header has " : "the first row has ") + std::to_string(width_),
                "Give every row as many fields, and put fields that hold the delimiter in quotes; or name another "
                "delimiter.");
        }
        for (size_t i = 0; i < width_; ++i) {
            if (slots_[i] < 0) continue;
            auto &builder = *builders[static_cast<size_t>(slots_[i])];
            const auto value = text(fields_[i]);
            bytes += static_cast<int64_t>(value.size()) + 8;
            if (is_missing(value)) {
                ARROW_RETURN_NOT_OK(builder.AppendNull());
            } else {
                ARROW_RETURN_NOT_OK(builder.Append(value.data(), static_cast<int64_t>(value.size())));
            }
        }
        bytes += 1;
        ++count;
    }
    if (count == 0) return std::shared_ptr<arrow::Table>();
    rows_ += count;
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (size_t i = 0; i < names_.size(); ++i) {
        ARROW_ASSIGN_OR_RAISE(auto values, builders[i]->Finish());
        fields.push_back(arrow::field(names_[i], arrow::large_utf8()));
        columns.push_back(values);
    }
    return arrow::Table::Make(arrow::schema(fields), columns, count);
}
