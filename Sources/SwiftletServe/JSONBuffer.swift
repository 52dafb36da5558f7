import HTTPTypes
import SwiftletIO

/// JSON text that is put together piece by piece: vectors go in without a value for each of their numbers.
struct JSONBuffer {
    private(set) var text = ""
    /// The space that a large answer has taken, kept until it is sent.
    var space: AnswerSpace.Share?

    mutating func append(_ json: String) { text += json }

    mutating func append(_ value: JSONValue) { text += value.text(.line) }

    /// A number in its shortest form.
    ///
    /// - Throws: `RequestError` for a number that JSON can't write.
    mutating func append(_ value: Float) throws {
        guard value.isFinite else {
            throw RequestError(.failedDependency, .backend, cause: "inference", "the model answered with \(value)")
        }
        text += value.description
    }

    mutating func append(_ vector: [Float]) throws { try append(list: vector) { try $0.append($1) } }

    /// A list, each element written by itself.
    mutating func append<Elements: Sequence>(
        list elements: Elements, _ write: (inout JSONBuffer, Elements.Element) throws -> Void
    ) rethrows {
        text += "["
        var isFirst = true
        for element in elements {
            if !isFirst { text += "," }
            isFirst = false
            try write(&self, element)
        }
        text += "]"
    }
}

extension JSONValue {
    /// The first number in it that JSON can't write.
    var nonFinite: Double? {
        switch self {
        case .double(let value): value.isFinite ? nil : value
        case .array(let values): values.lazy.compactMap(\.nonFinite).first
        case .object(let object): object.values.lazy.compactMap(\.nonFinite).first
        default: nil
        }
    }
}
