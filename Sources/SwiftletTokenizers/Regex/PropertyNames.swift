/// What `\p{...}` and its like mean.
enum PropertyNames {
    /// The set of a property; `nil` if it is not known. Letter case, spaces, `_` and `-` don't matter.
    static func set(_ name: String) -> ScalarSet? {
        let key = String(name.lowercased().unicodeScalars.filter { !["_", "-", " "].contains($0) })
        if let categories = categories[key] { return union(categories) }
        for script in UnicodePropertyData.scripts where "\(script.name)".lowercased() == key {
            return ScalarSet(hexadecimal: script.scalars)
        }
        switch key {
        case "any": return .all
        case "assigned": return union(assigned)
        case "cn", "unassigned": return union(assigned + ["Cs"]).inverted
        case "c", "other": return union(assigned.filter { !$0.hasPrefix("C") }).inverted
        case "space": return space
        case "word": return word
        case "digit": return digit
        default: return nil
        }
    }

    static var space: ScalarSet { ScalarSet(hexadecimal: UnicodePropertyData.spaces) }
    static var word: ScalarSet { ScalarSet(hexadecimal: UnicodePropertyData.words) }
    /// `\w` within a class, where the engine leaves out some numbers of Latin-1 that it takes for letters elsewhere.
    static var wordInClass: ScalarSet {
        word.intersection(ScalarSet([0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE]).inverted)
    }
    static var digit: ScalarSet { union(["Nd"]) }
    static let hexadecimalDigit = ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])

    private static var assigned: [String] { UnicodePropertyData.categories.map { "\($0.name)" } + ["Cs"] }

    private static func union(_ names: [String]) -> ScalarSet {
        var ranges: [ClosedRange<UInt32>] = names.contains("Cs") ? [0xD800...0xDFFF] : []
        for category in UnicodePropertyData.categories where names.contains("\(category.name)") {
            ranges += ScalarSet(hexadecimal: category.scalars).ranges
        }
        return ScalarSet(ranges)
    }

    private static let categories: [String: [String]] = {
        var result: [String: [String]] = [:]
        let long = [
            "Lu": "uppercaseletter", "Ll": "lowercaseletter", "Lt": "titlecaseletter", "Lm": "modifierletter",
            "Lo": "otherletter", "Mn": "nonspacingmark", "Mc": "spacingmark", "Me": "enclosingmark",
            "Nd": "decimalnumber", "Nl": "letternumber", "No": "othernumber", "Pc": "connectorpunctuation",
            "Pd": "dashpunctuation", "Ps": "openpunctuation", "Pe": "closepunctuation", "Pi": "initialpunctuation",
            "Pf": "finalpunctuation", "Po": "otherpunctuation", "Sm": "mathsymbol", "Sc": "currencysymbol",
            "Sk": "modifiersymbol", "So": "othersymbol", "Zs": "spaceseparator", "Zl": "lineseparator",
            "Zp": "paragraphseparator", "Cc": "control", "Cf": "format", "Co": "privateuse", "Cs": "surrogate",
        ]
        for (name, longName) in long {
            result[name.lowercased()] = [name]
            result[longName] = [name]
        }
        for (letter, longName) in [
            ("L", "letter"), ("M", "mark"), ("N", "number"), ("P", "punctuation"), ("S", "symbol"), ("Z", "separator"),
        ] {
            let members = long.keys.filter { $0.hasPrefix(letter) }
            result[letter.lowercased()] = members
            result[longName] = members
        }
        result["lc"] = ["Lu", "Ll", "Lt"]
        result["casedletter"] = result["lc"]
        return result
    }()
}
