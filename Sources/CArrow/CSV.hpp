// Delimited text, as fields and as columns of text.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "Text.hpp"

namespace carrow {

struct CsvOptions {
    char delimiter = ',';
    /// 0 where no character quotes.
    char quote = '"';
    bool has_header = true, has_names = false;
    std::vector<std::string> names;
    /// The columns that are wanted, by name; all where `selects` is false.
    bool selects = false;
    std::unordered_set<std::string> selected;
    /// Types by column that hold whatever the values are.
    std::unordered_map<std::string, std::shared_ptr<arrow::DataType>> types;
};

/// Rows of delimited text, as columns of large strings in which what pandas takes for a missing value is null.
class CsvParser {
public:
    static arrow::Result<std::unique_ptr<CsvParser>> Open(const carrow_source &source, const CsvOptions &options);

    const std::vector<std::string> &names() const { return names_; }
    /// The next rows; null at the end.
    arrow::Result<std::shared_ptr<arrow::Table>> Next();
    /// Rows handed out, the header included.
    int64_t rows() const { return rows_; }
    /// What looks wrong about the rows so far, for a warning; empty where nothing does.
    const std::string &suspicion() const { return suspicion_; }

private:
    enum class Found { record, more, end };

    arrow::Status ReadHeader();
    arrow::Result<Found> Record();
    arrow::Result<bool> Fill();
    void Look(std::string_view field, int64_t line, size_t columns);
    arrow::Status Unclosed(int64_t line) const;
    std::string Place(int64_t row, int64_t line) const;

    CsvOptions options_;
    std::unique_ptr<TextSource> text_;
    std::string buffer_;
    /// Fields with doubled quotes, without them.
    std::string scratch_;
    size_t begin_ = 0;
    bool ended_ = false;
    int64_t line_ = 1, record_line_ = 1, rows_ = 0, read_rows_ = 0;
    struct Field {
        size_t offset, length;
        bool in_scratch;
    };
    std::vector<Field> fields_;
    std::string_view text(const Field &field) const {
        return std::string_view(field.in_scratch ? scratch_ : buffer_).substr(field.offset, field.length);
    }
    std::vector<std::string> names_;
    /// Where each field of a row goes; -1 for nowhere.
    std::vector<int> slots_;
    size_t width_ = 0;
    std::string suspicion_;
    bool has_pending_ = false;
};

}  // namespace carrow
