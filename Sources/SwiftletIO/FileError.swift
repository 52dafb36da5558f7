#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file or folder that can't be read, written, or made sense of.
public struct FileError: SwiftletError {
    public var path: String
    public var message: String
    public var remedy: String?

    public init(path: String, message: String, remedy: String? = nil) {
        self.path = path
        self.message = message
        self.remedy = remedy
    }

    /// The error of a system call that has just failed, from `errno`.
    ///
    /// - Parameters:
    ///   - action: the verb of "can't … <path>", such as "read" or "create".
    ///   - code: an `errno` value.
    static func system(_ action: String, _ path: String, code: Int32) -> FileError {
        let reason = String(cString: strerror(code))
        let remedy: String? =
            switch code {
            case ENOENT: "Check the path: nothing is there."
            case EACCES, EPERM, EROFS: "Choose a place you may write to, or change its permissions."
            case ENOSPC, EDQUOT: "The disk is full: free some space and run again. What was there before is unchanged."
            case ENOLCK, EOPNOTSUPP, ENOSYS: "Choose a folder on a file system that can do this, such as a local disk."
            case ENOTDIR: "A part of the path is a file, not a folder."
            default: nil
            }
        return FileError(path: path, message: "can't \(action) '\(path)': \(reason)", remedy: remedy)
    }
}
