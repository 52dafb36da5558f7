#include "JSONForm.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

using namespace carrow;

namespace {

/// A string of JSON that stands for `text`.
void append_quoted(std::string_view text, std::string *out) {
    out->push_back('"');
    for (const char byte : text) {
        if (byte == '"' || byte == '\\') {
            out->push_back('\\');
            out->push_back(byte);
        } else if (static_cast<unsigned char>(byte) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", byte);
            *out += escape;
        } else {
            out->push_back(byte);
        }
    }
    out->push_back('"');
}

/// A value without the white space between its parts.
std::string compact(std::string_view value) {
    std::string out;
    bool is_inside = false;
    for (size_t i = 0; i < value.size(); ++i) {
        if (!is_inside && is_space(value[i])) continue;
        out.push_back(value[i]);
        if (value[i] == '"') is_inside = !is_inside;
        if (is_inside && value[i] == '\\' && i + 1 < value.size()) out.push_back(value[++i]);
    }
    return out;
}

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/// Whether a word is a number of JSON, and a whole one fits 64 bits.
bool is_number(std::string_view word) {
    size_t at = 0;
    auto digits = [&] {
        const size_t start = at;
        while (at < word.size() && is_digit(word[at])) ++at;
        return at - start;
    };
    if (at < word.size() && word[at] == '-') ++at;
    const size_t start = at;
    const size_t whole = digits();
    if (whole == 0 || (whole > 1 && word[start] == '0')) return false;
    if (at == word.size()) return whole < 19;
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

bool is_string(std::string_view text) {
    for (size_t i = 1; i + 1 < text.size(); ++i) {
        if (static_cast<unsigned char>(text[i]) < 0x20) return false;
        if (text[i] != '\\') continue;
        ++i;
        if (text[i] == 'u') {
            for (int k = 0; k < 4; ++k) {
                if (++i + 1 >= text.size() || !std::strchr("0123456789abcdefABCDEF", text[i])) return false;
            }
        } else if (text[i] == 0 || !std::strchr("\"\\/bfnrt", text[i])) {
            return false;
        }
    }
    return text.size() >= 2 && text.back() == '"';
}

/// Whether a text, which ends with its value, is JSON.
bool is_json(std::string_view text) {
    if (text.empty()) return false;
    if (text.front() == '"') return is_string(text);
    if (text.front() != '{' && text.front() != '[') {
        return text == "null" || text == "true" || text == "false" || is_number(text);
    }
    std::vector<std::string_view> parts;
    if (!json_parts(text, &parts)) return false;
    return std::all_of(parts.begin(), parts.end(), [](std::string_view part) { return is_json(part); });
}

/// The content of a string that is JSON itself; Python's library takes it for the value.
bool holds_json(std::string_view quoted) {
    const std::string text = json_unescaped(quoted);
    std::string_view content = text;
    auto is_blank = [](char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; };
    while (!content.empty() && is_blank(content.front())) content.remove_prefix(1);
    while (!content.empty() && is_blank(content.back())) content.remove_suffix(1);
    return json_is_whole(content) && is_json(content);
}

}  // namespace

void JsonForm::Add(const JsonRows &rows) {
    int64_t from = 0;
    for (const int64_t end : rows.ends) {
        std::string_view row = std::string_view(rows.text).substr(from, end - from);
        from = end;
        while (!row.empty() && is_space(row.back())) row.remove_suffix(1);
        AddValue(row);
    }
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
        ++field->seen_;
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
    // Not a number is no value in Python's JSON.
    if (!is_row && is_mixed() && first != 'n') {
        if (value == "NaN") {
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
    int64_t from = 0;
    for (int64_t &end : rows->ends) {
        std::string_view row = std::string_view(rows->text).substr(from, end - from);
        from = end;
        while (!row.empty() && is_space(row.back())) row.remove_suffix(1);
        Write(row, true, &text);
        text.push_back('\n');
        end = static_cast<int64_t>(text.size());
    }
    rows->text = std::move(text);
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
        if (form->kinds_ == 0) continue;
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

std::shared_ptr<arrow::Array> carrow::with_nulls(
    const std::shared_ptr<arrow::Array> &array, const std::shared_ptr<arrow::DataType> &type) {
    if (array->type()->Equals(*type)) return array;
    if (type->id() == arrow::Type::NA) return std::make_shared<arrow::NullArray>(array->length());
    auto data = array->data()->Copy();
    for (int i = 0; i < type->num_fields() && i < static_cast<int>(data->child_data.size()); ++i) {
        data->child_data[i] = with_nulls(arrow::MakeArray(data->child_data[i]), type->field(i)->type())->data();
    }
    data->type = type;
    return arrow::MakeArray(data);
}
