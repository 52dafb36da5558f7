import SwiftletIO

/// A value of a JSON file with its place, so that whatever is wrong with it can be named.
struct JSONSection {
    let value: JSONValue
    let path: String
    /// Such as `model.vocab`; empty at the top.
    let key: String

    private func place(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

    func invalid(_ name: String, _ problem: String, remedy: String? = nil, kind: TokenizerError.Kind = .malformed)
        -> TokenizerError
    {
        let place = name.isEmpty ? (key.isEmpty ? "the document" : key) : place(name)
        return .invalid(path, place, problem, remedy: remedy, kind: kind)
    }

    func unsupported(_ type: String) -> TokenizerError { .unsupported(path, place("type"), type: type) }

    /// The value under a name; `nil` where there is none or `null`.
    func optional(_ name: String) throws -> JSONSection? {
        guard let object = value.object else { throw invalid("", "is \(value.kind), not an object") }
        guard let child = object[name], !child.isNull else { return nil }
        return JSONSection(value: child, path: path, key: place(name))
    }

    func required(_ name: String) throws -> JSONSection {
        guard let child = try optional(name) else { throw invalid(name, "is missing") }
        return child
    }

    func type() throws -> String { try string("type") }

    func string(_ name: String) throws -> String {
        let child = try required(name)
        guard let string = child.value.string else { throw invalid(name, "is \(child.value.kind), not a string") }
        return string
    }

    func optionalBool(_ name: String) throws -> Bool? {
        guard let child = try optional(name) else { return nil }
        guard let bool = child.value.bool else { throw invalid(name, "is \(child.value.kind), not true or false") }
        return bool
    }

    func bool(_ name: String) throws -> Bool {
        guard let bool = try optionalBool(name) else { throw invalid(name, "is missing") }
        return bool
    }

    /// A number that an id or a count may be.
    func int(_ name: String) throws -> Int { try required(name).int() }

    func int() throws -> Int {
        guard case .int(let int) = value, (0...Int(Int32.max)).contains(int) else {
            throw invalid("", "is not an integer from 0 to \(Int32.max)")
        }
        return int
    }

    func items() throws -> [JSONSection] {
        guard let array = value.array else { throw invalid("", "is \(value.kind), not a list") }
        return array.enumerated().map { JSONSection(value: $1, path: path, key: "\(key)[\($0)]") }
    }

    func strings(_ name: String) throws -> [String] {
        try required(name).items().map { item in
            guard let string = item.value.string else { throw item.invalid("", "is \(item.value.kind), not a string") }
            return string
        }
    }
}
