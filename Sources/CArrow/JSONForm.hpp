// What kinds of values the keys of JSON rows have, and what follows from it for how they are stored.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "JSONRows.hpp"

namespace carrow {

/// What was seen in one place of rows: under a key, or among the elements of a list.
class JsonForm {
public:
    /// Takes in the rows of a piece.
    void Add(const JsonRows &rows);

    /// Whether values of any place have to be kept as JSON text, as Python's library decides it: values of several
    /// kinds, and objects that don't all have the same keys, or have none. The row itself is exempt.
    bool has_mixed() const;
    /// Writes rows with the values of these places as strings that hold their JSON.
    void Rewrite(JsonRows *rows) const;
    /// The places as a JSON list of paths: keys, and 0 for elements of lists.
    std::string Paths() const;

    /// A row with a value in each place that has one. Arrow loses count where the first values of a list are null,
    /// unless such a row goes before.
    std::string Sample() const;
    /// `type` with null in place of the elements of lists that hold nothing else.
    std::shared_ptr<arrow::DataType> Typed(const std::shared_ptr<arrow::DataType> &type) const;

private:
    enum Kind : uint8_t { number = 1, string = 2, boolean = 4, object = 8, list = 16 };

    void AddValue(std::string_view value);
    JsonForm *Field(std::string key, size_t hint);
    bool is_mixed() const;
    bool has_mixed_below() const;
    void Write(std::string_view value, bool is_row, std::string *out) const;
    void AddPaths(std::string *path, std::string *out) const;
    std::string SampleValue() const;

    uint8_t kinds_ = 0;
    /// Objects seen, and of a field how many of them have it.
    int64_t objects_ = 0, seen_ = 0;
    /// The last object that was seen to have it, counted from 1.
    int64_t seen_in_ = 0;
    std::vector<std::pair<std::string, std::unique_ptr<JsonForm>>> fields_;
    std::unordered_map<std::string, size_t> places_;
    std::unique_ptr<JsonForm> element_;
    /// The first value that is neither object nor list, as it stands in the file.
    std::string first_;
};

}  // namespace carrow
