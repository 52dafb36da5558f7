internal import CArrow
internal import SwiftletIO

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// The formats that are read, by the end of a file's name.
enum FileFormat: Sendable {
    case parquet, arrow, csv, tsv, json

    static let extensions: [String: FileFormat] = [
        "parquet": .parquet, "pq": .parquet, "arrow": .arrow, "ipc": .arrow, "feather": .arrow, "csv": .csv, "tsv": .tsv,
        "json": .json, "jsonl": .json, "ndjson": .json,
    ]

    static func of(_ path: String) -> FileFormat? {
        let name = FileSystem.name(of: path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        return extensions[name[name.index(after: dot)...].lowercased()]
    }
}

extension Dataset {
    /// Reads a Parquet, Arrow (file or stream), CSV, TSV, JSON or JSON Lines file, chosen by its name's ending.
    ///
    /// Features come from the metadata that Python's library leaves in Parquet and Arrow files, else from the data.
    public static func fromFile(_ path: String) throws -> Dataset { try read(path) }

    /// - Parameters:
    ///   - wanted: the format, where the name does not tell it.
    ///   - declared: features from a dataset card, used where the file has none of its own.
    ///   - separator: of a CSV file, where it is no comma.
    static func read(
        _ path: String, as wanted: FileFormat? = nil, declared: Features? = nil, separator: Character? = nil
    ) throws -> Dataset {
        let path = FileSystem.expandingTilde(path)
        let format = try wanted ?? format(of: path)
        do {
            let provenance = try provenance(of: path, format, declared, separator)
            let table: ArrowTable
            switch format {
            case .parquet: table = try ArrowTable.reading { carrow_read_parquet(path, $0) }
            case .arrow: table = try ArrowTable.reading { carrow_read_ipc(path, false, $0) }
            case .csv: table = try csv(path, separator ?? ",", declared)
            case .tsv: table = try csv(path, separator ?? "\t", declared)
            case .json: table = try JSONReading.table(path)
            }
            return try Dataset(table, stored: declared).from(provenance)
        } catch let error as DatasetError {
            throw error.inFile(path)
        } catch let error as ArrowMessage {
            throw explained(error.text, path, format)
        }
    }

    /// A table with the features in its metadata, or else those that are declared.
    init(_ table: ArrowTable, stored declared: Features?) throws {
        if let own = table.metadata("huggingface").flatMap(Features.init(metadata:)),
            own.names.textKeys == table.names.textKeys, own.count == table.names.count
        {
            try self.init(table, declared: own)
        } else {
            try self.init(table, declared: declared)
        }
    }

    /// The format of a file that is there.
    static func format(of path: String) throws -> FileFormat {
        guard FileSystem.exists(path) else {
            throw DatasetError(
                "there is no file '\(path)'", remedy: "Check the path.", kind: .noFile, at: ErrorLocation(path: path))
        }
        guard FileSystem.isRegularFile(path) else {
            throw DatasetError(
                "'\(path)' is not a file", remedy: "Give a file, or load the folder with loadDataset.",
                kind: .noFile, at: ErrorLocation(path: path))
        }
        guard let format = FileFormat.of(path) else {
            throw DatasetError(
                "'\(path)' has an ending that is not known",
                remedy: "Name the file by what it is: .parquet, .arrow, .csv, .tsv, .json or .jsonl.",
                kind: .unsupported, at: ErrorLocation(path: path))
        }
        return format
    }

    /// Where rows of a file come from: the file as it is now, and how it is read. Arrow files are mapped, so that results
    /// go beside them.
    static func provenance(
        of path: String, _ format: FileFormat, _ declared: Features?, _ separator: Character?
    ) throws -> Provenance {
        let parts = [
            "file", "\(format)", try identity(of: path), declared?.metadata ?? "", separator.map { String($0) } ?? "",
        ]
        let isMapped = format == .arrow
        return Provenance(
            fingerprint: .of(parts), files: isMapped ? [path] : [], folder: isMapped ? FileSystem.parent(of: path) : nil)
    }

