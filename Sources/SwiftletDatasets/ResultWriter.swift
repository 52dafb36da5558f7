internal import CArrowInterface
internal import SwiftletIO
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Takes the rows of a result as they are made: into a file of the cache, or into memory until there are too many,
/// from then on into a file that is gone when nobody uses the rows any more.
struct ResultWriter {
    /// Pieces are put together to about this size, so that a file does not fall into many small ones.
    private static let batchBytes = 4 << 20

    /// Where the result is kept; `nil` for memory.
    private let file: String?
    private var features: Features?
    private var pending: [ArrowTable] = []
    private var pendingBytes = 0
    private var inMemory: [(table: ArrowTable, features: Features)] = []
    private var bytesInMemory = 0
    private var writer: ArrowStreamWriter?
    /// Files with rows that came before a column got its type.
    private var earlier: [String] = []
    private let spillFolder: String
    private static let serial = Atomic<Int>(0)

    /// - Parameters:
    ///   - file: the name in the cache, whose lock the caller holds.
    ///   - spillFolder: where a result that gets too large for memory goes.
    init(file: String?, spillFolder: String?) {
        self.file = file
        self.spillFolder = spillFolder ?? FileSystem.join(Datasets.cacheFolder, "temporary")
    }

    /// Appends rows. Their features may differ from those before where values were missing until now.
    mutating func append(_ table: ArrowTable, _ features: Features) throws {
        if features != self.features {
            try flush()
            try endPart()
            self.features = features
        }
        pending.append(table)
        pendingBytes += table.bytes
        if pendingBytes >= Self.batchBytes { try flush() }
    }

    /// The rows so far, as one piece.
    private mutating func flush() throws {
        guard let features, !pending.isEmpty else { return }
        let table = pending.count == 1 ? pending[0] : try ArrowTable.concatenate(pending)
        pending.removeAll()
        if file == nil, writer == nil, bytesInMemory + pendingBytes <= Datasets.memoryLimit {
            inMemory.append((table, features))
            bytesInMemory += pendingBytes
            pendingBytes = 0
            return
        }
        pendingBytes = 0
        if file == nil, writer == nil, !inMemory.isEmpty {
            let held = inMemory
            inMemory.removeAll()
            for (table, itsFeatures) in held { try write(table, itsFeatures) }
        }
        try write(table, features)
    }

    private var written: Features?

    private mutating func write(_ table: ArrowTable, _ features: Features) throws {
        if writer != nil, written != features { try endPart() }
        if writer == nil {
            if file == nil { removeLeftovers() }
            let path: String
            if let file {
                // The name in the cache is for the whole, when it is whole.
                path = FileSystem.join(
                    FileSystem.parent(of: file), ".\(FileSystem.name(of: file)).part\(earlier.count).tmp")
            } else {
                let serial = Self.serial.add(1, ordering: .relaxed).newValue
                path = FileSystem.join(spillFolder, ".rows.\(getpid())-\(serial).tmp")
            }
            writer = try ArrowStreamWriter(path, like: table, features: features)
            written = features
        }
        try writer?.write(table)
        table.forget()
    }

    /// Ends a file whose columns get other types from now on.
    private mutating func endPart() throws {
        guard let writer else { return }
        try writer.finish()
        earlier.append(writer.path)
        self.writer = nil
    }

    /// All rows, and whether they lie in the file of the cache.
    mutating func finish() throws -> (table: ArrowTable, features: Features, files: [String])? {
        try flush()
        guard let features else { return nil }
        guard writer != nil || !earlier.isEmpty else {
            let whole = try ArrowTable.empty(features)
            let tables = try inMemory.map { $0.features == features ? $0.table : try $0.table.cast(like: whole) }
            return (try ArrowTable.concatenate(tables), features, [])
        }
        try endPart()
        if earlier.count > 1 || file != nil { try joinParts(features) }
        let path = earlier[0]
        let table = try ArrowTable.reading { carrow_read_ipc(path, true, $0) }
        if file == nil {
            // The rows stay readable until the last user is gone.
            try FileSystem.remove(path)
            return (table, features, [])
        }
        return (table, features, [path])
    }

    /// One file of all parts, in the types of the last.
    private mutating func joinParts(_ features: Features) throws {
        let parts = earlier
        let target = file ?? parts[0] + ".all.tmp"
        if parts.count == 1 {
            try FileSystem.rename(parts[0], to: target)
        } else {
            let whole = try ArrowTable.empty(features)
            let writer = try ArrowStreamWriter(target, like: whole, features: features)
            for part in parts {
                let source = FileSource(path: part, format: .arrow, packing: nil, member: nil)
                let reader = try source.with(encoding: nil) { file in try ArrowReader { carrow_reader_ipc(file, $0) } }
                while let table = try reader.next() { try writer.write(try table.cast(like: whole)) }
            }
            try writer.finish()
            for part in parts { try FileSystem.remove(part) }
        }
        earlier = [target]
    }

    /// Deletes the rows of processes that died.
    private func removeLeftovers() {
        guard let names = try? FileSystem.names(in: spillFolder) else { return }
        for name in names where name.hasSuffix(".tmp") {
            let parts = name.split(separator: ".")
            guard parts.count > 2, parts[0] == "rows", let id = pid_t(parts[1].prefix(while: \.isNumber)),
                kill(id, 0) != 0, errno == ESRCH
            else { continue }
            try? FileSystem.remove(FileSystem.join(spillFolder, name))
        }
    }
}
