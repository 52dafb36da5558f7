#include "JSONForm.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace carrow;

namespace {

/// A text with escapes for control characters, which JSON has in no other form.
void append_escaped(std::string_view text, std::string *out) {
    for (const char byte : text) {
        if (static_cast<unsigned char>(byte) >= 0x20) {
            out->push_back(byte);
            continue;
        }
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", byte);
        *out += escape;
    }
}

/// A string of JSON that stands for `text`.
void append_quoted(std::string_view text, std::string *out) {
    out->push_back('"');
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"' || text[i] == '\\') out->push_back('\\');
        append_escaped(text.substr(i, 1), out);
    }
    out->push_back('"');
}

/// Whether a number of a file is beyond what there is, such as Infinity or 1e999.
bool is_no_number(std::string_view word) {
    if (word.empty() || !std::strchr("-NI0123456789", word[0])) return false;
    return !std::isfinite(std::strtod(std::string(word).c_str(), nullptr));
}

/// A value without the white space between its parts, and with null for numbers that are none: not even Infinity is a
/// value in Python's JSON.
std::string compact(std::string_view value) {
    std::string out;
    for (size_t at = 0; at < value.size();) {
        const char byte = value[at];
        if (is_space(byte)) {
            ++at;
            continue;
        }
        size_t end = at + 1;
        if (byte == '"') {
            end = json_quoted_end(value, at);
            // Python keeps control characters.
            append_escaped(value.substr(at, end - at), &out);
            at = end;
            continue;
        } else if (!std::strchr(",:{}[]", byte)) {
            end = json_word_end(value, at);
            if (is_no_number(value.substr(at, end - at))) {
                out += "null";
                at = end;
                continue;
            }
        }
        out += value.substr(at, end - at);
        at = end;
    }
    return out;
}

/// The content of a string that is JSON itself; Python's library takes it for the value.
bool holds_json(std::string_view quoted) {
    const std::string text = json_unescaped(quoted);
    std::string_view content = text;
    auto is_blank = [](char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; };
    while (!content.empty() && is_blank(content.front())) content.remove_prefix(1);
    while (!content.empty() && is_blank(content.back())) content.remove_suffix(1);
    return json_is_whole(content) && json_is_valid(content, JsonRules::text);
}

}  // namespace

void JsonForm::Add(const JsonRows &rows) {
    for (size_t i = 0; i < rows.ends.size(); ++i) AddValue(rows.Row(i));
}

JsonForm *JsonForm::Field(std::string key, size_t hint) {
    if (hint < fields_.size() && fields_[hint].first == key) return fields_[hint].second.get();
    auto [found, is_new] = places_.try_emplace(key, fields_.size());
    if (is_new) fields_.emplace_back(std::move(key), std::make_unique<JsonForm>());
    return fields_[found->second].second.get();
}

void JsonForm::AddValue(std::string_view value) {
    const char first = value.empty() ? 'n' : value.front();
    if (first == 'n') return;
    if (first != '{' && first != '[') {
        kinds_ |= first == '"' ? string : first == 't' || first == 'f' ? boolean : number;
        if (first_.empty()) first_ = value;
        return;
    }
    kinds_ |= first == '{' ? object : list;
    std::vector<std::string_view> parts;
    // What is broken is told by the parser.
    if (!json_parts(value, &parts)) return;
    if (first == '[') {
        if (!parts.empty() && !element_) element_ = std::make_unique<JsonForm>();
        for (const auto part : parts) element_->AddValue(part);
        return;
    }
    ++objects_;
    for (size_t i = 0; i + 1 < parts.size(); i += 2) {
        JsonForm *field = Field(json_unescaped(parts[i]), i / 2);
        // A key that comes twice is the parser's matter.
        if (field->seen_in_ != objects_) ++field->seen_;
        field->seen_in_ = objects_;
        field->AddValue(parts[i + 1]);
    }
}

bool JsonForm::is_mixed() const {
    if (std::popcount(kinds_) > 1) return true;
    if (kinds_ != object) return false;
    return fields_.empty() || std::any_of(fields_.begin(), fields_.end(), [&](const auto &field) {
        return field.second->seen_ != objects_;
    });
}

