import SwiftletIO

extension String {
    /// The text in a line of Markdown: nothing in it makes a link, a tag, a table cell or a line of its own, or commands a
    /// terminal. Ordinary names stay as they are.
    package var inMarkdown: String {
        var result = ""
        let scalars = Array(shown().unicodeScalars)
        func isWord(_ place: Int) -> Bool {
            scalars.indices.contains(place)
                && (scalars[place].properties.isAlphabetic || scalars[place].properties.numericType != nil)
        }
        for (place, scalar) in scalars.enumerated() {
            let isMarkup =
                switch scalar {
                // Inside of a word it is one of its letters.
                case "_": !isWord(place - 1) || !isWord(place + 1)
                case "&": isWord(place + 1) || scalars.indices.contains(place + 1) && scalars[place + 1] == "#"
                default: "\\`[]<>|*~".unicodeScalars.contains(scalar)
                }
            if isMarkup { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    /// The text as a part of a web address's path.
    var inPath: String {
        utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                byte < 0x80
                && (Character(scalar).isLetter || Character(scalar).isNumber || "-_./".unicodeScalars.contains(scalar))
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(scalar) : byte < 16 ? "%0\(digits)" : "%\(digits)"
        }.joined()
    }
}
