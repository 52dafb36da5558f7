/// How a text must be written in YAML to be read as the same text, and as a text at all.
enum YAMLScalarStyle {
    case plain
    case singleQuoted
    case doubleQuoted

    init(_ text: String) {
        let characters = Array(text.unicodeScalars)
        if characters.contains(where: { !Self.isPrintable($0) }) {
            self = .doubleQuoted
        } else if characters.isEmpty || characters.first == " " || characters.last == " " || Self.isOtherType(text)
            || Self.hasIndicator(characters)
        {
            self = .singleQuoted
        } else {
            self = .plain
        }
    }

    /// Line breaks count as not printable here, since they would fold.
    private static func isPrintable(_ character: Unicode.Scalar) -> Bool {
        switch character.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    /// Whether something in the text means more to YAML than itself.
    private static func hasIndicator(_ characters: [Unicode.Scalar]) -> Bool {
        let start = String(String.UnicodeScalarView(characters.prefix(3)))
        if start == "---" || start == "..." { return true }
        for (index, character) in characters.enumerated() {
            let isBeforeSpace = index + 1 == characters.count || characters[index + 1] == " "
            switch character {
            case "#" where index == 0 || characters[index - 1] == " ": return true
            case ":" where isBeforeSpace: return true
            case "?" where index == 0 && isBeforeSpace: return true
            case "-" where index == 0 && isBeforeSpace: return true
            case ",", "[", "]", "{", "}", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`":
                if index == 0 { return true }
            default: break
            }
        }
        return false
    }

    /// Whether YAML 1.1 would read a boolean, a number, a date, null or a merge key.
    private static func isOtherType(_ text: String) -> Bool {
        let words = ["yes", "no", "true", "false", "on", "off", "null"]
        let lower = text.lowercased()
        let spellings = [lower, lower.uppercased(), lower.prefix(1).uppercased() + lower.dropFirst()]
        if words.contains(lower), spellings.contains(text) { return true }
        if ["~", "<<", "="].contains(text) { return true }
        guard text.utf8.allSatisfy({ $0 < 128 }) else { return false }
        let integers = #/[-+]?(0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(:[0-5]?[0-9])+)/#
        let floats = #/([-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+][0-9]+)?/#
        let sexagesimals = #/[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*/#
        let special = #/[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)/#
        let day = #/[0-9]{4}-[0-9]{2}-[0-9]{2}/#
        let time =
            #/
            [0-9]{4} - [0-9]{1,2} - [0-9]{1,2} (?: [Tt] | [\x20\t]+ )
            [0-9]{1,2} : [0-9]{2} : [0-9]{2} (?: \. [0-9]* )?
            (?: [\x20\t]* (?: Z | [-+] [0-9]{1,2} (?: : [0-9]{2} )? ) )?
            /#
        return text.wholeMatch(of: integers) != nil || text.wholeMatch(of: floats) != nil
            || text.wholeMatch(of: sexagesimals) != nil || text.wholeMatch(of: special) != nil
            || text.wholeMatch(of: day) != nil || text.wholeMatch(of: time) != nil
    }

    /// A character between double quotes.
    static func escape(_ character: Unicode.Scalar) -> String {
        switch character {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\0": return "\\0"
        case "\u{7}": return "\\a"
        case "\u{8}": return "\\b"
        case "\t": return "\\t"
        case "\n": return "\\n"
        case "\u{b}": return "\\v"
        case "\u{c}": return "\\f"
        case "\r": return "\\r"
        case "\u{1b}": return "\\e"
        case "\u{85}": return "\\N"
        case "\u{2028}": return "\\L"
        case "\u{2029}": return "\\P"
        case _ where isPrintable(character): return String(character)
        default:
            let digits = String(character.value, radix: 16, uppercase: true)
            let (letter, width) = character.value > 0xFFFF ? ("U", 8) : character.value > 0xFF ? ("u", 4) : ("x", 2)
            return "\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)"
        }
    }
}
