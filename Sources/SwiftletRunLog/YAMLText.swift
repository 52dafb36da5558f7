package import SwiftletIO

/// Writes the metadata of a model card as PyYAML's `dump` does, so that a card made here and one made by Python
/// differ by nothing but their content. Texts beyond ASCII stay readable, where Python escapes them by default.
package struct YAMLText {
    private(set) var text = ""
    private var column = 0

    /// Beyond this column a text goes on in the next line.
    private static let width = 80

    /// A block of `key: value` lines.
    package static func document(_ object: JSONObject) -> String {
        var writer = YAMLText()
        writer.write(object, indent: 0)
        return writer.text
    }

    private mutating func add(_ piece: String) {
        text += piece
        column += piece.unicodeScalars.count
    }

    private mutating func breakLine(indent: Int) {
        text += "\n" + String(repeating: " ", count: indent)
        column = indent
    }

    /// The first key goes where the text stands, the others on lines of their own.
    private mutating func write(_ object: JSONObject, indent: Int) {
        for (index, (key, value)) in object.enumerated() {
            if index > 0 { add(String(repeating: " ", count: indent)) }
            write(scalar: key, indent: indent)
            add(":")
            switch value {
            case .object(let inner) where !inner.isEmpty:
                breakLine(indent: indent + 2)
                write(inner, indent: indent + 2)
            case .array(let items) where !items.isEmpty:
                // A list is not set in under its key.
                breakLine(indent: indent)
                write(items, indent: indent)
            default:
                add(" ")
                writeLeaf(value, indent: indent)
            }
        }
    }

    private mutating func write(_ items: [JSONValue], indent: Int) {
        for (index, item) in items.enumerated() {
            if index > 0 { add(String(repeating: " ", count: indent)) }
            add("- ")
            switch item {
            case .object(let inner) where !inner.isEmpty: write(inner, indent: indent + 2)
            case .array(let inner) where !inner.isEmpty: write(inner, indent: indent + 2)
            default: writeLeaf(item, indent: indent)
            }
        }
    }

    private mutating func writeLeaf(_ value: JSONValue, indent: Int) {
        switch value {
        case .object: add("{}")
        case .array: add("[]")
        case .string(let text): write(scalar: text, indent: indent + 2)
        case .double(let number) where !number.isFinite: add(number.isNaN ? ".nan" : number < 0 ? "-.inf" : ".inf")
        case .double(let number):
            let digits = JSONValue.double(number).text()
            // YAML 1.1 takes an exponent for part of a number only after a point.
            if !digits.contains("."), let exponent = digits.firstIndex(of: "e") {
                add(digits[..<exponent] + ".0" + digits[exponent...])
            } else {
                add(digits)
            }
        default: add(value.text())
        }
        text += "\n"
        column = 0
    }

    // MARK: Texts

    private mutating func write(scalar: String, indent: Int) {
        switch YAMLScalarStyle(scalar) {
        case .plain: writeFolding(scalar, indent: indent, isQuoted: false)
        case .singleQuoted:
            add("'")
            writeFolding(scalar, indent: indent, isQuoted: true)
            add("'")
        case .doubleQuoted:
            add("\"")
            for character in scalar.unicodeScalars { add(YAMLScalarStyle.escape(character)) }
            add("\"")
        }
    }

    /// Writes a text of one line, which a reader takes for one line even where it is broken at a single space.
    private mutating func writeFolding(_ scalar: String, indent: Int, isQuoted: Bool) {
        let characters = Array(scalar.unicodeScalars)
        for (index, character) in characters.enumerated() {
            let isInside = index > 0 && index + 1 < characters.count
            if character == " ", isInside, characters[index - 1] != " ", characters[index + 1] != " ",
                column > Self.width
            {
                breakLine(indent: indent)
            } else if character == "'", isQuoted {
                add("''")
            } else {
                add(String(character))
            }
        }
    }
}
