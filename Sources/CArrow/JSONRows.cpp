#include "JSONRows.hpp"

#include <algorithm>
#include <cstring>

using namespace carrow;

namespace {

/// No row of JSON may be longer.
constexpr size_t longest_value = size_t(1) << 30;
/// Arrow's parser takes no more rows at once than 100,000.
constexpr size_t rows_at_once = 50'000;

}  // namespace

arrow::Result<std::unique_ptr<JsonReader>> JsonReader::Open(const carrow_source &source, const JsonOptions &options) {
    auto reader = std::make_unique<JsonReader>();
    reader->options_ = options;
    ARROW_ASSIGN_OR_RAISE(reader->text_, TextSource::Open(source));
    ARROW_RETURN_NOT_OK(reader->Start());
    return reader;
}

arrow::Result<bool> JsonReader::Fill() {
    if (ended_) return false;
    buffer_.erase(0, begin_);
    begin_ = 0;
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

void JsonReader::Advance(size_t to) {
    const auto start = buffer_.begin();
    line_ += std::count(start + static_cast<ptrdiff_t>(begin_), start + static_cast<ptrdiff_t>(to), '\n');
    begin_ = to;
}

/// Goes to the next character that is no space; false at the end of the file.
arrow::Result<bool> JsonReader::Skip() {
    while (true) {
        Advance(after_space(buffer_, begin_));
        if (begin_ < buffer_.size()) return true;
        ARROW_ASSIGN_OR_RAISE(bool more, Fill());
        if (!more) return false;
    }
}

/// The value that begins here, whole in the buffer.
arrow::Result<bool> JsonReader::Value(std::string_view *value) {
    while (true) {
        size_t end = 0;
        const auto result = json_scan(buffer_, begin_, ended_, &end);
        const std::string line = "line " + std::to_string(line_);
        switch (result) {
            case JsonScan::whole:
                *value = std::string_view(buffer_).substr(begin_, end - begin_);
                return true;
            case JsonScan::too_deep:
                return problem(
                    Unit() + ": more than " + std::to_string(json_deepest) + " levels of nesting", "Flatten the data.");
            case JsonScan::broken_string:
                return problem(
                    Unit() + ": a string that does not end",
                    is_list() ? "Close it; a line break within it is written as \\n."
                              : "Put one whole object on each line.");
            case JsonScan::nothing:
                return problem(
                    line + ": '" + buffer_.substr(begin_, 1) + "' where a value should begin", Remedy());
            case JsonScan::cut_off: {
                if (ended_) {
                    return problem(
                        Unit() + ": the text ends within " + json_kind(std::string_view(buffer_).substr(begin_)),
                        "The file may be cut off; get it again, or close what is open.");
                }
                if (buffer_.size() - begin_ > longest_value) {
                    return problem(Unit() + " has more than 1 GB", Remedy());
                }
                ARROW_RETURN_NOT_OK(Fill().status());
            }
        }
    }
}

const char *JsonReader::Remedy() const {
    return is_list() ? "Give a list of objects." : "Put one object on each line.";
}

std::string JsonReader::Unit() const {
    return is_list() ? "row " + std::to_string(row_) : "line " + std::to_string(line_);
}

arrow::Status JsonReader::Start() {
    ARROW_ASSIGN_OR_RAISE(bool is_there, Skip());
    if (!is_there) return problem("the file is empty", "Put one object on each line.");
    const char first = buffer_[begin_];
    if (first == '[' && options_.field.empty()) {
        mode_ = Mode::list;
        list_line_ = line_;
        Advance(begin_ + 1);
        ARROW_ASSIGN_OR_RAISE(is_there, Skip());
        if (is_there && buffer_[begin_] == ']') {
            return problem("the list is empty", "Give a list of at least one object.");
        }
        return arrow::Status::OK();
    }
    if (first != '{' && !(first == 'n' && options_.field.empty())) {
        return problem(
            options_.field.empty() ? "the file begins with neither an object nor a list"
                                   : "the file is no object, and has no field '" + options_.field + "'",
            "Put one object on each line.");
    }
    if (options_.field.empty()) return arrow::Status::OK();
    std::string_view document;
    ARROW_RETURN_NOT_OK(Value(&document).status());
    // Rows will lie in the buffer, which has to stay as it is from here on.
    const size_t size = document.size();
    while (!ended_) ARROW_RETURN_NOT_OK(Fill().status());
    if (const size_t next = after_space(buffer_, begin_ + size); next < buffer_.size()) {
        Advance(next);
        return problem("line " + std::to_string(line_) + ": something follows the object", "Remove it.");
    }
    return StartWhole(std::string_view(buffer_).substr(begin_, size));
}

/// The rows in a field of one object that is in memory as a whole.
arrow::Status JsonReader::StartWhole(std::string_view document) {
    std::vector<std::string_view> pairs;
    if (!json_parts(document, &pairs) || !json_is_valid(document, JsonRules::file)) {
        return problem(
            "the object that begins in line " + std::to_string(line_) + " is broken",
            "The file may be damaged or cut off.");
    }
    std::string names;
    std::string_view found;
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
        const std::string key = json_unescaped(pairs[i]);
        // The last of several counts, as in Python.
        if (key == options_.field) found = pairs[i + 1];
        names += (names.empty() ? "'" : ", '") + key + "'";
    }
    if (found.empty()) {
        return problem("there is no field '" + options_.field + "'", "The fields are: " + names + ".");
    }
    if (found.front() == '[') {
        if (!json_parts(found, &slices_)) {
            return problem("the list in the field '" + options_.field + "' is broken", "Correct it.");
        }
        if (slices_.empty()) {
            return problem("the list in the field '" + options_.field + "' is empty", "Give it at least one object.");
        }
        mode_ = Mode::slices;
        return arrow::Status::OK();
    }
    pairs.clear();
    if (found.front() != '{' || !json_parts(found, &pairs)) {
        return problem(
            "the field '" + options_.field + "' is " + json_kind(found) + ", not a list of objects",
            "Name another field.");
    }
    return StartColumns(pairs);
}

