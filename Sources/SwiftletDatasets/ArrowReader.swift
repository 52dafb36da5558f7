internal import CArrow

/// Reads a file piece by piece.
final class ArrowReader {
    private let handle: OpaquePointer
    /// A table without rows that has the names and types.
    let types: ArrowTable

    init(_ open: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws {
        var handle: OpaquePointer?
        guard open(&handle) == 0 else { throw ArrowMessage.latest }
        do {
            types = try ArrowTable.reading { carrow_reader_types(handle, $0) }
        } catch {
            carrow_reader_release(handle)
            throw error
        }
        self.handle = handle!
    }

    deinit { carrow_reader_release(handle) }

    /// What a warning should say about the file; empty for nothing.
    var note: String { withExtendedLifetime(self) { String(cString: carrow_reader_note(handle)) } }

    /// The next rows; `nil` at the end.
    func next() throws -> ArrowTable? {
        var table: OpaquePointer?
        guard carrow_reader_next(handle, &table) == 0 else {
            throw ArrowMessage.latest
        }
        let read = table.map { ArrowTable(taking: $0) }
        try read?.checkSizes()
        return read
    }
}
