import SwiftletDatasets
import SwiftletIO

/// The rows that two runs answer differently.
struct RowChanges {
    /// What makes a row one of them.
    enum Kind {
        /// Another class, other labels, another sequence of tags, another answer.
        case prediction
        /// Numbers and cosines differ in some digit nearly everywhere: the rows that differ most.
        case number
        /// Texts without a pair have no cosine: another nearest neighbour.
        case neighbor
    }

    let kind: Kind
    /// Of numbers those that differ most, the largest difference first; else all in their order.
    let rows: [Int]
    /// Of numbers, the other run's less the first one's, row by row; NaN where one has none. Else empty.
    var differences: [Double] = []
    /// How many rows of numbers there are at most.
    static let farthestCount = 100

    /// The mean of the absolute differences of numbers; NaN where there are none.
    var meanDifference: Double {
        let known = differences.filter(\.isFinite)
        return known.isEmpty ? .nan : known.reduce(0) { $0 + abs($1) } / Double(known.count)
    }

    /// In one sentence, with the first rows.
    var text: String {
        let listed = rows.prefix(20).map { row in
            kind == .number && differences[row].isFinite
                ? "\(row) (\(differences[row] > 0 ? "+" : "")\(ShownNumber.significant(differences[row])))"
                : String(row)
        }
        let list = listed.joined(separator: ", ") + (rows.count > 20 ? ", ..." : "")
        let tail = rows.isEmpty ? "" : ": \(list)"
        switch kind {
        case .prediction: return "\(rows.count) rows have another prediction\(tail)"
        case .neighbor: return "\(rows.count) rows have another nearest neighbour\(tail)"
        case .number:
            guard !rows.isEmpty else { return "no prediction differs" }
            return "predictions differ by \(ShownNumber.significant(meanDifference)) on average; most in rows \(list)"
        }
    }
}

extension RunComparison {
    /// Rows whose prediction is another one than the first run's: another class, other labels, another sequence of tags,
    /// another answer.
    ///
    /// Numbers and cosines differ in some digit nearly everywhere. Of them, these are the up to 100 rows that differ
    /// most, the largest difference first. Texts without a pair have no cosine: of them, the rows with another nearest
    /// neighbour.
    ///
    /// - Parameter index: of the run, from 1.
    public func changedRows(_ index: Int) throws -> [Int] { try rowChanges(index).rows }

    func rowChanges(_ index: Int) throws -> RowChanges {
        let (first, other) = (runs[0].table, runs[index].table)
        switch first.kind {
        case .numbers, .vectors:
            let (before, now) = (try first.numbers("prediction"), try other.numbers("prediction"))
            if first.kind == .vectors, before.allSatisfy(\.isNaN), now.allSatisfy(\.isNaN) {
                let (before, now) = (try first.values("neighbors"), try other.values("neighbors"))
                let rows = before.indices.filter { before[$0].list?.first != now[$0].list?.first }
                return RowChanges(kind: .neighbor, rows: rows)
            }
            let differences = before.indices.map { now[$0] - before[$0] }
            // A number that only one run has is the largest difference of all.
            let sizes = before.indices.map { row in
                before[row].isNaN != now[row].isNaN
                    ? Double.infinity : differences[row].isNaN ? 0 : abs(differences[row])
            }
            let rows = sizes.indices.filter { sizes[$0] > 0 }.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
            return RowChanges(
                kind: .number, rows: Array(rows.prefix(RowChanges.farthestCount)), differences: differences)
        case .multipleLabels:
            // The order of the names says nothing.
            func sets(_ table: PredictionTable) throws -> [Set<TextKey>?] {
                try table.values("prediction").map { $0.list?.compactMap(\.string).textKeys }
            }
            let (before, now) = (try sets(first), try sets(other))
            return RowChanges(kind: .prediction, rows: before.indices.filter { before[$0] != now[$0] })
        case .classes, .tokens, .answers:
            let (before, now) = (try first.values("prediction"), try other.values("prediction"))
            return RowChanges(kind: .prediction, rows: before.indices.filter { before[$0] != now[$0] })
        }
    }

    /// The rows with their texts and both predictions, as a page shows them.
    func changedRowsTable(_ changes: RowChanges, _ index: Int) throws -> JSONValue? {
        let (run, shown) = (runs[index], changes.rows.prefix(5000))
        let texts = try run.table.texts()
        let column = changes.kind == .neighbor ? "neighbors" : "prediction"
        let labels = run.table.has("label") ? try run.table.values("label") : []
        let (first, other) = (try runs[0].table.values(column), try run.table.values(column))
        let words = run.table.kind == .tokens ? try run.table.values("words") : []
        let isNumber = changes.kind == .number
        let nothing: JSONValue = isNumber ? .null : ""
        func name(_ value: Value) -> String { value.string ?? (value.isNull ? "none" : value.description) }
        func text(_ value: Value, _ row: Int) -> JSONValue {
            if value.isNull { return nothing }
            if case .double(let number) = value { return .finite(number) }
            guard let list = value.list else { return .string(name(value)) }
            if changes.kind == .neighbor { return .string(list.first?.int.map { "row \($0)" } ?? "") }
            guard !words.isEmpty else { return .string(list.map(name).joined(separator: ", ")) }
            // Of tags, only those that changed are worth the room.
            let (before, now) = (first[row].list ?? [], other[row].list ?? [])
            let both = 0..<min(before.count, now.count)
            let changed = list.indices.filter { !both.contains($0) || before[$0] != now[$0] }
            let named = changed.map { place -> String in
                let there = words[row].list ?? []
                let word = there.indices.contains(place) ? there[place].string : nil
                return "\(word ?? "word \(place)"): \(name(list[place]))"
            }
            return .string(named.joined(separator: ", "))
        }
        let kind = isNumber ? "number" : "text"
        let labelTexts = shown.map { labels.isEmpty ? nothing : text(labels[$0], $0) }
        var columns = [
            Block.Column("row", "number", shown.map { .int($0) }),
            Block.Column("text", "text", shown.map { .string(cut(texts[$0], 600)) }),
            Block.Column("label", kind, labelTexts),
            Block.Column(runs[0].name, kind, shown.map { text(first[$0], $0) }),
            Block.Column(run.name, kind, shown.map { text(other[$0], $0) }),
        ]
        if isNumber {
            columns.append(Block.Column("difference", "number", shown.map { .finite(changes.differences[$0]) }))
        }
        let caption =
            switch changes.kind {
            case .prediction: "\(changes.rows.count) rows with another prediction"
            case .neighbor: "\(changes.rows.count) rows with another nearest neighbour"
            case .number: "\(changes.rows.count) rows whose predictions differ most"
            }
        return Block.table(caption, columns, searches: true)
    }
}
