internal import CArrowInterface
internal import SwiftletIO

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

    /// Whether the rows are the elements of a list of JSON.
    var isList: Bool { withExtendedLifetime(self) { carrow_reader_is_list(handle) } }

    /// The types of some columns, with `json` where values are kept as JSON text; `nil` where none are.
    func featuresWithJSON(of columns: [String]) throws -> Features? {
        let text = withExtendedLifetime(self) { String(cString: carrow_reader_json_paths(handle)) }
        guard !text.isEmpty, let paths = try? JSONValue(parsing: text).array else { return nil }
        var feature = Feature.structure(try Dataset(types).features)
        for path in paths { feature = feature.withJSON(at: (path.array ?? [])[...]) }
        guard case .structure(let all) = feature else { return nil }
        return Features(columns.compactMap { name in all[name].map { (name, $0) } })
    }

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
