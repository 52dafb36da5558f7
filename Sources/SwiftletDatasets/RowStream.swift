internal import CArrow
internal import SwiftletIO

/// The rows of one file, piece by piece.
struct RowStream {
    let path: String
    let format: FileFormat
    let features: Features
    private let reader: ArrowReader?
    /// Rows of a file that can only be read whole.
    private var whole: Dataset?
    private let declared: Features?

    /// - Parameters:
    ///   - declared: features from a dataset card, used where the file has none of its own.
    ///   - rows: about how many to read at a time, where the format leaves it open.
    init(_ path: String, declared: Features? = nil, separator: Character? = nil, rows: Int = 1 << 14) throws {
        let path = FileSystem.expandingTilde(path)
        let format = try Dataset.format(of: path)
        self.path = path
        self.format = format
        self.declared = declared
        if format == .json, try Self.isList(path) {
            let whole = try Dataset.read(path, declared: declared)
            (reader, self.whole, features) = (nil, whole, whole.features)
            return
        }
        do {
            let reader: ArrowReader
            switch format {
            case .parquet: reader = try ArrowReader { carrow_reader_parquet(path, Int64(rows), $0) }
            case .arrow: reader = try ArrowReader { carrow_reader_ipc(path, $0) }
            case .json: reader = try ArrowReader { carrow_reader_json(path, $0) }
            case .csv, .tsv:
                let delimiter = separator?.asciiValue ?? UInt8(ascii: format == .csv ? "," : "\t")
                let text = (declared ?? [:]).filter { _, feature in
                    switch feature {
                    case .classLabel, .value("string"), .value("large_string"): true
                    default: false
                    }
                }.map(\.0)
                reader = try withCStrings(text) { names in
                    try ArrowReader {
                        carrow_reader_csv(path, CChar(bitPattern: delimiter), names, Int64(text.count), $0)
                    }
                }
            }
            features = try Dataset(reader.types, stored: declared).features
            self.reader = reader
        } catch { throw Self.explained(error, path, format) }
    }

    /// Whether a JSON file is one list, not a line for each row.
    private static func isList(_ path: String) throws -> Bool {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) {
            file.bytes.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) } == UInt8(ascii: "[")
        }
    }

    private static func explained(_ error: any Error, _ path: String, _ format: FileFormat) -> any Error {
        switch error {
        case let error as DatasetError: error.inFile(path)
        case let error as ArrowMessage: Dataset.explained(error.text, path, format)
        default: error
        }
    }

    /// The next rows; `nil` at the end.
    mutating func next() throws -> Dataset? {
        guard let reader else {
            defer { whole = nil }
            return whole
        }
        do {
            guard let table = try reader.next() else { return nil }
            return try Dataset(table, stored: features).from(Provenance(fingerprint: .unique()))
        } catch { throw Self.explained(error, path, format) }
    }
}

/// Files that are too large for memory, on their way into an Arrow file of the cache.
struct Preparation {
    let files: [String]
    let declared: Features?
    let separator: Character?

    /// `nil` for files that fit, and for those that are mapped anyway.
    init?(_ files: [String], _ declared: Features?, _ separator: Character?) throws {
        var bytes = 0
        for file in files {
            guard let format = FileFormat.of(file), format != .arrow, FileSystem.isRegularFile(file) else { return nil }
            bytes += try FileSystem.size(of: file)
        }
        guard bytes > Datasets.memoryLimit else { return nil }
        self.files = files
        self.declared = declared
        self.separator = separator
    }

    /// The rows, mapped.
    ///
    /// - Parameter name: folder and config, for the folder in the cache.
    func dataset(_ split: String, _ name: String?) throws -> Dataset? {
        let provenance = Provenance.joining(
            "prepare",
            try files.map { try Dataset.provenance(of: $0, Dataset.format(of: $0), declared, separator) })
        let digits = try provenance.fingerprint.text()
        let folder = ["\(name ?? "files/default")-\(digits)", "0.0.0", digits].reduce(Datasets.cacheFolder, FileSystem.join)
        let file = FileSystem.join(folder, "\(FileSystem.name(of: FileSystem.parent(of: name ?? "files/x")))-\(split).arrow")
        func made(_ table: ArrowTable, _ features: Features, _ files: [String]) throws -> Dataset {
            Dataset(
                unchecked: table, features,
                Provenance(fingerprint: provenance.fingerprint, files: files, folder: files.isEmpty ? nil : folder))
        }
        func make(_ writer: inout ResultWriter) throws {
            var features: Features?
            for path in files {
                var stream = try RowStream(path, declared: features ?? declared, separator: separator)
                while var piece = try stream.next() {
                    if let features, piece.features != features { piece = try piece.cast(features) }
                    features = piece.features
                    try writer.append(try piece.table(), piece.features)
                }
            }
        }
        guard Datasets.isCachingEnabled else {
            return try Dataset.cached("Prepare", provenance, isKept: false, make, result: made)
        }
        return try Dataset.cached("Prepare", in: file, folder, make, made)
    }
}
