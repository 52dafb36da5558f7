public import SwiftletIO

/// Options by the names that Python's pipelines have for them, as a caller gives them who learns the task at run time.
/// Each is taken once; what is left over is refused by name.
public struct PipelineParameters {
    private var left: JSONObject
    private var known: [String] = []

    /// - Parameter parameters: values by Python's names.
    public init(_ parameters: JSONObject) { left = parameters }

    /// Takes a parameter, if it is there.
    ///
    /// - Parameters:
    ///   - kind: what its value must be, for the message, such as `a whole number`.
    ///   - convert: `nil` for a value of another kind.
    /// - Throws: `InferenceError` of kind `badOption`.
    public mutating func take<Value>(
        _ name: String, _ kind: String, _ convert: (JSONValue) -> Value?
    ) throws -> Value? {
        known.append(name)
        guard let value = left[name] else { return nil }
        left[name] = nil
        guard let converted = convert(value) else {
            throw InferenceError(.badOption, "'\(name)' is \(value.text()); it must be \(kind)")
        }
        return converted
    }

    /// Takes a parameter that is true or false; `nil` if it is not given.
    ///
    /// - Throws: `InferenceError` of kind `badOption` for another value.
    public mutating func bool(_ name: String) throws -> Bool? { try take(name, "true or false") { $0.bool } }
    /// Takes a parameter that is a whole number; `nil` if it is not given.
    ///
    /// - Throws: `InferenceError` of kind `badOption` for another value.
    public mutating func int(_ name: String) throws -> Int? { try take(name, "a whole number") { $0.int } }
    /// Takes a parameter that is a text; `nil` if it is not given.
    ///
    /// - Throws: `InferenceError` of kind `badOption` for another value.
    public mutating func string(_ name: String) throws -> String? { try take(name, "a string") { $0.string } }

    /// A list of strings, or one string.
    public mutating func strings(_ name: String) throws -> [String]? {
        try take(name, "a string or a list of strings") { value in
            if let text = value.string { return [text] }
            guard let list = value.array else { return nil }
            let texts = list.compactMap(\.string)
            return texts.count == list.count ? texts : nil
        }
    }

    /// A number, or null for none: a double optional, since null differs from absence.
    public mutating func optionalInt(_ name: String) throws -> Int?? {
        try take(name, "a whole number or null") { $0.isNull ? .some(nil) : $0.int.map { .some($0) } }
    }

    /// One of the names of an enumeration.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        try take(name, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")) { value in
            value.string.flatMap { Choice(rawValue: $0.lowercased()) }
        }
    }

    /// What becomes of long texts: `truncation`, true for a cut.
    mutating func longInputs(_ options: inout LongInputs) throws {
        if let cuts = try bool("truncation") { options = cuts ? .truncated : .refused }
    }

    /// - Throws: `InferenceError` of kind `badOption` that names a parameter which was not taken.
    public func finish() throws {
        guard let name = left.keys.first else { return }
        throw InferenceError(
            .badOption, "'\(name)' is no parameter of this pipeline",
            remedy: known.isEmpty ? "It has none." : "Known are \(known.joined(separator: ", ")).")
    }
}
