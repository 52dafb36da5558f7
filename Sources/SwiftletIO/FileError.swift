#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file or folder that can't be read, written, or made sense of.
public struct FileError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// Nothing is there.
        case notFound
        /// The system does not allow it.
        case noPermission
        /// The disk or quota is full.
        case noSpace
        /// Too many files are open, or there is no memory. Nothing is known about the file: it may be whole.
        case shortage
        /// There is something, but not what is expected: a folder instead of a file, another content.
        case unexpected
        /// Another failure of the system.
        case system
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    /// The file or folder concerned.
    public var path: String
    public var message: String
    public var remedy: String?

    /// - Parameters:
    ///   - path: the file or folder concerned.
    ///   - message: one sentence that names it.
    ///   - remedy: what the caller can do.
    public init(path: String, message: String, remedy: String? = nil, kind: Kind = .unexpected) {
        self.kind = kind
        self.path = path
        self.message = message
        self.remedy = remedy
    }

    public var location: ErrorLocation { ErrorLocation(path: path) }

    /// The error of a system call that has just failed, from `errno`.
    ///
    /// - Parameters:
    ///   - action: the verb of "can't … <path>", such as "read" or "create".
    ///   - code: an `errno` value.
    package static func system(_ action: String, _ path: String, code: Int32) -> FileError {
        let reason = String(cString: strerror(code))
        let remedy: String? =
            switch code {
            case ENOENT: "Check the path: nothing is there."
            case EACCES, EPERM, EROFS: "Choose a place you may write to, or change its permissions."
            case ENOSPC, EDQUOT: "The disk is full: free some space and run again. What was there before is unchanged."
            case ENOLCK, EOPNOTSUPP, ENOSYS: "Choose a folder on a file system that can do this, such as a local disk."
            case ENOTDIR: "A part of the path is a file, not a folder."
            case ENXIO: "Nobody reads this pipe, or it is a socket or a missing device: choose another path."
            case EISDIR: "That is a folder, and a file is needed: choose another path, or move it away."
            case EEXIST: "Something else has that name: choose another path, or move it away."
            case EMFILE:
                "This process has as many files open as it may: raise the limit, as with `ulimit -n 65536`, and run again."
            case ENFILE: "All programs together have as many files open as the system allows: end some, and run again."
            case ENOMEM: "End other programs, or raise the limit on this one's memory (`ulimit -v`), and run again."
            case EIO: "The disk, or the connection to it, fails: check it before you run again."
            default: nil
            }
        let kind: Kind =
            switch code {
            case ENOENT: .notFound
            case EACCES, EPERM, EROFS: .noPermission
            case ENOSPC, EDQUOT: .noSpace
            case EMFILE, ENFILE, ENOMEM: .shortage
            case ENOTDIR, EISDIR: .unexpected
            default: .system
            }
        return FileError(path: path, message: "can't \(action) '\(path)': \(reason)", remedy: remedy, kind: kind)
    }
}
