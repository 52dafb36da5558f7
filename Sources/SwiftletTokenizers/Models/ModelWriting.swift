import SwiftletIO

extension Model {
    /// The model as `tokenizer.json` has it, indented as the value of a member of the document.
    ///
    /// Vocabulary and merges are written here: canonically equivalent tokens are one key to `JSONValue`.
    var text: String {
        var text = "{"
        var isFirst = true
        func begin(_ key: String) {
            text += isFirst ? "\n    " : ",\n    "
            isFirst = false
            text += "\"\(key)\": "
        }
        for (key, value) in json.object ?? [:] {
            begin(key)
            if key == "vocab" { appendVocabulary(to: &text) } else { text += value.text(.tokenizer) }
        }
        if case .bpe(let model) = self {
            begin("merges")
            Self.append(model.merges.pairs, to: &text, "[]") { pair in
                func part(_ id: Int32) -> String {
                    JSONValue.string(model.vocabulary.token(of: Int(id)) ?? "").text(.tokenizer)
                }
                return "[\n        \(part(pair.left)),\n        \(part(pair.right))\n      ]"
            }
        }
        return text + "\n  }"
    }

    private func appendVocabulary(to text: inout String) {
        if case .unigram(let model) = self {
            Self.append(zip(model.vocabulary.tokens, model.scores), to: &text, "[]") { token, score in
                "[\n        \(JSONValue.string(token).text(.tokenizer)),\n        \(JSONValue.double(score).text(.tokenizer))\n      ]"
            }
        } else {
            Self.append(zip(vocabulary.tokens, vocabulary.ids), to: &text, "{}") { token, id in
                "\(JSONValue.string(token).text(.tokenizer)): \(id)"
            }
        }
    }

    /// - Parameter brackets: around the items; they stay together if there are none.
    private static func append<Item>(
        _ items: some Sequence<Item>, to text: inout String, _ brackets: String, _ line: (Item) -> String
    ) {
        text += brackets.prefix(1)
        var isEmpty = true
        for item in items {
            text += isEmpty ? "\n      " : ",\n      "
            text += line(item)
            isEmpty = false
        }
        if !isEmpty { text += "\n    " }
        text += brackets.suffix(1)
    }
}