bool JsonForm::has_mixed_below() const {
    return is_mixed() || (element_ && element_->has_mixed_below()) || has_mixed();
}

bool JsonForm::has_mixed() const {
    return std::any_of(
        fields_.begin(), fields_.end(), [](const auto &field) { return field.second->has_mixed_below(); });
}

void JsonForm::Write(std::string_view value, bool is_row, std::string *out) const {
    const char first = value.empty() ? 'n' : value.front();
    if (!is_row && is_mixed() && first != 'n') {
        if (is_no_number(value)) {
            *out += "null";
        } else if (first == '"' && holds_json(value)) {
            *out += value;
        } else {
            append_quoted(compact(value), out);
        }
        return;
    }
    std::vector<std::string_view> parts;
    if ((first != '{' && first != '[') || !json_parts(value, &parts)) {
        *out += value;
        return;
    }
    out->push_back(first);
    for (size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out->push_back(first == '{' && i % 2 == 1 ? ':' : ',');
        const JsonForm *form = first == '[' ? element_.get() : nullptr;
        if (first == '{' && i % 2 == 1) {
            const auto found = places_.find(json_unescaped(parts[i - 1]));
            if (found != places_.end()) form = fields_[found->second].second.get();
        }
        if (form) {
            form->Write(parts[i], false, out);
        } else {
            *out += parts[i];
        }
    }
    out->push_back(first == '{' ? '}' : ']');
}

void JsonForm::Rewrite(JsonRows *rows) const {
    std::string text;
    std::vector<int64_t> ends;
    for (size_t i = 0; i < rows->ends.size(); ++i) {
        const auto row = rows->Row(i);
        // What is broken stays as it is, for the parser to refuse.
        if (json_is_valid(row, JsonRules::file)) {
            Write(row, true, &text);
        } else {
            text += row;
        }
        text.push_back('\n');
        ends.push_back(static_cast<int64_t>(text.size()));
    }
    rows->text = std::move(text);
    rows->ends = std::move(ends);
}

void JsonForm::AddPaths(std::string *path, std::string *out) const {
    const size_t length = path->size();
    auto below = [&](const JsonForm &form, const std::string &step) {
        *path += (length > 0 ? "," : "") + step;
        if (form.is_mixed()) {
            *out += (out->empty() ? "[" : ",[") + *path + "]";
        } else {
            form.AddPaths(path, out);
        }
        path->resize(length);
    };
    if (element_) below(*element_, "0");
    for (const auto &[key, form] : fields_) {
        std::string quoted;
        append_quoted(key, &quoted);
        below(*form, quoted);
    }
}

std::string JsonForm::Paths() const {
    std::string path, out;
    AddPaths(&path, &out);
    return "[" + out + "]";
}

std::string JsonForm::SampleValue() const {
    if (kinds_ == object) return Sample();
    if (kinds_ != list) return first_.empty() ? "null" : first_;
    if (!element_) return "[]";
    // Elements that are all null get a number, which `Typed` takes back.
    return "[" + (element_->kinds_ == 0 ? "0" : element_->SampleValue()) + "]";
}

std::string JsonForm::Sample() const {
    std::string out = "{";
    for (const auto &[key, form] : fields_) {
        if (out.size() > 1) out += ",";
        append_quoted(key, &out);
        out += ":" + form->SampleValue();
    }
    return out + "}";
}

std::shared_ptr<arrow::DataType> JsonForm::Typed(const std::shared_ptr<arrow::DataType> &type) const {
    if (type->id() == arrow::Type::LIST && element_) {
        auto inner = element_->kinds_ == 0 ? arrow::null() : element_->Typed(type->field(0)->type());
        return arrow::list(type->field(0)->WithType(inner));
    }
    if (type->id() != arrow::Type::STRUCT) return type;
    arrow::FieldVector fields;
    for (const auto &field : type->fields()) {
        const auto found = places_.find(field->name());
        fields.push_back(
            found == places_.end() ? field : field->WithType(fields_[found->second].second->Typed(field->type())));
    }
    return arrow::struct_(fields);
}
