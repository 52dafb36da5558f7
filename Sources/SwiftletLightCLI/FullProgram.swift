import SwiftletCommandLine
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The program with all commands: in `../libexec` where `swiftlet` was installed, beside this one where it was built.
enum FullProgram {
    /// Becomes the full program, with the same arguments, environment and streams. Exit status and signals are then its
    /// own. Where it can't, this program ends with an error that names the files it looked at.
    static func takeOver() -> Never {
        let own = ProgramProcess.path ?? CommandLine.arguments.first ?? ""
        let folder = FileSystem.parent(of: own)
        let places = [
            FileSystem.join(FileSystem.join(FileSystem.parent(of: folder), "libexec"), "swiftlet"),
            FileSystem.join(folder, "swiftlet"),
        ].filter { $0 != own }
        guard let path = places.first(where: { FileSystem.isRegularFile($0) && !isSameFile($0, own) }) else {
            fail("the full swiftlet is not at \(places.map { "'\($0)'" }.joined(separator: ", nor at "))")
        }
        execv(path, CommandLine.unsafeArgv)
        fail("the full swiftlet, '\(path)', can't be started: \(String(cString: strerror(errno)))")
    }

    private static func fail(_ problem: String) -> Never {
        endProgram("error: \(problem)\nInstall swiftlet again, with all its folders.", status: 1)
    }

    /// Whether two paths lead to one file, by whatever links: this program in place of the full one would look for it
    /// for ever.
    private static func isSameFile(_ first: String, _ second: String) -> Bool {
        var (one, other) = (stat(), stat())
        return stat(first, &one) == 0 && stat(second, &other) == 0 && one.st_dev == other.st_dev
            && one.st_ino == other.st_ino
    }
}
