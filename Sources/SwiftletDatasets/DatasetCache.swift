internal import CArrowInterface
internal import Logging
internal import SwiftletIO
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Finding results in the cache, and keeping them there.
extension Dataset {
    /// The file of a result: `cache-<fingerprint>.arrow` beside the data it is made of.
    static func cacheFile(_ provenance: Provenance) throws -> String {
        var folder = FileSystem.join(Datasets.cacheFolder, "in-memory")
        // Data in a place where nothing may be written has its results elsewhere.
        if let beside = provenance.folder, !FileSystem.exists(beside) || access(beside, W_OK) == 0 { folder = beside }
        return FileSystem.join(folder, "cache-\(try provenance.fingerprint.text()).arrow")
    }

    /// The result of an operation: from the cache if it is there, else made and kept there.
    ///
    /// Whoever comes first makes it under a lock, from a file with another name that is synced and renamed when it is
    /// whole; whoever comes at the same time waits and finds it.
    ///
    /// - Parameters:
    ///   - isKept: `false` makes it in memory or in a temporary file.
    ///   - make: gives the rows to the writer.
    ///   - result: from the rows; throws for a file that can't be the result.
    static func cached<Result>(
        _ operation: String, _ provenance: Provenance, isKept: Bool, _ make: (inout ResultWriter) throws -> Void,
        result: (ArrowTable, Features, [String]) throws -> Result
    ) throws -> Result? {
        guard isKept, Datasets.isCachingEnabled, provenance.fingerprint.isReproducible else {
            return try made(nil, provenance.folder, make, result)
        }
        return try cached(operation, in: try cacheFile(provenance), provenance.folder, make, result)
    }

    /// Looks up or makes a cached result in a file of a given name.
    static func cached<Result>(
        _ operation: String, in file: String, _ folder: String?, _ make: (inout ResultWriter) throws -> Void,
        _ result: (ArrowTable, Features, [String]) throws -> Result
    ) throws -> Result? {
        func found() throws -> Result? {
            guard FileSystem.exists(file) else { return nil }
            do {
                try checkEnd(file)
                // Whoever wrote it, the first look in this process is at every byte; later ones only map it.
                let isKnown = try wasValidated(file)
                let table = try ArrowTable.reading { carrow_read_ipc(file, isKnown, $0) }
                let features =
                    try table.metadata("huggingface").flatMap(Features.init(metadata:)) ?? Dataset(table).features
                if !isKnown { try check(table, features, of: file) }
                let value = try result(table, features, [file])
                try rememberValidated(file)
                Datasets.logger.info("\(operation): using the cached result '\(file)'")
                return value
            } catch let error as FileError where error.kind == .shortage {
                // Nothing is wrong with the result, and making it again would meet the same.
                throw error
            } catch {
                if let number = (error as? ArrowMessage)?.number, [EMFILE, ENFILE].contains(number) {
                    throw FileError.system("read", file, code: number)
                }
                Datasets.logger.warning("\(operation): the cached result '\(file)' can't be read and is made again")
                return nil
            }
        }
        if let value = try found() { return value }
        let lock = try CacheLock(for: file)
        return try withExtendedLifetime(lock) {
            // Another process may have made it while we waited.
            if let value = try found() { return value }
            try lock.removeLeftovers(of: file)
            return try made(file, folder, make, result)
        }
    }

    /// The files that this process has validated or written, as they were then.
    private static let validated = Mutex<Set<String>>([])

    /// What tells a file from what it was or will be.
    private static func state(of file: String) throws -> String {
        var status = stat()
        guard stat(file, &status) == 0 else {
            throw DatasetError(
                "there is no file '\(file)'",
                remedy: "Load the dataset again, and leave the files of its cache alone meanwhile.", kind: .noFile,
                at: ErrorLocation(path: file))
        }
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        return "\(status.st_dev) \(status.st_ino) \(status.st_size) \(time.tv_sec) \(time.tv_nsec)"
    }

    private static func wasValidated(_ file: String) throws -> Bool {
        let state = try state(of: file)
        return validated.withLock { $0.contains(state) }
    }

    private static func rememberValidated(_ file: String) throws {
        let state = try state(of: file)
        validated.withLock { _ = $0.insert(state) }
    }

    /// Checks that a cached table holds what its features say.
    private static func check(_ table: ArrowTable, _ features: Features, of file: String) throws {
        guard table.names.areSame(as: features.names) else {
            throw DatasetError(
                "'\(file)' has other columns than it says", remedy: "Delete it.", kind: .malformed,
                at: ErrorLocation(path: file))
        }
        for (index, (name, feature)) in features.enumerated() {
            let column = try table.column(index)
            guard column.type.feature == feature.storage else {
                throw DatasetError.wrongType(name, column.type.feature, wanted: "\(feature)")
            }
            if case .classLabel(let names) = feature { try ClassLabels.check(column, names, name) }
        }
    }

    /// A stream that was cut off between two batches reads like a shorter one; only its end tells.
    private static func checkEnd(_ file: String) throws {
        let mapped = try MappedFile(file)
        let isWhole = withExtendedLifetime(mapped) {
            mapped.bytes.count >= 8 && mapped.bytes.suffix(8).elementsEqual([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
        }
        guard isWhole else {
            throw DatasetError(
                "'\(file)' is cut off", remedy: "Delete it.", kind: .malformed, at: ErrorLocation(path: file))
        }
    }

    private static func made<Result>(
        _ file: String?, _ folder: String?, _ make: (inout ResultWriter) throws -> Void,
        _ result: (ArrowTable, Features, [String]) throws -> Result
    ) throws -> Result? {
        var writer = ResultWriter(file: file, spillFolder: folder)
        try make(&writer)
        guard let (table, features, files) = try writer.finish() else { return nil }
        for file in files { try rememberValidated(file) }
        return try result(table, features, files)
    }

    /// The files of the cache that rows or their order are read from, as Python's `cache_files`.
    public var cacheFiles: [String] { provenance.files }

    /// 16 hexadecimal digits that tell what the dataset is made of: the same files and steps give the same ones.
    /// A step that can't be told apart from others, such as a `map` without a cache key, makes them unlike any other.
    public func fingerprint() throws -> String { try provenance.fingerprint.text() }

    /// Deletes the cached results beside the data that this dataset does not use itself, and says how many there were.
    @discardableResult
    public func cleanupCacheFiles() throws -> Int {
        guard let folder = provenance.folder, FileSystem.isDirectory(folder) else { return 0 }
        var count = 0
        for name in try FileSystem.names(in: folder) where name.hasPrefix("cache-") && name.hasSuffix(".arrow") {
            let file = FileSystem.join(folder, name)
            if provenance.files.contains(text: file) { continue }
            try FileSystem.remove(file)
            count += 1
        }
        return count
    }
}
