internal import SwiftletIO

/// How many words or characters of the references are wrong, after jiwer: insertions, deletions and exchanges in
/// proportion to the references' length.
struct ErrorRate: Sendable {
    enum Unit: String, Sendable {
        case words = "wer"
        case characters = "cer"
    }

    var errors = 0
    var length = 0

    init() {}

    init(_ prediction: String, _ reference: String, _ unit: Unit) {
        var numbers = WordNumbers()
        func elements(_ text: String) -> [Int] {
            unit == .words ? numbers.numbers(Self.words(text)) : PythonText.strip(text).codePoints
        }
        let (prediction, reference) = (elements(prediction), elements(reference))
        errors = levenshtein(prediction, reference)
        length = reference.count
    }

    /// Parted at spaces, and at white space of two and more; a lone tab or line end belongs to a word.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        let scalars = Array(text.unicodeScalars)
        func isSpace(_ index: Int) -> Bool { scalars.indices.contains(index) && PythonText.isSpace(scalars[index]) }
        for (index, scalar) in scalars.enumerated() {
            let isEnd = scalar == " " || (isSpace(index) && (isSpace(index - 1) || isSpace(index + 1)))
            // White space around the text is no word either.
            if !isEnd {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        if let first = words.first {
            words[0] = String(String.UnicodeScalarView(first.unicodeScalars.drop(while: PythonText.isSpace)))
        }
        if let last = words.last { words[words.count - 1] = PythonText.rstrip(last) }
        return words.filter { !$0.isEmpty }
    }

    static func + (left: ErrorRate, right: ErrorRate) -> ErrorRate {
        var sum = left
        sum.errors += right.errors
        sum.length += right.length
        return sum
    }

    /// - Parameter isJoined: whether texts without a reference have as many errors as insertions.
    func value(_ unit: Unit, isJoined: Bool) throws(MetricError) -> Double {
        if length > 0 { return Double(errors) / Double(length) }
        if isJoined { return Double(errors) }
        throw MetricError(
            "\(unit.rawValue) is not defined: no reference has a \(unit == .words ? "word" : "character")",
            remedy: "Leave out rows whose true text is empty.", kind: .empty, at: ErrorLocation(column: "references"))
    }
}

/// Which rates a metric has.
protocol ErrorUnits: Sendable {
    static var units: [ErrorRate.Unit] { get }
}

/// `wer`: the share of words that are wrong.
enum WordErrors: ErrorUnits { static let units = [ErrorRate.Unit.words] }

/// `cer`: the share of characters that are wrong.
enum CharacterErrors: ErrorUnits { static let units = [ErrorRate.Unit.characters] }

/// Both, for the speech tasks of `xtreme_s`.
enum SpeechErrors: ErrorUnits { static let units = [ErrorRate.Unit.words, .characters] }

/// `wer` and `cer`.
struct ErrorRates<Units: ErrorUnits>: TextScore {
    static var resultOptions: Set<String> { ["concatenate_texts"] }
    static var references: TextReferences { .one }
    private let isJoined: Bool

    init(_ options: MetricOptions) throws(MetricError) { isJoined = options.has(.concatenateTexts) }

    func segment(_ prediction: String, _ references: [String], source: String) throws(MetricError) -> [ErrorRate] {
        Units.units.map { ErrorRate(prediction, references[0], $0) }
    }

    func values(_ segments: [[ErrorRate]]) throws(MetricError) -> MetricValues {
        var values = MetricValues()
        for (index, unit) in Units.units.enumerated() {
            let rate = segments.reduce(ErrorRate()) { $0 + $1[index] }
            values[unit.rawValue] = try rate.value(unit, isJoined: isJoined)
        }
        return values
    }
}
