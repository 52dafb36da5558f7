import SwiftletIO

/// A token that is found in texts before the model sees them.
public struct AddedToken: Sendable, Equatable {
    /// The text of the token.
    public var content: String
    /// Whether `decode` can leave the token out.
    public var isSpecial: Bool
    /// Only where no letter or digit stands beside it.
    public var isSingleWord: Bool
    /// Takes the spaces on its left with it.
    public var stripsLeft: Bool
    /// Takes the spaces on its right with it.
    public var stripsRight: Bool
    /// Is looked for in the normalized text; the opposite of `isSpecial` unless it is set.
    public var isNormalized: Bool {
        get { isNormalizedIfSet ?? !isSpecial }
        set { isNormalizedIfSet = newValue }
    }

    private var isNormalizedIfSet: Bool?

    /// - Parameters:
    ///   - content: the text of the token.
    ///   - isSpecial: whether decoding may leave it out, as it does `[CLS]`.
    ///   - isSingleWord: whether it is found only between characters that are no part of a word.
    ///   - stripsLeft: whether it takes white space before it along.
    ///   - stripsRight: whether it takes white space after it along.
    ///   - isNormalized: whether it is looked for in the normalized text; by default where it is not special.
    public init(
        _ content: String, isSpecial: Bool = false, isSingleWord: Bool = false, stripsLeft: Bool = false,
        stripsRight: Bool = false, isNormalized: Bool? = nil
    ) {
        self.content = content
        self.isSpecial = isSpecial
        self.isSingleWord = isSingleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        isNormalizedIfSet = isNormalized
    }

    /// - Parameter isSpecial: what the token is when the file does not say.
    init(_ section: JSONSection, isSpecial: Bool = false) throws {
        content = try section.string("content")
        self.isSpecial = try section.optionalBool("special") ?? isSpecial
        isSingleWord = try section.optionalBool("single_word") ?? false
        stripsLeft = try section.optionalBool("lstrip") ?? false
        stripsRight = try section.optionalBool("rstrip") ?? false
        isNormalizedIfSet = try section.optionalBool("normalized") ?? !self.isSpecial
    }

    func json(id: Int32) -> JSONValue {
        [
            "id": .int(Int(id)), "content": .string(content), "single_word": .bool(isSingleWord),
            "lstrip": .bool(stripsLeft), "rstrip": .bool(stripsRight), "normalized": .bool(isNormalized),
            "special": .bool(isSpecial),
        ]
    }
}

extension AddedToken: ExpressibleByStringLiteral {
    /// A token of this text, with everything else at its default.
    public init(stringLiteral value: String) { self.init(value) }
}
