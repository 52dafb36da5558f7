internal import SwiftletIO
internal import Synchronization

/// The ranges of rows of a job, one after the other.
struct RowRanges: Sequence, IteratorProtocol {
    let count: Int
    let step: Int
    private var row = 0

    init(count: Int, step: Int) {
        self.count = count
        self.step = Swift.max(step, 1)
    }

    mutating func next() -> Range<Int>? {
        guard row < count else { return nil }
        defer { row = Swift.min(count, row + step) }
        return row..<Swift.min(count, row + step)
    }
}

/// One `map`: from the rows of a dataset to those of the result, piece by piece.
final class MapRun: Sendable {
    /// What was made of some rows. Sendable for its way from one thread to another: nothing in it changes.
    struct Piece: Sendable {
        var columns: Columns
        /// The types that were known when it was made.
        var before: Features?
        /// `nil` where there are no columns.
        var table: ArrowTable?
        var features: Features
    }

    private static let rowsAtOnce = 1000

    private let input: Dataset
    private let operation: String
    private let removed: [String]
    private let step: Int
    private let provenance: Provenance
    private let isKept: Bool
    /// The columns of the rows so far.
    private let made = Mutex<Features?>(nil)

    init(
        _ input: Dataset, _ operation: String, _ batched: Bool, _ batchSize: Int?, _ removed: [String], _ key: CacheKey?
    ) throws {
        for name in removed { _ = try input.index(of: name) }
        self.input = input
        self.operation = operation
        self.removed = removed
        let wanted = batched ? batchSize ?? input.count : 1
        let step = wanted > 0 ? wanted : input.count
        self.step = step
        isKept = key != nil
        let format = input.format
        if let key {
            provenance = input.provenance.adding(operation) {
                try key.parts() + ["\(batched)", "\(step)", "\(format.columns ?? [])"] + removed
            }
        } else {
            var provenance = input.provenance
            provenance.fingerprint = .unique()
            self.provenance = provenance
        }
    }

    /// Runs the job; `each` goes through the ranges and hands in what is made of each, in order.
    func dataset(
        _ each: (_ ranges: RowRanges, _ use: (Range<Int>, Piece) throws -> Void) throws -> Void
    ) throws -> Dataset {
        let total = input.count
        let report = Datasets.onProgress
        // Rows of a file of the cache have all columns, and so have those that are chosen by position.
        let isWhole = isKept || input.indices != nil
        let result = try Dataset.cached(operation, provenance, isKept: isKept) { writer in
            // A row at a time goes through many at a time, so that there is not a piece of each.
            try each(RowRanges(count: total, step: step == 1 ? Self.rowsAtOnce : step)) { rows, piece in
                let piece = try self.settled(piece, rows)
                if let table = piece.table {
                    if isWhole {
                        try writer.append(try self.whole(table, rows), self.order(piece.features))
                    } else {
                        try writer.append(table, piece.features)
                    }
                }
                report?(DatasetProgress(operation: self.operation, done: rows.upperBound, total: total))
            }
        } result: { table, features, files in
            var provenance = self.provenance
            if let file = files.first {
                provenance.files = files
                provenance.folder = FileSystem.parent(of: file)
            }
            return Dataset(unchecked: table, features, provenance)
        }
        guard let result else { return try input.removeColumns(removed).from(provenance) }
        if isWhole { return result.formatted(as: input) }
        let kept = kept(result.features)
        let left = try input.selectColumns(kept)
        let both =
            kept.isEmpty
            ? result
            : Dataset(
                unchecked: try left.stored.beside(result.stored),
                Features(Array(left.features) + Array(result.features)))
        return try both.selectColumns(order(result.features).names).from(provenance).formatted(as: input)
    }

    /// The columns of the input that stay as they are.
    private func kept(_ made: Features) -> [String] {
        let gone = removed.textKeys
        return input.columnNames.filter { !gone.contains(TextKey($0)) && made[$0] == nil }
    }

    /// Columns that are replaced stay where they were, new ones come last.
    private func order(_ made: Features) -> Features {
        let gone = removed.textKeys
        let names =
            input.columnNames.filter { !gone.contains(TextKey($0)) }
            + made.names.filter {
                input.features[$0] == nil || gone.contains(TextKey($0))
            }
        return Features(names.map { ($0, made[$0] ?? input.features[$0]!) })
    }

    /// The rows with the columns of the input that stay.
    private func whole(_ made: ArrowTable, _ rows: Range<Int>) throws -> ArrowTable {
        let features = Features(made.names.map { ($0, .value("null")) })
        let kept = kept(features)
        let names = order(features).names
        guard !kept.isEmpty else { return try made.choosing(names) }
        let left = try input.table(rows)
        return try left.choosing(kept).beside(made).choosing(names)
    }

