public import SwiftletIO

/// A piece of a text with its label: a token, or with aggregation the tokens of an entity.
public struct Entity: Sendable, Equatable, JSONRepresentable {
    /// From the model's `id2label`. Of aggregated tokens without the `B-` or `I-` in front.
    public var label: String
    /// A probability: the token's, or the mean of those that were put together.
    public var score: Float
    /// The token or tokens, as the tokenizer writes them. `text[range]` is what stands in the text.
    public var word: String
    /// Where it begins and ends in the text, in Unicode scalars, as in Python.
    public var start: Int
    /// Where it ends in the text, in Unicode scalars: the index after its last one.
    public var end: Int
    /// The entity's range as indices of the text. Of words that were given apart, in the words joined with the delimiter.
    public var range: Range<String.Index>
    /// The token's index among the text's tokens, special ones counted; `nil` after aggregation.
    public var index: Int?

    /// `entity`, `score`, `index`, `word`, `start` and `end`; aggregated, `entity_group` in place of `entity` and no
    /// `index`.
    public var json: JSONValue {
        var object: JSONObject = [index == nil ? "entity_group" : "entity": .string(label), "score": .number(score)]
        if let index { object["index"] = .int(index) }
        object["word"] = .string(word)
        object["start"] = .int(start)
        object["end"] = .int(end)
        return .object(object)
    }
}

/// How tokens become entities. The rules are those of `aggregation_strategy` in `transformers`.
public enum AggregationStrategy: String, Sendable, CaseIterable {
    /// Tokens stay alone.
    case none
    /// Tokens in a row with the same label are joined; `B-` begins a new entity.
    case simple
    /// Tokens of one label joined, after all tokens of a word got the label of its first.
    case first
    /// Tokens of one label joined, with the label that the mean of the word's scores gives.
    case average
    /// Tokens of one label joined, with the label of the word's token that is surest.
    case max

    /// Whether words are looked at before entities are.
    var joinsWords: Bool { self != .none && self != .simple }
}

/// Offsets in a text, by Unicode scalar.
struct ScalarOffsets {
    private let scalars: [Unicode.Scalar]
    private let indices: [String.Index]

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        indices = Array(text.unicodeScalars.indices) + [text.endIndex]
    }

    func range(_ start: Int, _ end: Int) -> Range<String.Index> {
        let start = min(max(start, 0), scalars.count)
        return indices[start]..<indices[min(max(end, start), scalars.count)]
    }

    func text(_ start: Int, _ end: Int) -> String {
        let start = min(max(start, 0), scalars.count)
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[start..<min(max(end, start), scalars.count)])
        return String(view)
    }

    /// Whether one of the scalars from `start` up to `end` is a space.
    func hasSpace(_ start: Int, _ end: Int) -> Bool {
        let start = min(max(start, 0), scalars.count)
        return scalars[start..<min(max(end, start), scalars.count)].contains(" ")
    }
}
