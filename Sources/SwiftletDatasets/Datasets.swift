public import Logging
internal import SwiftletIO
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// How far a `map`, `filter` or another long operation has come.
public struct DatasetProgress: Sendable {
    /// What is done, such as `Map`, as Python's progress bars call it.
    public var operation: String
    /// Rows that are done.
    public var done: Int
    /// Rows in all.
    public var total: Int
}

/// Settings that hold for all datasets of the program.
public enum Datasets {
    private struct Settings {
        var isCachingEnabled = true
        var memoryLimit = 256 << 20
        var onProgress: (@Sendable (DatasetProgress) -> Void)?
        var logger = Logger(label: "swiftlet.datasets")
    }
    private static let settings = Mutex(Settings())

    /// Whether results are looked for and kept in the cache; without, they go to memory or to files that are gone when
    /// the program ends. As Python's `disable_caching()`.
    public static var isCachingEnabled: Bool {
        get { settings.withLock { $0.isCachingEnabled } }
        set { settings.withLock { $0.isCachingEnabled = newValue } }
    }

    /// The bytes that a result without a place in the cache may take in memory before it goes to a temporary file.
    public static var memoryLimit: Int {
        get { settings.withLock { $0.memoryLimit } }
        set { settings.withLock { $0.memoryLimit = newValue } }
    }

    /// Called during long operations, from the thread that asked for them.
    public static var onProgress: (@Sendable (DatasetProgress) -> Void)? {
        get { settings.withLock { $0.onProgress } }
        set { settings.withLock { $0.onProgress = newValue } }
    }

    /// Told when a result comes from the cache.
    public static var logger: Logger {
        get { settings.withLock { $0.logger } }
        set { settings.withLock { $0.logger = newValue } }
    }

    /// `HF_DATASETS_CACHE`, else `datasets` in `HF_HOME`, else `~/.cache/huggingface/datasets`, as Python.
    public static var cacheFolder: String { CacheFolders().datasets }
}
