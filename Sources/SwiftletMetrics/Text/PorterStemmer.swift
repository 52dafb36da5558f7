internal import SwiftletIO

/// Porter's rules that take English endings off (1980), with the changes that NLTK made: words of two letters stay, some
/// words are listed, and `ies`, `ied`, `y`, `alli`, `bli`, `fulli` and `logi` have rules of their own.
package enum PorterStemmer {
    private typealias Letters = [Unicode.Scalar]

    private static let listed: [TextKey: String] = [
        "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news",
        "innings": "inning", "inning": "inning", "outings": "outing", "outing": "outing", "cannings": "canning",
        "canning": "canning", "howe": "howe", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
    ]

    /// The stem in lower case.
    package static func stem(_ word: String) -> String {
        let lower = PythonText.lower(word)
        if let stem = listed[TextKey(lower)] { return stem }
        if word.unicodeScalars.count <= 2 { return lower }
        var letters = Array(lower.unicodeScalars)
        for step in [step1a, step1b, step1c, step2, step3, step4, step5] { letters = step(letters) }
        return String(String.UnicodeScalarView(letters))
    }

    // MARK: - Letters

    /// Whether each letter is a consonant; y is one at the beginning and after a vowel.
    private static func consonants(_ word: Letters) -> [Bool] {
        var flags: [Bool] = []
        for letter in word {
            switch letter {
            case "a", "e", "i", "o", "u": flags.append(false)
            case "y": flags.append(flags.last.map { !$0 } ?? true)
            default: flags.append(true)
            }
        }
        return flags
    }

    /// How often a consonant follows a vowel.
    private static func measure(_ stem: Letters) -> Int {
        let flags = consonants(stem)
        return zip(flags, flags.dropFirst()).count { !$0 && $1 }
    }

    private static func hasVowel(_ stem: Letters) -> Bool { consonants(stem).contains(false) }

    private static func endsWithDoubleConsonant(_ word: Letters) -> Bool {
        word.count >= 2 && word[word.count - 1] == word[word.count - 2] && consonants(word).last == true
    }

    private static func endsWithShortSyllable(_ word: Letters) -> Bool {
        let flags = consonants(word)
        if word.count == 2 { return flags == [false, true] }
        guard word.count >= 3, let last = word.last else { return false }
        return Array(flags.suffix(3)) == [true, false, true] && last != "w" && last != "x" && last != "y"
    }

    // MARK: - Rules

    /// The word without an ending; `nil` if it doesn't end so.
    private static func without(_ ending: String, _ word: Letters) -> Letters? {
        let ending = ending.unicodeScalars
        guard word.count >= ending.count, word.suffix(ending.count).elementsEqual(ending) else { return nil }
        return Array(word.dropLast(ending.count))
    }

    /// The first rule whose ending fits decides.
    private static func apply(
        _ word: Letters, _ rules: [(String, String)], _ condition: (Letters) -> Bool
    ) -> Letters {
        for (ending, replacement) in rules {
            guard let stem = without(ending, word) else { continue }
            return condition(stem) ? stem + replacement.unicodeScalars : word
        }
        return word
    }

    private static func step1a(_ word: Letters) -> Letters {
        if word.count == 4, let stem = without("ies", word) { return stem + ["i", "e"] }
        return apply(word, [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")]) { _ in true }
    }

    private static func step1b(_ word: Letters) -> Letters {
        if let stem = without("ied", word) { return stem + (word.count == 4 ? ["i", "e"] : ["i"]) }
        if let stem = without("eed", word) { return measure(stem) > 0 ? stem + ["e", "e"] : word }
        guard let stem = [without("ed", word), without("ing", word)].compactMap({ $0 }).first, hasVowel(stem) else {
            return word
        }
        for (ending, replacement) in [("at", "ate"), ("bl", "ble"), ("iz", "ize")] {
            if let rest = without(ending, stem) { return rest + replacement.unicodeScalars }
        }
        if endsWithDoubleConsonant(stem), let last = stem.last {
            return ["l", "s", "z"].contains(last) ? stem : Array(stem.dropLast())
        }
        return measure(stem) == 1 && endsWithShortSyllable(stem) ? stem + ["e"] : stem
    }

    private static func step1c(_ word: Letters) -> Letters {
        apply(word, [("y", "i")]) { $0.count > 1 && consonants($0).last == true }
    }

    private static func step2(_ word: Letters) -> Letters {
        if let stem = without("alli", word), measure(stem) > 0 { return step2(stem + ["a", "l"]) }
        let rules = [
            ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
            ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
            ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
            ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
        ]
        // The l of logi belongs to the stem that is measured.
        if let stem = without("logi", word) {
            return measure(Array(word.dropLast(3))) > 0 ? stem + ["l", "o", "g"] : word
        }
        return apply(word, rules) { measure($0) > 0 }
    }

    private static func step3(_ word: Letters) -> Letters {
        apply(
            word,
            [
                ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""),
                ("ness", ""),
            ]
        ) { measure($0) > 0 }
    }

    private static func step4(_ word: Letters) -> Letters {
        let endings = [
            "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate",
            "iti", "ous", "ive", "ize",
        ]
        for ending in endings {
            guard let stem = without(ending, word) else { continue }
            guard measure(stem) > 1 else { return word }
            return ending != "ion" || stem.last == "s" || stem.last == "t" ? stem : word
        }
        return word
    }

    private static func step5(_ word: Letters) -> Letters {
        var word = word
        if let stem = without("e", word) {
            let measure = measure(stem)
            if measure > 1 || (measure == 1 && !endsWithShortSyllable(stem)) { word = stem }
        }
        return without("ll", word) != nil && measure(Array(word.dropLast())) > 1 ? Array(word.dropLast()) : word
    }
}
