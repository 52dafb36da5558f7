/// A split, a part of one, or several put together, in Python's writing: `train`, `train[:10%]`, `train[100:-50]`,
/// `train+validation[50%:]`.
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
    var parts: [Part] = []

    init(_ text: String) throws {
        self.text = text
        for piece in text.split(separator: "+", omittingEmptySubsequences: false) {
            guard let part = Self.part(String(piece.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())) else {
                throw DatasetError(
                    "'\(text)' is no split", remedy: "Write a name, or a part as in train[:10%], train[100:200], train+test.")
            }
            parts.append(part)
        }
    }

    private static func part(_ text: String) -> Part? {
        func isName(_ name: Substring) -> Bool {
            !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == "-" }
        }
        guard let open = text.firstIndex(of: "[") else {
            return isName(text[...]) ? Part(split: text) : nil
        }
        let name = text[..<open]
        var rest = text[text.index(after: open)...]
        guard isName(name), let close = rest.firstIndex(of: "]") else { return nil }
        var part = Part(split: String(name))
        let rounding = rest[rest.index(after: close)...]
        switch rounding {
        case "", "(closest)": break
        case "(pct1_dropremainder)": part.dropsRemainder = true
        default: return nil
        }
        rest = rest[..<close]
        let bounds = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return nil }
        var numbers: [Int?] = []
        for bound in bounds {
            var digits = bound.filter { $0 != "_" && $0 != " " }
            if digits.last == "%" {
                part.isPercent = true
                digits.removeLast()
            }
            if bound.isEmpty {
                numbers.append(nil)
            } else if let number = Int(digits) {
                numbers.append(number)
            } else {
                return nil
            }
        }
        (part.from, part.to) = (numbers[0], numbers[1])
        if part.isPercent, [part.from, part.to].contains(where: { abs($0 ?? 0) > 100 }) { return nil }
        return part
    }

    /// The splits that are needed.
    var splits: [String] { parts.map(\.split) }

    /// Whether this is just the name of a split.
    var isName: Bool { parts.count == 1 && parts[0].from == nil && parts[0].to == nil }

    func dataset(of dict: DatasetDict) throws -> Dataset {
        let datasets = try parts.map { part in
            let dataset = try dict.split(part.split)
            return try dataset.select(try Self.range(part, dataset.count))
        }
        return datasets.count == 1 ? datasets[0] : try Dataset.concatenate(datasets)
    }

    /// Bounds beyond the rows are cut, as in Python.
    private static func range(_ part: Part, _ count: Int) throws -> Range<Int> {
        func place(_ bound: Int) throws -> Int {
            guard part.isPercent else { return bound }
            guard part.dropsRemainder else {
                return Int((Double(bound) * Double(count) / 100).rounded(.toNearestOrEven))
            }
            guard count >= 100 else {
                throw DatasetError(
                    "a hundredth of the \(count) rows of split '\(part.split)' is no row",
                    remedy: "Leave out (pct1_dropremainder).")
            }
            return bound * (count / 100)
        }
        func bounded(_ place: Int) -> Int { min(place < 0 ? max(count + place, 0) : place, count) }
        let from = bounded(try part.from.map(place) ?? 0)
        let to = bounded(try part.to.map(place) ?? count)
        return from..<max(from, to)
    }
}
