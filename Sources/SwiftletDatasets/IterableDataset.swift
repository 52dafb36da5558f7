internal import SwiftletIO

/// Rows that come one after the other, from files that may be larger than memory: Python's `streaming=True`.
///
/// Nothing is read before somebody asks for rows, and only a few are held at a time. Every pass begins at the first
/// file again:
///
///     let stream = try IterableDataset(files: ["part-1.parquet", "part-2.parquet"]).shuffle(seed: 42).take(1000)
///     for try await row in stream { ... }
public struct IterableDataset: Sendable {
    /// The columns of the rows; `nil` after `map`, whose closure is not called before rows are asked for.
    public let features: Features?
    /// The number of files.
    public let numShards: Int
    private let epoch: Int
    private let source: @Sendable (Pass) throws -> Pieces

    /// What holds for one pass over the rows.
    struct Pass: Sendable {
        var epoch = 0
        /// What the files are shuffled with, the first one first.
        var shuffles: [PCG64] = []
    }

    /// Rows in pieces, which come until there are no more.
    typealias Pieces = () throws -> Dataset?

    private init(_ features: Features?, _ numShards: Int, _ epoch: Int, _ source: @escaping @Sendable (Pass) throws -> Pieces) {
        self.features = features
        self.numShards = numShards
        self.epoch = epoch
        self.source = source
    }

    /// The rows of files: Parquet, Arrow, CSV, TSV, JSON Lines. The first file tells the columns.
    ///
    /// - Throws: `DatasetError` if the first file can't be read.
    public init(files: [String]) throws { try self.init(files, declared: nil, separator: nil) }

    init(_ files: [String], declared: Features?, separator: Character?) throws {
        guard let first = files.first else {
            throw DatasetError("there are no files to read", remedy: "Name at least one.")
        }
        let features = try RowStream(first, declared: declared, separator: separator).features
        self.init(features, files.count, 0) { pass in
            var order = files
            for shuffle in pass.shuffles {
                var generator = shuffle
                order = generator.permutation(order.count).map { order[$0] }
            }
            var left = order[...]
            var stream: RowStream?
            return {
                while true {
                    if stream == nil {
                        guard let next = left.popFirst() else { return nil }
                        stream = try RowStream(next, declared: features, separator: separator)
                    }
                    guard let piece = try stream?.next() else {
                        stream = nil
                        continue
                    }
                    if piece.count == 0 { continue }
                    return piece.features == features ? piece : try piece.cast(features)
                }
            }
        }
    }

    /// The rows of a dataset, in parts that are shuffled like files.
    init(_ dataset: Dataset, numShards: Int) {
        self.init(dataset.features, numShards, 0) { pass in
            var order = Array(0..<numShards)
            for shuffle in pass.shuffles {
                var generator = shuffle
                order = generator.permutation(order.count).map { order[$0] }
            }
            var shards = order.makeIterator()
            var rows: (dataset: Dataset, ranges: RowRanges)?
            return {
                while true {
                    if let range = rows?.ranges.next(), let dataset = rows?.dataset { return try dataset.select(range) }
                    guard let shard = shards.next() else { return nil }
                    let part = try dataset.shard(numShards, index: shard)
                    rows = (part, RowRanges(count: part.count, step: 1000))
                }
            }
        }
    }

    private func then(
        _ features: Features?, shuffling: PCG64? = nil, _ step: @escaping @Sendable (@escaping Pieces, Pass) throws -> Pieces
    ) -> IterableDataset {
        IterableDataset(features, numShards, epoch) { [source] pass in
            var inner = pass
            // The first shuffle asked for is the first to be applied.
            if let shuffling { inner.shuffles.insert(shuffling, at: 0) }
            return try step(try source(inner), pass)
        }
    }

    /// The first rows.
    public func take(_ count: Int) -> IterableDataset {
        then(features) { pieces, _ in
            var left = count
            return {
                guard left > 0, let piece = try pieces() else { return nil }
                let taken = try piece.take(left)
                left -= taken.count
                return taken
            }
        }
    }

