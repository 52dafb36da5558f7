internal import CArrowInterface
internal import SwiftletIO

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

extension Dataset {
    /// Reads a Parquet, Arrow (file or stream), CSV, TSV, JSON, JSON Lines or text file, chosen by its name's ending; also
    /// one that is packed with gzip, bzip2, Zstandard, LZ4, XZ or zip.
    ///
    /// Features come from the metadata that Python's library leaves in Parquet and Arrow files, for each column that is
    /// stored as they say, else from the data.
    ///
    /// - Throws: `DatasetError` that names the file and what is wrong in which line or row.
    public static func fromFile(_ path: String, options: FileOptions = FileOptions()) throws -> Dataset {
        try loadSplits([("train", [path])], nil, options, only: SplitChoice(nil), name: nil, isPrepared: false)
            .datasets[0]
    }

    /// An Arrow file that is not packed, whose columns stay where they are.
    ///
    /// - Parameters:
    ///   - declared: features that columns are converted to, whatever the file says of them.
    ///   - saved: what stands beside the file in `dataset_info.json`.
    static func mapped(
        _ source: FileSource, declared: Features? = nil, saved: JSONObject? = nil, options: FileOptions = FileOptions()
    ) throws -> Dataset {
        do {
            let provenance = try provenance(of: source, declared, options)
            var table = try ArrowTable.reading { carrow_read_ipc(source.path, false, $0) }
            let places = try table.places(of: options.columns, source.title)
            let own = try table.ownFeatures(at: places)
            let saved = try saved.map { try table.savedFeatures($0, at: places) }
            if places.count < table.names.count {
                table = try table.select(places, as: places.map { [table] in table.names[$0] })
            }
            if let declared = declared?.chosen(options.columns, of: table.names) {
                return try Dataset(table, declared: declared, fillsMissing: true).from(provenance)
            }
            return try Dataset(table, declared: saved ?? own).from(provenance)
        } catch { throw ReadingError.naming(error, source) }
    }

    /// Where rows of a file come from: the file as it is now, and how it is read. Arrow files are mapped, so that results
    /// go beside them.
    static func provenance(of source: FileSource, _ declared: Features?, _ options: FileOptions) throws -> Provenance {
        let parts = [
            "file", source.format.rawValue, source.member?.name ?? "", try identity(of: source.path),
            declared?.metadata ?? "", options.identity,
        ]
        return Provenance(
            fingerprint: .of(parts), files: source.isMapped ? [source.path] : [],
            folder: source.isMapped ? FileSystem.parent(of: source.path) : nil)
    }

    /// What tells a file from what it was or will be: its place on the disk, its size and when it was written.
    private static func identity(of path: String) throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            if let error = ReadingError.ofSystem(code, path) { throw error }
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
}

/// Errors of reading in the words of the rest.
enum ReadingError {
    /// The error with the file's name.
    static func naming(_ error: any Error, _ source: FileSource) -> any Error {
        switch error {
        case let error as DatasetError: error.inFile(source.title)
        case let error as ArrowMessage:
            ofSystem(error.number, source.path) ?? explained(error.text, source, isOfMemory: error.number == ENOMEM)
        default: error
        }
    }

    /// The error of a system that did not let a file be read, which says nothing about what is in it; `nil` where none is
    /// behind a failure. Memory that is refused is no such error: a damaged file may ask for more than there is.
    static func ofSystem(_ code: Int32, _ path: String) -> DatasetError? {
        guard ![0, ENOENT, ENOTDIR, ENOMEM].contains(code) else { return nil }
        let error = FileError.system("read", path, code: code)
        return DatasetError(error.message, remedy: error.remedy, kind: .fileSystem, at: error.location)
    }

    /// A message of the bridge: worded there already, or Arrow's own.
    static func explained(_ text: String, _ source: FileSource, isOfMemory: Bool = false) -> DatasetError {
        if let error = worded(text) { return error.inFile(source.title) }
        if text.contains("not implemented for chunked array outputs") {
            return DatasetError(
                "'\(source.title)' has a column of lists or structures with more than 2 GB of text or bytes in one group of rows, which is more than is read at a time",
                remedy: "Write the file in smaller groups of rows: row_group_size in Python.", kind: .unsupported,
                at: ErrorLocation(path: source.title))
        }
        let firstLine = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? text
        let packed = ["inflate", "compress", "bz2", "lzma", "xz"].contains { firstLine.lowercased().contains($0) }
        let remedy =
            switch source.format {
            case _ where isOfMemory:
                "It needs more memory than there is: end other programs; or it is damaged, and claims sizes that it has not."
            case _ where packed:
                "The file may be damaged or cut off: get it again; or let its ending say how it is packed."
            case .csv, .tsv, .text: "Check that the file is plain text, or name how it is packed by its ending."
            case .json: "Put one object on each line."
            case .parquet, .arrow: "The file may be damaged or cut off; get it again."
            }
        return DatasetError(
            "'\(source.title)' can't be read as \(source.format.title): \(firstLine)", remedy: remedy, kind: .malformed,
            at: ErrorLocation(path: source.title))
    }

    /// A message that the bridge worded for the user, with its remedies and the line that it begins with.
    static func worded(_ text: String) -> DatasetError? {
        guard text.utf8.first == 1 else { return nil }
        let parts = text.dropFirst().split(omittingEmptySubsequences: false) { $0 == "\u{2}" || $0 == "\u{3}" }.map(
            String.init)
        guard parts.count == 3 else { return nil }
        let line = parts[0].firstRange(of: "line ").flatMap {
            Int(parts[0][$0.upperBound...].prefix(while: \.isNumber))
        }
        return DatasetError(
            parts[0], remedy: parts[1], commandLine: parts[2].isEmpty ? nil : parts[2], kind: .malformed,
            at: ErrorLocation(line: line))
    }
}