    /// What the closure makes of some rows. Called from several threads.
    func piece(_ rows: Range<Int>, _ transform: (Batch, Range<Int>) throws -> Columns) throws -> Piece {
        let before = made.withLock { $0 }
        var columns: Columns
        if step == 1 {
            let parts = try rows.map { row in
                let one = try transform(try input.batch(row..<row + 1), row..<row + 1)
                try check(one, row..<row + 1)
                return one
            }
            columns = parts[0]
            for part in parts where !part.names.areSame(as: columns.names) { try checkNames(part, columns.names, rows) }
            columns = Columns(columns.names.map { name in (name, ColumnData.joining(parts.map { $0[name]! })) })
        } else {
            let batch = try input.batch(rows)
            columns = try transform(batch, rows)
            try check(columns, rows)
            if input.indices == nil { batch.dataset.stored.forget() }
        }
        // Other columns than before are an error, which is told when this piece's turn comes.
        guard !columns.names.isEmpty, before.map({ $0.names.textKeys == columns.names.textKeys }) ?? true else {
            return Piece(columns: columns, before: before, table: nil, features: [:])
        }
        return try build(columns, before, rows)
    }

    /// The piece in the types of the rows before it, and those types for the rows after it. Called in order.
    private func settled(_ piece: Piece, _ rows: Range<Int>) throws -> Piece {
        let before = made.withLock { $0 }
        if let before { try checkNames(piece.columns, before.names, rows) }
        var piece = piece
        if piece.before != before, piece.table != nil { piece = try build(piece.columns, before, rows) }
        let features = piece.features
        made.withLock { $0 = features }
        return piece
    }

    private func checkNames(_ columns: Columns, _ before: [String], _ rows: Range<Int>) throws {
        guard columns.names.textKeys == before.textKeys else {
            throw DatasetError(
                "map returned the columns \(DatasetError.listed(columns.names)) for rows \(rows.lowerBound) to \(rows.upperBound - 1), before that \(DatasetError.listed(before))",
                remedy: "Return the same columns for every batch.", kind: .columnMismatch,
                at: ErrorLocation(row: rows.lowerBound, option: "function"))
        }
    }

    private func check(_ columns: Columns, _ rows: Range<Int>) throws {
        let length = columns.data.first?.count ?? 0
        for (name, data) in columns where data.count != length {
            throw DatasetError(
                "map returned \(data.count) rows in column '\(name)' and \(length) in '\(columns.names[0])'",
                remedy: "Return columns of one length.", kind: .columnMismatch,
                at: ErrorLocation(column: name, row: rows.lowerBound))
        }
        guard !columns.names.isEmpty, length != rows.count else { return }
        if let first = kept(Features(columns.names.map { ($0, .value("null")) })).first {
            throw DatasetError(
                "map returned \(length) rows in column '\(columns.names[0])' for \(rows.count) rows of '\(first)'",
                remedy: "Return one value for every row, or remove all columns of the input with removeColumns.",
                kind: .columnMismatch, at: ErrorLocation(column: columns.names[0], row: rows.lowerBound))
        }
    }

    private func build(_ columns: Columns, _ before: Features?, _ rows: Range<Int>) throws -> Piece {
        var arrays: [(name: String, array: ArrowArrayHandle)] = []
        var features = Features()
        do {
            for name in before?.names ?? columns.names {
                let (array, feature) = try make(
                    columns[name]!, name, before.map { $0[name] } ?? input.features[name], isFirst: before == nil)
                arrays.append((name, array))
                features[name] = feature
            }
        } catch let error as DatasetError {
            throw error.within("map, rows \(rows.lowerBound) to \(rows.upperBound - 1)")
        }
        let table = try ArrowTable.make(arrays, rows: columns.data[0].count)
        return Piece(columns: columns, before: before, table: table, features: features)
    }

    /// A replaced column keeps its type where the new values fit; later batches keep that of the first, as far as it
    /// was known there.
    private func make(
        _ data: ColumnData, _ name: String, _ before: Feature?, isFirst: Bool
    ) throws -> (array: ArrowArrayHandle, feature: Feature) {
        guard let before, before != .value("null") else { return try ArrowBuilding.array(data, named: name) }
        do {
            return try ArrowBuilding.array(data, named: name, as: before)
        } catch {
            if isFirst { return try ArrowBuilding.array(data, named: name) }
            // Lists that were empty so far, fields that were missing.
            guard let natural = try? ArrowBuilding.array(data, named: name).feature,
                let joined = ArrowBuilding.filling(before, natural)
            else { throw error }
            return try ArrowBuilding.array(data, named: name, as: joined)
        }
    }
}

extension ColumnData {
    /// Pieces of one kind as one; pieces of several kinds as values.
    fileprivate static func joining(_ pieces: [ColumnData]) -> ColumnData {
        func all<T>(_ body: (ColumnData) -> [T]?) -> [T]? {
            var result: [T] = []
            for piece in pieces {
                guard let part = body(piece) else { return nil }
                result += part
            }
            return result
        }
        if pieces.count == 1 { return pieces[0] }
        if let joined = all({ if case .strings(let values) = $0 { values } else { nil } }) { return .strings(joined) }
        if let joined = all({ if case .ints(let values) = $0 { values } else { nil } }) { return .ints(joined) }
        if let joined = all({ if case .doubles(let values) = $0 { values } else { nil } }) { return .doubles(joined) }
        if let joined = all({ if case .bools(let values) = $0 { values } else { nil } }) { return .bools(joined) }
        if let joined = all({ if case .intLists(let values) = $0 { values } else { nil } }) { return .intLists(joined) }
        return .values(pieces.flatMap(\.values))
    }
}