    /// All but the first rows.
    public func skip(_ count: Int) -> IterableDataset {
        then(features) { pieces, _ in
            var left = count
            return {
                while let piece = try pieces() {
                    let skipped = Swift.min(left, piece.count)
                    left -= skipped
                    if skipped < piece.count { return skipped == 0 ? piece : try piece.skip(skipped) }
                }
                return nil
            }
        }
    }

    /// The files in another order, and the rows mixed in a buffer: when it is full it is shuffled, half of it comes out
    /// and makes room. For one file the order is Python's for the same seed.
    ///
    /// - Parameter bufferSize: rows held; the more, the better mixed.
    public func shuffle(seed: UInt64? = nil, bufferSize: Int = 1000) throws -> IterableDataset {
        guard bufferSize > 0 else {
            throw DatasetError("a buffer of \(bufferSize) rows can't be shuffled", remedy: "Give a size above 0.")
        }
        let generator = PCG64(seed: seed ?? .random(in: 0 ... .max))
        return then(features, shuffling: generator) { pieces, pass in
            // Later epochs go through the rows in other orders.
            var generator = pass.epoch == 0 ? generator : generator.shifted(by: pass.epoch)
            let input = Rebatched(pieces)
            var held: Dataset?
            var isAtEnd = false
            return {
                while !isAtEnd {
                    let missing = bufferSize - (held?.count ?? 0)
                    let more = try input.next(missing)
                    let buffer = [held, more].compactMap { $0 }
                    guard !buffer.isEmpty else { return nil }
                    let all = try buffer.count == 1 ? buffer[0] : Dataset.concatenate(buffer)
                    isAtEnd = all.count < bufferSize
                    let order = generator.permutation(all.count)
                    let kept = isAtEnd ? 0 : bufferSize / 2
                    held = try all.select(order[(order.count - kept)...]).copied()
                    guard order.count > kept else { continue }
                    return try all.select(order[..<(order.count - kept)])
                }
                return nil
            }
        }
    }

    /// As `Dataset.map`, when rows are asked for.
    public func map(
        batched: Bool, batchSize: Int = 1000, removeColumns: [String] = [],
        _ transform: @escaping @Sendable (Batch) throws -> Columns
    ) -> IterableDataset {
        then(nil) { pieces, _ in
            let input = Rebatched(pieces)
            return {
                guard let piece = try input.next(Swift.max(batchSize, 1)) else { return nil }
                return try piece.map(batched: batched, batchSize: nil, removeColumns: removeColumns, transform)
            }
        }
    }

    /// As `Dataset.map` by row, when rows are asked for.
    public func map(
        removeColumns: [String] = [], _ transform: @escaping @Sendable (Row) throws -> Row
    ) -> IterableDataset {
        then(nil) { pieces, _ in { try pieces()?.map(removeColumns: removeColumns, transform) } }
    }

    /// The rows for which `isIncluded` holds.
    public func filter(_ isIncluded: @escaping @Sendable (Row) throws -> Bool) -> IterableDataset {
        then(features) { pieces, _ in
            {
                while let piece = try pieces() {
                    let left = try piece.filter(isIncluded)
                    if left.count > 0 { return left }
                }
                return nil
            }
        }
    }

    public func selectColumns(_ names: [String]) -> IterableDataset {
        changed(features.map { features in Features(names.compactMap { name in features[name].map { (name, $0) } }) }) {
            try $0.selectColumns(names)
        }
    }

    public func removeColumns(_ names: [String]) -> IterableDataset {
        changed(features.map { features in Features(features.filter { !names.contains($0.0) }) }) {
            try $0.removeColumns(names)
        }
    }

    public func renameColumn(_ name: String, to newName: String) -> IterableDataset {
        changed(features.map { features in Features(features.map { ($0.0 == name ? newName : $0.0, $0.1) }) }) {
            try $0.renameColumn(name, to: newName)
        }
    }

    private func changed(
        _ features: Features?, _ change: @escaping @Sendable (Dataset) throws -> Dataset
    ) -> IterableDataset {
        then(features) { pieces, _ in { try pieces().map(change) } }
    }