/// Columns as pandas takes them: lists of one length, or objects with the same keys, one for each row. A value that is
/// neither goes into every row.
arrow::Status JsonReader::StartColumns(const std::vector<std::string_view> &pairs) {
    std::vector<std::vector<std::string_view>> columns;
    std::vector<std::string> keys;
    char form = 0;
    size_t count = 0;
    bool fits = true;
    for (size_t i = 0; i + 1 < pairs.size() && fits; i += 2) {
        const std::string_view value = pairs[i + 1];
        std::vector<std::string_view> values;
        if (value.front() == '[' || value.front() == '{') {
            std::vector<std::string_view> all;
            std::vector<std::string> own;
            fits = json_parts(value, &all) && (form == 0 || form == value.front());
            if (value.front() == '[') values = all;
            for (size_t k = 0; value.front() == '{' && k + 1 < all.size(); k += 2) {
                own.push_back(json_unescaped(all[k]));
                values.push_back(all[k + 1]);
            }
            fits = fits && !values.empty() && (form == 0 || (values.size() == count && own == keys));
            form = value.front();
            count = values.size();
            keys = std::move(own);
        }
        columns.push_back(std::move(values));
    }
    if (!fits || form == 0) {
        return problem(
            "the field '" + options_.field + "' is an object whose values are no columns of one length",
            "Give a list of objects, or a list of values for each column.");
    }
    for (size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].empty()) columns[i].assign(count, pairs[2 * i + 1]);
        columns_.emplace_back(pairs[2 * i], std::move(columns[i]));
    }
    mode_ = Mode::columns;
    return arrow::Status::OK();
}

