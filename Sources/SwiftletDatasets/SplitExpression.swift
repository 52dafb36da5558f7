internal import SwiftletIO

/// A split, a part of one, or several put together, in Python's writing: `train`, `train[:10%]`, `train[100:-50]`,
/// `train+validation[50%:]`, and `all` for the rows of all splits.
struct SplitExpression: Sendable {
    struct Part: Sendable {
        var split: String
        var from: Int?
        var to: Int?
        var isPercent = false
        /// Whether percents count from rows a hundredth of the split, as `(pct1_dropremainder)` asks for.
        var dropsRemainder = false
    }

    let text: String
    private var parts: [Part] = []

    init(_ text: String) throws {
        self.text = text
        for piece in text.unicodeScalars.split(separator: "+", omittingEmptySubsequences: false) {
            let trimmed = piece.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            guard let part = Self.part(Array(trimmed)) else {
                throw DatasetError(
                    "'\(text)' is no split",
                    remedy: "Write a name, or a part as in train[:10%], train[100:200], train+test.", kind: .noSplit,
                    at: ErrorLocation(split: text))
            }
            parts.append(part)
        }
    }

    private static func part(_ text: [Unicode.Scalar]) -> Part? {
        func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }
        func isName(_ name: some Collection<Unicode.Scalar>) -> Bool {
            !name.isEmpty
                && name.allSatisfy {
                    $0.properties.isAlphabetic || $0.properties.numericType != nil
                        || $0.properties.canonicalCombiningClass.rawValue > 0
                        || $0 == "_" || $0 == "." || $0 == "-"
                }
        }
        guard let open = text.firstIndex(of: "[") else { return isName(text) ? Part(split: string(text)) : nil }
        guard isName(text[..<open]), let close = text[open...].firstIndex(of: "]") else { return nil }
        var part = Part(split: string(text[..<open]))
        let bounds = text[(open + 1)..<close].split(separator: ":", omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return nil }
        var numbers: [Int?] = []
        for bound in bounds {
            var digits = bound.filter { $0 != " " }
            if digits.isEmpty {
                numbers.append(nil)
                continue
            }
            if digits.last == "%" {
                part.isPercent = true
                digits.removeLast()
            }
            guard let number = self.number(digits) else { return nil }
            numbers.append(number)
        }
        (part.from, part.to) = (numbers[0], numbers[1])
        if part.isPercent, numbers.contains(where: { $0.map { !(-100...100).contains($0) } ?? false }) { return nil }
        switch string(text[(close + 1)...]) {
        case "": break
        case "(closest)" where part.isPercent: break
        case "(pct1_dropremainder)" where part.isPercent: part.dropsRemainder = true
        default: return nil
        }
        return part
    }

    /// Digits with `_` between them, as Python reads them. Numbers beyond `Int` are beyond every row, and are cut to it.
    private static func number(_ scalars: [Unicode.Scalar]) -> Int? {
        let isNegative = scalars.first == "-"
        let digits = isNegative ? scalars.dropFirst() : scalars[...]
        guard digits.first != "_", digits.last != "_", !digits.isEmpty else { return nil }
        var number = 0
        var wasDigit = false
        for scalar in digits {
            guard ("0"..."9").contains(scalar) else {
                guard scalar == "_", wasDigit else { return nil }
                wasDigit = false
                continue
            }
            wasDigit = true
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.addingReportingOverflow(Int(scalar.value) - 0x30)
            number = overflow || more ? .max : sum
        }
        return isNegative ? -number : number
    }

    /// The splits that are named.
    private var splits: [String] { parts.map(\.split) }

    /// Whether this is just the name of a split.
    var isName: Bool { parts.count == 1 && parts[0].from == nil && parts[0].to == nil }

    /// `all`, where no split is called so.
    private func isAll(of splits: [String]) -> Bool {
        isName && parts[0].split == "all" && !splits.contains(text: "all")
    }

    /// Whether this is the name of one of these splits.
    func isName(of splits: [String]) -> Bool { isName && !isAll(of: splits) }

    /// The splits that are needed of those there are.
    ///
    /// - Throws: `DatasetError` where one that is asked for is not there.
    func needed(of all: [String]) throws -> [String] {
        if isAll(of: all) { return all }
        for name in splits where !all.contains(text: name) { throw DatasetError.noSplit(name, in: all) }
        return splits
    }

    func dataset(of dict: DatasetDict) throws -> Dataset {
        _ = try needed(of: dict.splits)
        let parts = isAll(of: dict.splits) ? dict.splits.map { Part(split: $0) } : parts
        let datasets = try parts.map { part in
            let dataset = try dict.named(part.split)
            return try dataset.select(try Self.range(part, dataset.count))
        }
        return datasets.count == 1 ? datasets[0] : try Dataset.concatenate(datasets)
    }

    /// Bounds beyond the rows are cut, as in Python.
    private static func range(_ part: Part, _ count: Int) throws -> Range<Int> {
        func place(_ bound: Int) throws -> Int {
            guard part.isPercent else { return bound }
            guard part.dropsRemainder else {
                let rows = (Double(bound) * Double(count) / 100).rounded(.toNearestOrEven)
                return CheckedNumber.clamped(rows, to: -count...count)
            }
            guard count >= 100 else {
                throw DatasetError(
                    "a hundredth of the \(count) rows of split '\(part.split)' is no row",
                    remedy: "Leave out (pct1_dropremainder).", kind: .invalidArgument,
                    at: ErrorLocation(split: part.split))
            }
            return bound * (count / 100)
        }
        func bounded(_ place: Int) -> Int { min(place < 0 ? max(count + place, 0) : place, count) }
        let from = bounded(try part.from.map(place) ?? 0)
        let to = bounded(try part.to.map(place) ?? count)
        return from..<max(from, to)
    }
}