    /// The same rows for another pass: what `shuffle` mixes comes in another order. As Python's `set_epoch`.
    public func withEpoch(_ epoch: Int) -> IterableDataset {
        IterableDataset(features, numShards, epoch, source)
    }

    /// Rows in pieces, for one pass.
    func pieces() throws -> Pieces {
        var pass = Pass(epoch: epoch)
        if epoch > 0 { pass.shuffles = [PCG64(seed: UInt64(epoch))] }
        return try source(pass)
    }

    /// Calls `body` with every row.
    public func forEach(_ body: (Row) throws -> Void) throws {
        let pieces = try pieces()
        while let piece = try pieces() {
            for row in 0..<piece.count { try body(try piece.row(row)) }
        }
    }

    /// Calls `body` with so many rows at a time; the last time there may be fewer.
    public func forEachBatch(of size: Int, dropLast: Bool = false, _ body: (Batch) throws -> Void) throws {
        let input = Rebatched(try pieces())
        while let piece = try input.next(Swift.max(size, 1)) {
            if dropLast, piece.count < size { return }
            try body(try piece.batch(0..<piece.count))
        }
    }

    /// All rows, in memory or, when there are many, in a temporary file.
    public func collect() throws -> Dataset {
        let pieces = try pieces()
        let result = try Dataset.cached("Collect", Provenance(fingerprint: .unique()), isKept: false) { writer in
            while let piece = try pieces() { try writer.append(try piece.table(), piece.features) }
        } result: { table, features, _ in Dataset(unchecked: table, features) }
        return try result ?? Dataset(unchecked: ArrowTable.empty(features ?? [:]), features ?? [:])
    }
}

extension Dataset {
    /// The rows as a stream, in `numShards` parts that `shuffle` puts in another order.
    public func toIterableDataset(numShards: Int = 1) throws -> IterableDataset {
        guard numShards > 0, numShards <= max(count, 1) else {
            throw DatasetError(
                "\(count) rows can't be \(numShards) parts", remedy: "Give a number from 1 to that of the rows.")
        }
        return IterableDataset(self, numShards: numShards)
    }

    /// The rows in memory of their own, so that those they were chosen from can go.
    fileprivate func copied() throws -> Dataset {
        Dataset(unchecked: try table(), features, Provenance(fingerprint: .unique()))
    }
}

/// Pieces put together or cut to a size.
private final class Rebatched {
    private let pieces: IterableDataset.Pieces
    private var held: Dataset?

    init(_ pieces: @escaping IterableDataset.Pieces) { self.pieces = pieces }

    /// So many rows, fewer at the end; `nil` after it.
    func next(_ count: Int) throws -> Dataset? {
        var parts: [Dataset] = []
        var rows = 0
        while rows < count {
            let next: Dataset
            if let held {
                next = held
            } else if let piece = try pieces() {
                next = piece
            } else {
                break
            }
            held = nil
            let taken = Swift.min(count - rows, next.count)
            if taken < next.count { held = try next.skip(taken) }
            if taken > 0 { parts.append(taken == next.count ? next : try next.take(taken)) }
            rows += taken
        }
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : try Dataset.concatenate(parts)
    }
}

extension IterableDataset: AsyncSequence {
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let stream: IterableDataset
        private var pieces: Pieces?
        private var piece: Dataset?
        private var place = 0

        init(_ stream: IterableDataset) { self.stream = stream }

        public mutating func next() async throws -> Row? {
            let pieces: Pieces
            if let known = self.pieces { pieces = known } else { pieces = try stream.pieces() }
            self.pieces = pieces
            while place == piece?.count ?? 0 {
                piece = try pieces()
                place = 0
                if piece == nil { return nil }
            }
            defer { place += 1 }
            return try piece?.row(place)
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

/// As Python prints it.
extension IterableDataset: CustomStringConvertible {
    public var description: String {
        let names = features.map { PythonText.list($0.names.map(PythonText.of)) } ?? "Unknown"
        return "IterableDataset({\n    features: \(names),\n    num_shards: \(numShards)\n})"
    }
}
