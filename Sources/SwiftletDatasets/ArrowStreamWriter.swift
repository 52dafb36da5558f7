internal import CArrowInterface
internal import SwiftletIO

/// Writes an Arrow stream piece by piece, the format of Python's cache files. The file appears whole or not at all.
final class ArrowStreamWriter {
    private final class Output {
        let file: AtomicFile
        var failure: FileError?
        init(_ path: String) throws(FileError) { file = try AtomicFile(path) }
    }

    private let output: Output
    private let handle: OpaquePointer
    let path: String
    private(set) var rows = 0

    /// - Parameters:
    ///   - like: a table with the columns and types of the rows to come.
    ///   - features: what goes into the metadata; `nil` for none.
    init(_ path: String, like: ArrowTable, features: Features?) throws {
        self.path = path
        output = try Output(path)
        var handle: OpaquePointer?
        let context = Unmanaged.passUnretained(output).toOpaque()
        let status = withExtendedLifetime((output, like)) {
            carrow_writer_open(like.handle, features?.metadata, features?.jsonMarks, Self.write, context, &handle)
        }
        if let failure = output.failure { throw failure }
        try arrow("write '\(path)'", status)
        self.handle = handle!
    }

    deinit { carrow_writer_release(handle) }

    private static let write: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int64) -> Bool = {
        context, bytes, count in
        let output = Unmanaged<Output>.fromOpaque(context!).takeUnretainedValue()
        do throws(FileError) {
            try output.file.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            return true
        } catch {
            output.failure = error
            return false
        }
    }

    /// Appends rows as one batch.
    func write(_ table: ArrowTable) throws {
        guard table.rows > 0 else { return }
        let status = withExtendedLifetime((output, table)) { carrow_writer_write(handle, table.handle) }
        if let failure = output.failure { throw failure }
        try arrow("write '\(path)'", status)
        rows += table.rows
    }

    /// Ends the stream and gives the file its name.
    func finish() throws {
        let status = withExtendedLifetime(output) { carrow_writer_close(handle) }
        if let failure = output.failure { throw failure }
        try arrow("write '\(path)'", status)
        try output.file.commit()
    }
}

extension ArrowTable {
    /// A hash of everything that is in the rows.
    func contentHash() throws -> String {
        final class Hash { var hash = XXH64() }
        let hash = Hash()
        var writer: OpaquePointer?
        try withExtendedLifetime((self, hash)) {
            try arrow(
                "read the rows",
                carrow_writer_open(
                    handle, nil, nil,
                    { context, bytes, count in
                        Unmanaged<Hash>.fromOpaque(context!).takeUnretainedValue().hash
                            .update(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                        return true
                    }, Unmanaged.passUnretained(hash).toOpaque(), &writer))
            defer { carrow_writer_release(writer) }
            for rows in RowRanges(count: rows, step: 1 << 14) {
                let piece = try slice(rows)
                try arrow("read the rows", withExtendedLifetime(piece) { carrow_writer_write(writer, piece.handle) })
            }
        }
        return hash.hash.text
    }
}
