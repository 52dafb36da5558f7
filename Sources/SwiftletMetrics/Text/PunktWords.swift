/// The words of a line as Punkt parts them: punctuation apart, but full stops with their words.
enum PunktWords {
    /// What can't be within a word.
    static func isOutside(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case ")", "\"", ";", "}", "]", "*", ":", "@", "'", "(", "{", "[", "?", "!", "\u{ab}", "\u{bb}", "\u{2018}",
            "\u{2019}", "\u{201c}", "\u{201d}":
            true
        default: false
        }
    }

    static func words(_ line: ArraySlice<Unicode.Scalar>) -> [String] {
        var tokens: [String] = []
        var place = line.startIndex
        while place < line.endIndex {
            var end = place + max(multiple(line, place), 0)
            if end == place {
                if PythonText.isSpace(line[place]) {
                    place += 1
                    continue
                }
                end = place + 1
                if isWordStart(line[place]) { while !isWordEnd(line, end) { end += 1 } }
            }
            tokens.append(String(String.UnicodeScalarView(line[place..<end])))
            place = end
        }
        return tokens
    }

    private static func isWordStart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "(", "\"", "`", "{", "[", ":", ";", "&", "#", "*", "@", ")", "}", "]", "-", ",": false
        default: true
        }
    }

    private static func isWordEnd(_ line: ArraySlice<Unicode.Scalar>, _ place: Int) -> Bool {
        func isEnd(_ place: Int) -> Bool {
            place >= line.endIndex || PythonText.isSpace(line[place]) || isOutside(line[place])
                || multiple(line, place) > 0
        }
        return isEnd(place) || (line[place] == "," && isEnd(place + 1))
    }

    /// The length of two hyphens or more, or of an ellipsis, also one with spaces, at a place; 0 if there is none.
    private static func multiple(_ line: ArraySlice<Unicode.Scalar>, _ place: Int) -> Int {
        let rest = line[place...]
        guard let first = rest.first, first == "-" || first == "." else { return 0 }
        let run = rest.prefix { $0 == first }.count
        if run >= 2 { return run }
        guard first == "." else { return 0 }
        var (end, pairs) = (place, 0)
        while end + 1 < line.endIndex, line[end] == ".", PythonText.isSpace(line[end + 1]) {
            (end, pairs) = (end + 2, pairs + 1)
        }
        if end < line.endIndex, line[end] == ".", pairs >= 2 { return end + 1 - place }
        // Else the last full stop is the one before.
        return pairs >= 3 ? end - 1 - place : 0
    }
}
