import SwiftletIO

/// Reads the keys of a request's body, with errors that name them. A key that is not known is refused, so that no
/// option is left out unseen.
struct RequestFields {
    private let object: JSONObject
    private let place: String

    /// - Parameters:
    ///   - place: where the object stands in the body, for messages, such as `parameters.`.
    ///   - keys: all that it may have.
    init(_ json: JSONValue, keys: [String], place: String = "") throws {
        guard let object = json.object else {
            throw RequestError.invalid("the body is \(json.kind); it must be an object with \(Self.list(keys))")
        }
        if let unknown = object.keys.first(where: { key in !keys.contains { $0.isSame(as: key) } }) {
            let near = nearestName(to: unknown, among: keys).map { "did you mean `\($0)`?" }
            throw RequestError.invalid(
                "there is no `\(place)\(unknown)` here; \(near ?? "known are \(Self.list(keys))")")
        }
        self.object = object
        self.place = place
    }

    private static func list(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }

    /// The value, with null counting as none.
    func value(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    func required(_ key: String) throws -> JSONValue {
        guard let value = value(key) else { throw RequestError.invalid("`\(place)\(key)` is missing") }
        return value
    }

    func wrong(_ key: String, _ value: JSONValue, _ wanted: String) -> RequestError {
        .invalid("`\(place)\(key)` is \(value.kind); it must be \(wanted)")
    }

    private func read<Value>(_ key: String, _ wanted: String, _ convert: (JSONValue) -> Value?) throws -> Value? {
        guard let value = value(key) else { return nil }
        guard let converted = convert(value) else { throw wrong(key, value, wanted) }
        return converted
    }

    func bool(_ key: String) throws -> Bool? { try read(key, "true or false") { $0.bool } }
    func int(_ key: String) throws -> Int? { try read(key, "a whole number") { $0.int } }
    func string(_ key: String) throws -> String? { try read(key, "a string") { $0.string } }
    func object(_ key: String) throws -> JSONObject? { try read(key, "an object") { $0.object } }

    func requiredString(_ key: String) throws -> String {
        let value = try required(key)
        guard let text = value.string else { throw wrong(key, value, "a string") }
        return text
    }

    /// A list of strings.
    func texts(_ key: String) throws -> [String] {
        let value = try required(key)
        guard let list = value.array else { throw wrong(key, value, "a list of strings") }
        return try list.enumerated().map { index, element in
            guard let text = element.string else {
                throw RequestError.invalid("`\(place)\(key)[\(index)]` is \(element.kind); it must be a string")
            }
            return text
        }
    }

    /// One of some words, in any case.
    func choice(_ key: String, _ words: [String]) throws -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string?.lowercased(), words.contains(text) else {
            throw RequestError.invalid("`\(place)\(key)` is \(value.text()); it must be one of \(Self.list(words))")
        }
        return text
    }
}
