internal import CArrowInterface
internal import SwiftletIO

/// What a file's name says about it.
struct FileName {
    /// How a file is packed: the ending of its name.
    enum Packing: String, CaseIterable {
        case gz, bz2, zst, lz4, xz, zip
    }

    private static let formats: [String: FileFormat] = [
        "parquet": .parquet, "pq": .parquet, "arrow": .arrow, "ipc": .arrow, "feather": .arrow, "csv": .csv,
        "tsv": .tsv,
        "tab": .tsv, "json": .json, "jsonl": .json, "ndjson": .json, "txt": .text,
    ]
    private static let packings: [String: Packing] = [
        "gz": .gz, "gzip": .gz, "bz2": .bz2, "zst": .zst, "zstd": .zst, "lz4": .lz4, "xz": .xz, "zip": .zip,
    ]
    static let known =
        ".parquet, .arrow, .csv, .tsv, .json, .jsonl or .txt, also with .gz, .bz2, .xz, .zst, .lz4 or .zip behind it"

    let format: FileFormat?
    let packing: Packing?
    /// The ending that tells the format, in lower case.
    let ending: String

    init(_ path: String) {
        var parts = FileSystem.name(of: path).split(separator: ".", omittingEmptySubsequences: false)[...]
        func ending() -> String { parts.count > 1 ? parts[parts.endIndex - 1].lowercased() : "" }
        packing = Self.packings[ending()]
        if packing != nil { parts.removeLast() }
        self.ending = ending()
        // A file called `.csv` has no ending.
        let isHidden = parts.count == 2 && parts[parts.startIndex].isEmpty
        format = isHidden ? nil : Self.formats[self.ending]
    }
}

/// A file, or a member of a zip archive, with its format.
struct FileSource {
    let path: String
    let format: FileFormat
    let packing: FileName.Packing?
    let member: ZipArchive.Member?

    /// What messages call it.
    var title: String { member.map { "\(path)/\($0.name)" } ?? path }

    /// Whether columns can stay in the file.
    var isMapped: Bool { format == .arrow && packing == nil }

    /// What a path stands for: one file, or all data files of a zip archive.
    ///
    /// - Throws: `DatasetError` for a path where there is nothing, or whose format is not known.
    static func all(_ path: String, _ options: FileOptions) throws -> [FileSource] {
        let path = FileSystem.expandingTilde(path)
        guard FileSystem.exists(path) else {
            throw DatasetError(
                "there is no file '\(path)'", remedy: "Check the path.", kind: .noFile, at: ErrorLocation(path: path))
        }
        guard FileSystem.isRegularFile(path) else {
            throw DatasetError(
                "'\(path)' is not a file", remedy: "Give a file, or load the folder with loadDataset(folder:).",
                commandLine: "Give a file, or the folder with --dataset.", kind: .noFile, at: ErrorLocation(path: path))
        }
        let name = FileName(path)
        if name.packing == .zip { return try members(path, name, options) }
        guard let format = options.format ?? name.format else {
            throw DatasetError(
                "'\(path)' has an ending that is not known",
                remedy: "Name the file by what it is: \(FileName.known); or give the format in FileOptions.",
                commandLine: "Name the file by what it is: \(FileName.known); or give its --format.",
                kind: .unsupported, at: ErrorLocation(path: path))
        }
        try options.check(format, path)
        return [FileSource(path: path, format: format, packing: name.packing, member: nil)]
    }

    private static func members(_ path: String, _ outer: FileName, _ options: FileOptions) throws -> [FileSource] {
        let members = try ZipArchive.members(of: path).filter { member in
            !member.name.hasSuffix("/")
                && !member.name.split(separator: "/").contains { $0.hasPrefix(".") || $0.hasPrefix("__") }
        }
        var sources: [FileSource] = []
        for member in members {
            let inner = FileName(member.name)
            let format = options.format ?? inner.format ?? (members.count == 1 ? outer.format : nil)
            guard let format else { continue }
            guard inner.packing == nil else {
                throw DatasetError(
                    "'\(path)' holds '\(member.name)', which is packed itself",
                    remedy: "Unpack the archive and load its files.",
                    kind: .unsupported, at: ErrorLocation(path: path))
            }
            try options.check(format, path)
            sources.append(FileSource(path: path, format: format, packing: .zip, member: member))
        }
        guard let first = sources.first else {
            throw DatasetError(
                "there are no data files in the archive '\(path)'", remedy: "Its files may end in \(FileName.known).",
                kind: .noFile, at: ErrorLocation(path: path))
        }
        if let other = sources.first(where: { $0.format != first.format }) {
            throw DatasetError(
                "the archive '\(path)' holds \(first.format.title) ('\(first.member?.name ?? "")') and \(other.format.title) ('\(other.member?.name ?? "")')",
                remedy: "Put files of one format in an archive, or unpack it and load them one by one.",
                kind: .unsupported, at: ErrorLocation(path: path))
        }
        return sources
    }

    /// Calls the bridge with where the bytes are.
    func with<Result>(
        encoding: TextEncoding?, _ body: (UnsafePointer<carrow_source>) throws -> Result
    ) rethrows -> Result {
        let packing =
            if let member { member.isDeflated ? "deflate" : "stored" } else { packing?.rawValue ?? "" }
        return try withCStrings([path, packing, (encoding ?? .utf8).rawValue]) { strings in
            var source = carrow_source()
            source.path = strings[0]
            source.packing = strings[1]
            source.encoding = strings[2]
            if let member {
                source.offset = Int64(member.offset)
                source.length = Int64(member.packedSize)
                source.size = Int64(member.size)
                source.checksum = member.checksum
            }
            return try body(&source)
        }
    }

    /// The first bytes of the file, unpacked.
    func head(_ count: Int) throws -> [UInt8] {
        final class Bytes { var bytes: [UInt8] = [] }
        let collected = Bytes()
        let context = Unmanaged.passUnretained(collected).toOpaque()
        let status = withExtendedLifetime(collected) {
            with(encoding: nil) { source in
                carrow_head(
                    source, Int64(count),
                    { context, bytes, count in
                        guard let context else { return false }
                        Unmanaged<Bytes>.fromOpaque(context).takeUnretainedValue().bytes.append(
                            contentsOf: UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                        return true
                    }, context)
            }
        }
        guard status == 0 else { throw ArrowMessage.latest }
        return collected.bytes
    }
}
