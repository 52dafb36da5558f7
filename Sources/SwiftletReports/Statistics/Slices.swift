package import SwiftletDatasets
import SwiftletIO

/// Rows by the values of a column: each value of a few, the most frequent ones of many, ranges of numbers.
///
/// - Numbers with more than 6 different values, and whole numbers with more than 20, are cut at their quartiles, which
///   gives four ranges with about as many rows each; fewer where a value is so frequent that quartiles are the same.
/// - Of other values, the 20 most frequent are slices, the others together one more.
/// - Missing values are a slice of their own; as numbers, NaN and infinities are missing.
package struct Slices {
    package var parts: [(name: String, rows: [Int])] = []
    /// What a reader should know about how they were made.
    package var note: String?

    private static let (valueLimit, numberLimit) = (20, 6)

    /// Each number of few; else up to four ranges, named by the smallest and the largest number in them.
    package init(numbers: [Double]) {
        let known = numbers.indices.filter { numbers[$0].isFinite }
        let sorted = known.map { numbers[$0] }.sorted()
        guard !sorted.isEmpty else {
            addMissing(Array(numbers.indices))
            return
        }
        let distinct = Set(sorted).sorted()
        if distinct.count <= Self.numberLimit {
            parts = distinct.map { value in (Self.text(value), known.filter { numbers[$0] == value }) }
        } else {
            // Where the largest number is a frequent one, too, it has a range of its own.
            let limit = distinct[distinct.count - 2]
            var bounds: [Double] = []
            for share in [0.25, 0.5, 0.75] {
                let cut = min(percentile(share, ofSorted: sorted), limit)
                if cut > bounds.last ?? -.infinity { bounds.append(cut) }
            }
            var rows = [[Int]](repeating: [], count: bounds.count + 1)
            for row in known { rows[bounds.firstIndex { numbers[row] <= $0 } ?? bounds.count].append(row) }
            parts = rows.filter { !$0.isEmpty }.map { rows in
                let values = rows.map { numbers[$0] }
                let (low, high) = (Self.text(values.min() ?? 0), Self.text(values.max() ?? 0))
                return (low.isSame(as: high) ? low : "\(low) to \(high)", rows)
            }
            note =
                "The \(distinct.count) different numbers are shown in ranges with about as many rows each, cut at the quartiles; a "
                + "range is named by the smallest and the largest number in it."
        }
        addMissing(numbers.indices.filter { !numbers[$0].isFinite })
    }

    private static func text(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? String((value * 1e4).rounded() / 1e4)
    }

    /// Most frequent values first, 20 at most and the rest as one; numbers as above where there are many.
    package init(values: [Value], feature: Feature?) {
        if case .classLabel(let names)? = feature {
            self.init(
                texts: values.map { value in value.int.map { names.indices.contains($0) ? names[$0] : String($0) } })
        } else if values.contains(where: { if case .double = $0 { true } else { false } })
            || Set(values.compactMap(\.int)).count > Self.valueLimit
        {
            self.init(numbers: values.map { $0.double ?? .nan })
        } else {
            self.init(texts: values.map { $0.isNull ? nil : $0.string ?? $0.description })
        }
    }

    private init(texts: [String?]) {
        var rows: [TextKey: [Int]] = [:]
        for (row, text) in texts.enumerated() { if let text { rows[TextKey(text), default: []].append(row) } }
        let sorted = rows.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        parts = sorted.prefix(Self.valueLimit).map { ($0.key.text, $0.value) }
        let rest = sorted.dropFirst(Self.valueLimit)
        if !rest.isEmpty {
            parts.append(("\(rest.count) other values", rest.flatMap(\.value).sorted()))
            note =
                "The \(Self.valueLimit) most frequent of \(sorted.count) different values are shown, and the others together."
        }
        addMissing(texts.indices.filter { texts[$0] == nil })
    }

    private mutating func addMissing(_ rows: [Int]) { if !rows.isEmpty { parts.append(("missing", rows)) } }
}
