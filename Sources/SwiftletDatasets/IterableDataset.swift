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
    private let kind: Kind
    private let source: @Sendable (Pass) throws -> Pieces

    /// How Python's library would hold the stream, which decides in what order it is shuffled.
    private struct Kind {
        /// Whether Python knows the features, as for Parquet and Arrow files, JSON Lines and declared ones.
        var isTyped: Bool
        /// Whether rows come in tables; after `map` and `filter` they come one by one.
        var hasTables = true
        /// Whether the order of the files is fixed, as it is after `skip` and `take`.
        var isFixed = false

        /// Whether a step that asks for rows gets tables.
        var givesTables: Bool { isTyped && hasTables }
    }

    /// What holds for one pass over the rows.
    struct Pass: Sendable {
        var epoch = 0
        /// What the files are shuffled with, the first one first.
        var shuffles: [PCG64] = []
        /// Which of the shuffled files are read: of so many parts of about one size this one, and of that again.
        var parts: [(count: Int, index: Int)] = []
        /// Whether a buffer is filled table by table.
        var takesTables = false

        /// The files that are read, in their order.
        func chosen(of count: Int) -> [Int] {
            var order = Array(0..<count)
            for shuffle in shuffles {
                var generator = shuffle
                order = generator.permutation(order.count).map { order[$0] }
            }
            for part in parts {
                let (size, more) = order.count.quotientAndRemainder(dividingBy: part.count)
                let start = size * part.index + Swift.min(part.index, more)
                order = Array(order[start..<start + size + (part.index < more ? 1 : 0)])
            }
            return order
        }
    }

    /// Rows in pieces, which come until there are no more.
    typealias Pieces = () throws -> Dataset?

    private init(
        _ features: Features?, _ numShards: Int, _ epoch: Int, _ kind: Kind,
        _ source: @escaping @Sendable (Pass) throws -> Pieces
    ) {
        self.features = features
        self.numShards = numShards
        self.epoch = epoch
        self.kind = kind
        self.source = source
    }

    /// The rows of files: Parquet, Arrow, CSV, TSV, JSON, JSON Lines, text, also packed ones. The first rows of the first
    /// file tell the columns.
    ///
    /// - Parameter options: how the files are read.
    /// - Throws: `DatasetError` if the first file can't be read.
    public init(files: [String], options: FileOptions = FileOptions()) throws {
        let sources = try files.flatMap { try FileSource.all($0, options) }
        guard let first = sources.first else {
            throw DatasetError(
                "there are no files to read", remedy: "Name at least one.", kind: .invalidArgument,
                at: ErrorLocation(option: "data_files"))
        }
        let stream = try RowStream(first, options)
        let features = stream.features
        self.init(features, sources.count, 0, Kind(isTyped: stream.isTyped)) { pass in
            var left = pass.chosen(of: sources.count).map { sources[$0] }[...]
            var stream: RowStream?
            return {
                while true {
                    if stream == nil {
                        guard let next = left.popFirst() else { return nil }
                        stream = try RowStream(next, options, types: features)
                    }
                    guard let piece = try stream?.next(as: features) else {
                        stream = nil
                        continue
                    }
                    if piece.count == 0 { continue }
                    return piece
                }
            }
        }
    }

    /// The rows of a dataset, in parts that are shuffled like files.
    init(_ dataset: Dataset, numShards: Int) {
        self.init(dataset.features, numShards, 0, Kind(isTyped: true)) { pass in
            var shards = pass.chosen(of: numShards).makeIterator()
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
        _ features: Features?, _ kind: Kind? = nil,
        _ step: @escaping @Sendable (@escaping Pieces, Pass) throws -> Pieces
    ) -> IterableDataset {
        IterableDataset(features, numShards, epoch, kind ?? self.kind) { [source] pass in
            try step(try source(pass), pass)
        }
    }

    /// The first rows.
    public func take(_ count: Int) -> IterableDataset {
        then(features, fixed) { pieces, _ in
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
        then(features, fixed) { pieces, _ in
            var left = Swift.max(count, 0)
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

    private var fixed: Kind {
        var kind = kind
        kind.isFixed = true
        return kind
    }

    /// The files in another order, and the rows mixed in a buffer: when it is full it is shuffled, half of it comes out
    /// and makes room. The order is Python's for the same seed. After `skip` and `take` the order of the files stays as it
    /// is, so that the same rows are skipped or taken.
    ///
    /// - Parameters:
    ///   - bufferSize: rows held; the more, the better mixed.
    ///   - maxBufferInputShards: how many files the buffer is filled from at a time, in turn.
    public func shuffle(
        seed: UInt64? = nil, bufferSize: Int = 1000, maxBufferInputShards: Int = 10
    ) throws -> IterableDataset {
        guard bufferSize > 0 else {
            throw DatasetError(
                "a buffer of \(bufferSize) rows can't be shuffled", remedy: "Give a size above 0.",
                kind: .invalidArgument, at: ErrorLocation(option: "buffer_size"))
        }
        let generator = PCG64(seed: seed ?? .random(in: 0 ... .max))
        let most = kind.isFixed ? 1 : Swift.max(maxBufferInputShards, 1)
        let tableRows = Swift.max(1, bufferSize / most)
        return IterableDataset(features, numShards, epoch, kind) { [source, kind, numShards] pass in
            var inner = pass
            // The first shuffle asked for is the first to be applied.
            if !kind.isFixed { inner.shuffles.insert(generator, at: 0) }
            // Later epochs go through the rows in other orders.
            let order = pass.epoch == 0 ? generator : generator.shifted(by: pass.epoch)
            var inputs: [Rebatched] = []
            if most > 1 {
                let count = Swift.min(inner.chosen(of: numShards).count, most)
                for index in 0..<count {
                    var part = inner
                    part.parts.append((count, index))
                    inputs.append(Rebatched(try source(part)))
                }
            } else {
                inputs.append(Rebatched(try source(inner)))
            }
            let fill = pass.takesTables ? Self.tablesInTurn(inputs, tableRows) : Self.rowsInTurn(inputs)
            return Self.shuffled(fill, bufferSize, order)
        }
    }

    /// At least so many more rows; `nil` at the end.
    private typealias Fill = (_ missing: Int) throws -> Dataset?

    /// A row from each input in turn, until all are at their ends: just as many as are missing.
    private static func rowsInTurn(_ inputs: [Rebatched]) -> Fill {
        if inputs.count == 1 { return { try inputs[0].next($0) } }
        var left = inputs
        let mixed = Rebatched {
            while !left.isEmpty {
                let parts = try left.map { try $0.next(256) }
                left = zip(left, parts).filter { $1 != nil }.map(\.0)
                let found = parts.compactMap { $0 }
                if found.count == 1 { return found[0] }
                if found.isEmpty { continue }
                var starts = [0]
                for part in found { starts.append(starts[starts.count - 1] + part.count) }
                let longest = found.map(\.count).max() ?? 0
                let order = (0..<longest).flatMap { turn in
                    found.indices.filter { turn < found[$0].count }.map { starts[$0] + turn }
                }
                return try Dataset.concatenate(found).select(order)
            }
            return nil
        }
        return { try mixed.next($0) }
    }

    /// Tables of so many rows from each input in turn, until all are at their ends: whole tables until there are enough.
    private static func tablesInTurn(_ inputs: [Rebatched], _ rows: Int) -> Fill {
        var left = inputs
        var turn = 0
        return { missing in
            var tables: [Dataset] = []
            var count = 0
            while count < missing, !left.isEmpty {
                if let table = try left[turn].next(rows) {
                    tables.append(table)
                    count += table.count
                    turn += 1
                } else {
                    left.remove(at: turn)
                }
                if turn >= left.count { turn = 0 }
            }
            return tables.isEmpty ? nil : tables.count == 1 ? tables[0] : try Dataset.concatenate(tables)
        }
    }

    private static func shuffled(_ fill: @escaping Fill, _ bufferSize: Int, _ order: PCG64) -> Pieces {
        var generator = order
        var held: Dataset?
        var isAtEnd = false
        return {
            while !isAtEnd {
                let more = try fill(bufferSize - (held?.count ?? 0))
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

    /// As `Dataset.map`, when rows are asked for.
    public func map(
        batched: Bool, batchSize: Int = 1000, removeColumns: [String] = [],
        _ transform: @escaping @Sendable (Batch) throws -> Columns
    ) -> IterableDataset {
        byRow(nil) { pieces in
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
        byRow(nil) { pieces in { try pieces()?.map(removeColumns: removeColumns, transform) } }
    }

    /// A step that takes rows one by one, or batches of its own size, whatever comes after it.
    private func byRow(
        _ features: Features?, _ step: @escaping @Sendable (@escaping Pieces) throws -> Pieces
    ) -> IterableDataset {
        var after = kind
        after.hasTables = false
        after.isTyped = features != nil && kind.isTyped
        return IterableDataset(features, numShards, epoch, after) { [source, kind] pass in
            var inner = pass
            inner.takesTables = kind.givesTables
            return try step(try source(inner))
        }
    }

    /// The rows for which `isIncluded` holds.
    public func filter(_ isIncluded: @escaping @Sendable (Row) throws -> Bool) -> IterableDataset {
        byRow(features) { pieces in
            {
                while let piece = try pieces() {
                    let left = try piece.filter(isIncluded)
                    if left.count > 0 { return left }
                }
                return nil
            }
        }
    }

    /// Rows with only these columns, in this order. A column that is not there is an error when the first row is read.
    public func selectColumns(_ names: [String]) -> IterableDataset {
        let chosen = features.map { features in Features(names.compactMap { name in features[name].map { (name, $0) } })
        }
        return then(chosen) { pieces, _ in { try pieces()?.selectColumns(names) } }
    }

    /// Rows without some columns. A column that is not there is an error when the first row is read.
    public func removeColumns(_ names: [String]) -> IterableDataset {
        changed(features.map { features in Features(features.filter { !names.contains(text: $0.0) }) }) {
            try $0.removeColumns(names)
        }
    }

    /// Rows with another name for a column. A column that is not there is an error when the first row is read.
    public func renameColumn(_ name: String, to newName: String) -> IterableDataset {
        changed(features.map { features in Features(features.map { ($0.0.isSame(as: name) ? newName : $0.0, $0.1) }) })
        {
            try $0.renameColumn(name, to: newName)
        }
    }

    private func changed(
        _ features: Features?, _ change: @escaping @Sendable (Dataset) throws -> Dataset
    ) -> IterableDataset {
        byRow(features) { pieces in { try pieces().map(change) } }
    }

    /// The rows for another pass: what `shuffle` mixes comes in another order. As Python's `set_epoch`.
    public func withEpoch(_ epoch: Int) -> IterableDataset {
        IterableDataset(features, numShards, Swift.max(epoch, 0), kind, source)
    }

    /// Rows in pieces, for one pass.
    func pieces() throws -> Pieces {
        var pass = Pass(epoch: epoch, takesTables: kind.givesTables)
        if epoch > 0, !kind.isFixed { pass.shuffles = [PCG64(seed: UInt64(epoch))] }
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
        } result: { table, features, _ in
            Dataset(unchecked: table, features)
        }
        return try result ?? Dataset(unchecked: ArrowTable.empty(features ?? [:]), features ?? [:])
    }
}

extension Dataset {
    /// The rows as a stream, in `numShards` parts that `shuffle` puts in another order.
    public func toIterableDataset(numShards: Int = 1) throws -> IterableDataset {
        guard numShards > 0, numShards <= max(count, 1) else {
            throw DatasetError(
                "\(count) rows can't be \(numShards) parts", remedy: "Give a number from 1 to that of the rows.",
                kind: .invalidArgument, at: ErrorLocation(option: "num_shards"))
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
    /// Reads the rows of one pass.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let stream: IterableDataset
        private var pieces: Pieces?
        private var piece: Dataset?
        private var place = 0

        init(_ stream: IterableDataset) { self.stream = stream }

        /// The next row; `nil` after the last one.
        ///
        /// - Throws: `DatasetError` for a file that can't be read; what a closure of `map` or `filter` throws.
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
