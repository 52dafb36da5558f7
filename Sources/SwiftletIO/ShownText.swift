extension String {
    /// The text with everything made visible that a terminal or a log would obey instead of show, as `\u{1b}`: control
    /// characters, among them the escape that begins terminal commands, marks that turn the direction of writing, and
    /// marks that show nothing.
    ///
    /// Names and texts from files and servers go through this before they are shown.
    ///
    /// - Parameter keepsLines: whether line ends and tabs stay as they are, for text of several lines.
    package func shown(keepsLines: Bool = false) -> String {
        // Most texts have nothing to hide.
        guard unicodeScalars.contains(where: { $0.isHidden(keepsLines: keepsLines) }) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isHidden(keepsLines: keepsLines) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Whether a terminal obeys it, or shows what is beside it in another order or not at all.
    func isHidden(keepsLines: Bool = false) -> Bool {
        switch value {
        case 0x09, 0x0A: !keepsLines
        // C0 and C1. A C1 character can begin a command as the escape does.
        case 0..<0x20, 0x7F..<0xA0: true
        // Line and paragraph separators, marks of direction, and the byte order mark.
        case 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C, 0xFEFF: true
        default: false
        }
    }
}
