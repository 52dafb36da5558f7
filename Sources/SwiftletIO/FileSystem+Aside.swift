#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension FileSystem {
    /// Whether anything has this name, also a link to nothing.
    package static func isTaken(_ path: String) -> Bool { mode(path) != nil }

    /// Whether the name itself is a link's, whatever that leads to.
    package static func isLink(_ path: String) -> Bool { mode(path).map { $0 & S_IFMT == S_IFLNK } ?? false }

    /// Gives a file a second name; `false` where the system can't.
    package static func giveName(_ name: String, to path: String) -> Bool { link(path, name) == 0 }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }

    /// Puts a folder in the place of something else, which is kept as `target` with `.old-1` after it, or the next number
    /// that is free.
    ///
    /// At any moment, also after a kill or a power cut, what was there before is whole under one of the two names. Where
    /// the file system can exchange names, something whole has the name of `target` at any moment too.
    ///
    /// - Parameter source: a whole folder beside `target`, which takes its name.
    /// - Returns: where the other thing is now.
    package static func replaceDirectory(_ target: String, keepingOldBeside source: String) throws(FileError) -> String
    {
        var number = 1
        while isTaken("\(target).old-\(number)") { number += 1 }
        let aside = "\(target).old-\(number)"
        // Under the lasting name before the exchange: nobody takes what is there after a kill for something half-written, and
        // deletes it. A kill between the two leaves the new folder under that name, and what was there in its place.
        try rename(source, to: aside)
        if exchange(aside, target) {
            try synchronizeDirectory(parent(of: target))
            return aside
        }
        try rename(aside, to: source)
        try rename(target, to: aside)
        do throws(FileError) { try rename(source, to: target) } catch {
            try? rename(aside, to: target)
            throw error
        }
        return aside
    }
}
