public import SwiftletIO

/// A result that can be written as JSON, with the keys that Python's pipelines have.
public protocol JSONRepresentable: Encodable, Sendable {
    /// The result with the keys that Python's pipelines have.
    var json: JSONValue { get }
}

extension JSONRepresentable {
    public func encode(to encoder: any Swift.Encoder) throws { try EncodableJSON(json).encode(to: encoder) }
}

/// What a pipeline answers whose task is known at run time only.
public enum PipelineAnswer: Sendable, JSONRepresentable {
    /// The labels of a text with their scores.
    case textClassification(TextClassification)
    /// What was found in a text.
    case tokenClassification([Entity])
    /// The answers to a question.
    case questionAnswering(QuestionAnswers)
    /// What each mask may hide.
    case fillMask(MaskFillings)
    /// The vector of a text.
    case sentenceEmbeddings([Float])
    /// Texts in the order of their likeness to a query.
    case similarity([RankedText])
    /// Candidate labels with their scores.
    case zeroShotClassification(ZeroShotClassification)
    /// The choice, with the scores of all.
    case multipleChoice(ChosenText)
    /// Of a pipeline that another package has made.
    case other(JSONValue)

    /// The best answer in a word or a few: a label, the text of an answer, the token that fills the first mask, the
    /// text that is nearest. `nil` where there is none: for vectors, and where nothing was found.
    public var label: String? {
        switch self {
        case .textClassification(let answer): answer.scores.first?.label
        case .tokenClassification(let entities): entities.max { $0.score < $1.score }?.label
        case .questionAnswering(let answer): answer.answers.first?.answer
        case .fillMask(let answer): answer.best?.tokenString
        case .sentenceEmbeddings, .other: nil
        case .similarity(let texts): texts.first?.text
        case .zeroShotClassification(let answer): answer.scores.first?.label
        case .multipleChoice(let answer): answer.text
        }
    }

    /// The score of `label`.
    public var score: Float? {
        switch self {
        case .textClassification(let answer): answer.scores.first?.score
        case .tokenClassification(let entities): entities.map(\.score).max()
        case .questionAnswering(let answer): answer.answers.first?.score
        case .fillMask(let answer): answer.best?.score
        case .sentenceEmbeddings, .other: nil
        case .similarity(let texts): texts.first?.score
        case .zeroShotClassification(let answer): answer.scores.first?.score
        case .multipleChoice(let answer): answer.score
        }
    }

    public var json: JSONValue {
        switch self {
        case .textClassification(let answer): answer.json
        case .tokenClassification(let entities): .array(entities.map(\.json))
        case .questionAnswering(let answer): answer.json
        case .fillMask(let answer): answer.json
        case .sentenceEmbeddings(let vector): .array(vector.map { .number($0) })
        case .similarity(let texts): .array(texts.map(\.json))
        case .zeroShotClassification(let answer): answer.json
        case .multipleChoice(let answer): answer.json
        case .other(let value): value
        }
    }
}

/// A JSON value for any encoder.
private struct EncodableJSON: Encodable {
    private let value: JSONValue

    init(_ value: JSONValue) { self.value = value }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Swift.Encoder) throws {
        switch value {
        case .object(let object):
            var container = encoder.container(keyedBy: Key.self)
            for (key, value) in zip(object.keys, object.values) {
                try container.encode(EncodableJSON(value), forKey: Key(stringValue: key))
            }
        case .array(let list):
            var container = encoder.unkeyedContainer()
            for value in list { try container.encode(EncodableJSON(value)) }
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .int(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .double(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .string(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        }
    }
}