/// A row's text. In a list, numbers that are none are null: Python reads a list as a whole, with another parser.
void JsonReader::AddText(std::string_view value, std::string *out) const {
    if (!is_list() || value.find_first_of("NI") == std::string_view::npos) {
        *out += value;
        return;
    }
    for (size_t at = 0; at < value.size();) {
        size_t end = at + 1;
        if (value[at] == '"') {
            end = json_quoted_end(value, at);
        } else if (value[at] == 'N' || value[at] == 'I' || value[at] == '-') {
            end = json_word_end(value, at);
            const auto word = value.substr(at, end - at);
            if (word == "NaN" || word == "Infinity" || word == "-Infinity") {
                *out += "null";
                at = end;
                continue;
            }
        }
        *out += value.substr(at, end - at);
        at = end;
    }
}

arrow::Status JsonReader::Add(std::string_view value, JsonRows *rows) {
    const char first = value.front();
    if (value == "null") {
        // No row is a row without values, as in Python.
        rows->text += options_.nulls_are_texts ? "{\"text\":null}" : "{}";
    } else if (first == '{' && !has_values_) {
        has_objects_ = true;
        AddText(value, &rows->text);
    } else if (is_list() && !has_objects_) {
        has_values_ = true;
        rows->text += "{\"text\":";
        AddText(value, &rows->text);
        rows->text += "}";
    } else {
        return problem(
            Unit() + " is " + json_kind(value) + (has_values_ ? ", and the rows before are not" : ", not an object"),
            Remedy());
    }
    if (line_ != row_ + 1 || value.find('\n') != std::string_view::npos) has_row_lines_ = false;
    rows->text += "\n";
    rows->ends.push_back(static_cast<int64_t>(rows->text.size()));
    rows->numbers.push_back(is_list() ? row_ : line_);
    ++row_;
    return arrow::Status::OK();
}

arrow::Result<bool> JsonReader::Next(JsonRows *rows) {
    *rows = JsonRows();
    auto is_full = [&] {
        return rows->ends.size() >= rows_at_once || static_cast<int64_t>(rows->text.size()) >= piece_bytes;
    };
    if (mode_ == Mode::slices || mode_ == Mode::columns) {
        const size_t count = mode_ == Mode::slices ? slices_.size() : columns_[0].second.size();
        std::string row;
        for (; next_slice_ < count && !is_full(); ++next_slice_) {
            if (mode_ == Mode::slices) {
                ARROW_RETURN_NOT_OK(Add(slices_[next_slice_], rows));
                continue;
            }
            row = "{";
            for (const auto &[key, values] : columns_) {
                if (row.size() > 1) row += ",";
                row.append(key).append(":").append(values[next_slice_]);
            }
            ARROW_RETURN_NOT_OK(Add(row + "}", rows));
        }
        return !rows->ends.empty();
    }
    while (!is_full()) {
        if (list_ended_) {
            ARROW_ASSIGN_OR_RAISE(bool more, Skip());
            if (more) return problem("line " + std::to_string(line_) + ": something follows the list", "Remove it.");
            break;
        }
        ARROW_ASSIGN_OR_RAISE(bool is_there, Skip());
        if (!is_there) {
            if (mode_ == Mode::lines) break;
            return problem(
                "the list that begins in line " + std::to_string(list_line_) + " does not end",
                "The file may be cut off; get it again.");
        }
        std::string_view value;
        ARROW_RETURN_NOT_OK(Value(&value).status());
        ARROW_RETURN_NOT_OK(Add(value, rows));
        Advance(begin_ + value.size());
        if (mode_ == Mode::lines) continue;
        ARROW_ASSIGN_OR_RAISE(is_there, Skip());
        if (!is_there) continue;
        const char next = buffer_[begin_];
        if (next != ',' && next != ']') {
            return problem("line " + std::to_string(line_) + ": expected ',' or ']'", "Correct the list.");
        }
        list_ended_ = next == ']';
        Advance(begin_ + 1);
    }
    return !rows->ends.empty();
}
