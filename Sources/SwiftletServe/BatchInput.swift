import SwiftletIO

/// A text, or the ids of one.
enum TextOrIDs {
    case text(String)
    case ids([Int32])

    init(_ json: JSONValue, _ place: String) throws {
        if let text = json.string {
            self = .text(text)
        } else if let list = json.array {
            self = .ids(try Self.ids(list, place))
        } else {
            throw RequestError.invalid("`\(place)` is \(json.kind); it must be a string or a list of token ids")
        }
    }

    static func ids(_ list: [JSONValue], _ place: String) throws -> [Int32] {
        try list.enumerated().map { index, element in
            guard case .int(let number) = element, let id = Int32(exactly: number), id >= 0 else {
                throw RequestError.invalid("`\(place)[\(index)]` is \(element.text()); it must be a token id")
            }
            return id
        }
    }

    var isEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .ids(let ids): ids.isEmpty
        }
    }
}

/// What a request names under `inputs`: one, or several.
struct BatchInput<Element> {
    let elements: [Element]
    let isSingle: Bool

    /// - Throws: `RequestError` for none, and for more than a request may have.
    func checked(_ place: String, limit: Int) throws -> Self {
        if elements.isEmpty { throw RequestError.empty(place) }
        try checkBatch(elements.count, limit: limit)
        return self
    }
}

func checkBatch(_ count: Int, limit: Int) throws {
    guard count > limit else { return }
    throw RequestError.tooLarge("batch size \(count) > maximum allowed batch size \(limit)", cause: "batch_size")
}

extension BatchInput<TextOrIDs> {
    /// A string, a list of ids, or a list of either.
    init(_ json: JSONValue, _ place: String, limit: Int) throws {
        if let list = json.array, !Self.isIDs(list) {
            let elements = try list.enumerated().map { try TextOrIDs($1, "\(place)[\($0)]") }
            self = try BatchInput(elements: elements, isSingle: false).checked(place, limit: limit)
        } else {
            self.init(elements: [try TextOrIDs(json, place)], isSingle: true)
        }
        if let index = elements.firstIndex(where: \.isEmpty) {
            throw RequestError.empty(isSingle ? place : "\(place)[\(index)]")
        }
    }

    private static func isIDs(_ list: [JSONValue]) -> Bool {
        guard let first = list.first else { return false }
        return first.string == nil && first.array == nil
    }
}

/// A text or a pair of texts that a model classifies.
struct TextOrPair {
    let text: String
    let textPair: String?

    init(_ list: [JSONValue], _ place: String) throws {
        let texts = list.compactMap(\.string)
        guard texts.count == list.count, (1...2).contains(texts.count) else {
            throw RequestError.invalid(
                "`\(place)` must be a string, a pair of strings [string, string], or a list of such in brackets: "
                    + "[[string], [string, string], ...]")
        }
        text = texts[0]
        textPair = texts.count == 2 ? texts[1] : nil
    }
}

extension BatchInput<TextOrPair> {
    /// A string, a pair `["a", "b"]`, or a list of `["a"]` and `["a", "b"]`.
    init(_ json: JSONValue, _ place: String, limit: Int) throws {
        guard let list = json.array else {
            self.init(elements: [try TextOrPair([json], place)], isSingle: true)
            return
        }
        if list.isEmpty { throw RequestError.empty(place) }
        if list[0].array == nil {
            self.init(elements: [try TextOrPair(list, place)], isSingle: true)
            return
        }
        let elements = try list.enumerated().map { index, element in
            guard let texts = element.array else {
                throw RequestError.invalid(
                    "`\(place)[\(index)]` is \(element.kind); it must be a list of one or two strings")
            }
            return try TextOrPair(texts, "\(place)[\(index)]")
        }
        self = try BatchInput(elements: elements, isSingle: false).checked(place, limit: limit)
    }
}
