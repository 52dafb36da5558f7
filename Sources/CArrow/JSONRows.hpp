// The rows of a JSON file as slices of its text: found without reading what is in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "JSONSyntax.hpp"
#include "Text.hpp"

namespace carrow {

struct JsonOptions {
    /// The key at the top under which the rows are; empty for the top itself.
    std::string field;
    /// Of a list that holds nothing but null: they are texts.
    bool nulls_are_texts = false;
};

/// Some rows: one object on each line.
struct JsonRows {
    std::string text;
    /// Where each row ends in `text`, its line break included.
    std::vector<int64_t> ends;
    /// The line that each begins in, or its number in the list.
    std::vector<int64_t> numbers;

    /// The text of a row, without its line break.
    std::string_view Row(size_t index) const {
        const int64_t from = index == 0 ? 0 : ends[index - 1];
        std::string_view row = std::string_view(text).substr(from, ends[index] - from);
        while (!row.empty() && is_space(row.back())) row.remove_suffix(1);
        return row;
    }
};

/// JSON Lines, or one list at the top, or the lists and columns within an object.
class JsonReader {
public:
    static arrow::Result<std::unique_ptr<JsonReader>> Open(const carrow_source &source, const JsonOptions &options);

    /// The next rows; false at the end.
    arrow::Result<bool> Next(JsonRows *rows);
    /// Whether rows are counted in a list from 0, not by the lines of the file from 1.
    bool is_list() const { return mode_ != Mode::lines; }
    /// Whether any row so far was an object.
    bool has_objects() const { return has_objects_; }
    /// Whether every row read so far has a line of its own, and every line a row.
    bool has_row_lines() const { return mode_ == Mode::lines && has_row_lines_ && line_ <= row_ + 1; }

private:
    enum class Mode { lines, list, slices, columns };

    arrow::Status Start();
    arrow::Status StartWhole(std::string_view document);
    arrow::Status StartColumns(const std::vector<std::string_view> &pairs);
    arrow::Result<bool> Fill();
    arrow::Result<bool> Skip();
    arrow::Result<bool> Value(std::string_view *value);
    void Advance(size_t to);
    arrow::Status Add(std::string_view value, JsonRows *rows);
    void AddText(std::string_view value, std::string *out) const;
    std::string Unit() const;
    /// What to do about a row that is none.
    const char *Remedy() const;

    JsonOptions options_;
    std::unique_ptr<TextSource> text_;
    std::string buffer_;
    size_t begin_ = 0;
    bool ended_ = false, list_ended_ = false;
    int64_t line_ = 1, row_ = 0, list_line_ = 1;
    /// Whether a list has objects or other values, which the first of them tells.
    bool has_objects_ = false, has_values_ = false;
    bool has_row_lines_ = true;
    Mode mode_ = Mode::lines;
    /// Rows in `buffer_`, where they are all in memory.
    std::vector<std::string_view> slices_;
    std::vector<std::pair<std::string_view, std::vector<std::string_view>>> columns_;
    size_t next_slice_ = 0;
};

}  // namespace carrow
