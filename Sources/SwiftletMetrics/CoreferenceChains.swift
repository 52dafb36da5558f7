internal import SwiftletIO

/// Words of a sentence that are said to mean the same as others.
struct CoreferenceMention: Hashable, Sendable {
    /// A leaf of a parse tree.
    struct Part: Hashable, Sendable {
        var text: TextKey
        var place: Int
    }

    var sentence: Int
    /// The numbers of its first and last word.
    var start: Int
    var end: Int
    /// The least that stands for it. Where there is some, mentions are compared by it, not by their first and last word.
    var minimum: Set<Part> = []

    static func == (left: CoreferenceMention, right: CoreferenceMention) -> Bool {
        left.sentence == right.sentence && left.minimum == right.minimum
            && (!left.minimum.isEmpty || left.start == right.start && left.end == right.end)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(sentence)
        hasher.combine(minimum)
        if minimum.isEmpty {
            hasher.combine(start)
            hasher.combine(end)
        }
    }

    /// Whether it is a part of another mention, and not the same.
    func isInside(_ other: CoreferenceMention) -> Bool {
        self != other && sentence == other.sentence && start >= other.start && end <= other.end
    }
}

/// What the last column of a line says of a word: `(12` begins a mention of chain 12, `12)` ends one, `(12)` is one, and
/// `|` stands between several.
struct CoreferenceMarks: Sendable {
    var whole: [Int] = []
    var begun: [Int] = []
    var ended: [Int] = []
    /// The fourth column where there are more, else empty.
    let word: String
    /// The fifth column where there are more, else empty.
    let partOfSpeech: String
    /// The sixth column: the brackets of phrases that begin before the word, and end behind it.
    let parse: String?
    /// Whether it has the columns of a corpus with parses.
    let isLong: Bool

    /// - Throws: a text that says what is wrong.
    init(_ line: String) throws(CoreferenceProblem) {
        let columns = PythonText.split(line)
        guard let column = columns.last else { throw CoreferenceProblem(text: "is empty") }
        word = columns.count > 4 ? columns[3] : ""
        partOfSpeech = columns.count > 5 ? columns[4] : ""
        parse = columns.count > 5 ? columns[5] : nil
        isLong = columns.count > 6
        var digits = ""
        var isOpen = false
        func number() throws(CoreferenceProblem) -> Int {
            guard let number = Int(digits) else {
                throw CoreferenceProblem(
                    text: digits.isEmpty
                        ? "begins a mention without the number of its chain: '\(column)'"
                        : "has a number of a chain that is too large: '\(column)'")
            }
            return number
        }
        for scalar in column.unicodeScalars {
            switch scalar {
            case "0"..."9": digits.unicodeScalars.append(scalar)
            case "(":
                digits = ""
                isOpen = true
            case ")":
                // Without a number it is passed over, as in Python.
                if !digits.isEmpty { if isOpen { whole.append(try number()) } else { ended.append(try number()) } }
                digits = ""
                isOpen = false
            case "|":
                if isOpen {
                    begun.append(try number())
                    digits = ""
                    isOpen = false
                } else if !digits.isEmpty {
                    throw CoreferenceProblem(text: "has '|' after a number that nothing opens or closes: '\(column)'")
                }
            default: break
            }
        }
        if isOpen, !digits.isEmpty { begun.append(try number()) }
    }
}

/// What is wrong with a line.
struct CoreferenceProblem: Error {
    var text: String
    var sentence = 0
    var line = 0
    /// Whether the line is of the sentences themselves, not of those with the parses.
    var isOwn = false
}

/// The chains of a document: groups of mentions that mean the same.
struct CoreferenceChains {
    private(set) var chains: [[CoreferenceMention]] = []
    /// For chains that hold no mention: their numbers.
    private(set) var empty: [Int] = []

    init(chains: [[CoreferenceMention]]) { self.chains = chains }

    init(_ sentences: [[CoreferenceMarks]], keepsSingletons: Bool) {
        var places: [Int: Int] = [:]
        var numbers: [Int] = []
        var open: [Int: [Int]] = [:]
        func place(_ number: Int) -> Int {
            if let place = places[number] { return place }
            places[number] = chains.count
            numbers.append(number)
            chains.append([])
            return chains.count - 1
        }
        for (sentence, words) in sentences.enumerated() {
            for (word, marks) in words.enumerated() {
                for number in marks.whole {
                    chains[place(number)].append(CoreferenceMention(sentence: sentence, start: word, end: word))
                }
                for number in marks.begun { open[number, default: []].append(word) }
                for number in marks.ended {
                    let place = place(number)
                    guard let start = open[number]?.popLast() else { continue }
                    chains[place].append(CoreferenceMention(sentence: sentence, start: start, end: word))
                }
            }
        }
        empty = zip(numbers, chains).filter(\.1.isEmpty).map(\.0)
        if !keepsSingletons { chains.removeAll { $0.count == 1 } }
    }

    /// Leaves out mentions that are parts of others of their chain. A chain that would have one left stays as it is, or
    /// goes if chains of one don't count; so it is in Python.
    mutating func removeNested(keepsSingletons: Bool) {
        chains = chains.compactMap { chain in
            var nested: [CoreferenceMention] = []
            for (index, one) in chain.enumerated() {
                for other in chain[(index + 1)...] {
                    if one.isInside(other) { nested.append(one) } else if other.isInside(one) { nested.append(other) }
                }
            }
            if chain.count != 1, chain.count - nested.count == 1 { return keepsSingletons ? chain : nil }
            let removed = Set(nested)
            return chain.filter { !removed.contains($0) }
        }
    }

    /// The last chain that each mention is in.
    var places: [CoreferenceMention: Int] {
        var places: [CoreferenceMention: Int] = [:]
        for (place, chain) in chains.enumerated() { for mention in chain { places[mention] = place } }
        return places
    }
}