    /// What tells a file from what it was or will be: its place on the disk, its size and when it was written.
    private static func identity(of path: String) throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw DatasetError(
                "there is no file '\(path)'", remedy: "Check the path.", kind: .noFile, at: ErrorLocation(path: path))
        }
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        return "\(status.st_dev) \(status.st_ino) \(status.st_size) \(time.tv_sec) \(time.tv_nsec)"
    }

    private static func csv(_ path: String, _ separator: Character, _ declared: Features?) throws -> ArrowTable {
        guard let delimiter = separator.asciiValue else {
            throw DatasetError("the separator '\(separator)' is not ASCII", remedy: "Use a comma, a tab or a semicolon.")
        }
        try checkUTF8(try MappedFile(path))
        let text = (declared ?? [:]).filter { _, feature in
            switch feature {
            case .classLabel, .value("string"), .value("large_string"): true
            default: false
            }
        }.map(\.0)
        return try withCStrings(text) { names in
            try ArrowTable.reading {
                carrow_read_csv(path, CChar(bitPattern: delimiter), names, Int64(text.count), $0)
            }
        }
    }

    static func checkUTF8(_ file: MappedFile) throws {
        let line: Int? = withExtendedLifetime(file) {
            let place = carrow_invalid_utf8(file.bytes.baseAddress, Int64(file.bytes.count))
            guard place >= 0 else { return nil }
            return 1 + file.bytes[..<Int(place)].lazy.filter { $0 == UInt8(ascii: "\n") }.count
        }
        guard let line else { return }
        throw DatasetError(
            "line \(line) is not UTF-8 text", remedy: "Convert the file to UTF-8.",
            kind: .malformed, at: ErrorLocation(line: line))
    }

    /// A message of Arrow's in the words of the rest.
    static func explained(_ text: String, _ path: String, _ format: FileFormat) -> DatasetError {
        let firstLine = text.split(separator: "\n").first.map(String.init) ?? text
        switch format {
        case .csv, .tsv:
            if let ragged = raggedRow(firstLine) {
                return DatasetError(
                    "'\(path)', row \(ragged.row): \(ragged.got) fields where the header has \(ragged.expected)",
                    remedy: "Give every row as many fields as the header, and put fields that hold the separator in quotes.",
                    kind: .malformed, at: ErrorLocation(path: path, row: ragged.row))
            }
            if firstLine.contains("Empty CSV file") {
                return DatasetError(
                    "'\(path)' is empty", remedy: "The first line has to name the columns.",
                    kind: .malformed, at: ErrorLocation(path: path))
            }
            return DatasetError(
                "'\(path)' can't be read as \(format == .csv ? "CSV" : "TSV"): \(firstLine)",
                remedy: "Look for a quote that is not closed, or another separator.",
                kind: .malformed, at: ErrorLocation(path: path))
        case .json:
            return DatasetError(
                "'\(path)' can't be read as JSON: \(firstLine)", remedy: "Put one object on each line.",
                kind: .malformed, at: ErrorLocation(path: path))
        case .parquet, .arrow:
            return DatasetError(
                "'\(path)' can't be read as \(format == .parquet ? "Parquet" : "Arrow"): \(firstLine)",
                remedy: "The file may be damaged or cut off; get it again.",
                kind: .malformed, at: ErrorLocation(path: path))
        }
    }

    /// From "CSV parse error: Row #3: Expected 2 columns, got 1: ..."; rows count from 1 with the header as the first.
    private static func raggedRow(_ text: String) -> (row: Int, expected: Int, got: Int)? {
        let numbers = text.split { !$0.isNumber }.prefix(3).compactMap { Int($0) }
        guard text.contains("Row #"), text.contains("Expected"), numbers.count == 3 else { return nil }
        return (numbers[0], numbers[1], numbers[2])
    }
}
