import Swiftlet
import SwiftletCommandLine
import SwiftletIO

/// Files that come with the program: beside it where it was built, in `../share/swiftlet` where it was installed.
///
/// SwiftPM's own look-up knows the folder of the build alone, and ends the program where that is gone.
enum ProgramFiles {
    /// The folder of the running program, links resolved; in tests, that of their bundle.
    static var folder: String { FileSystem.parent(of: ProgramProcess.path ?? CommandLine.arguments[0]) }

    /// A folder of the package's resources, such as `paraphrases`; `nil` where it is missing.
    static func resources(_ name: String) -> String? {
        var candidates = [
            join(folder, "..", "share", "swiftlet", name),
            join(folder, "Swiftlet_SwiftletCLI.resources", name),
            join(folder, "Swiftlet_SwiftletCLI.bundle", "Contents", "Resources", name),
            join(folder, "Swiftlet_SwiftletCLI.bundle", name),
        ]
        // Tests run in the toolchain's program, with the path of their bundle as an argument.
        candidates += CommandLine.arguments.map {
            join(FileSystem.parent(of: $0), "Swiftlet_SwiftletCLI.resources", name)
        }
        return candidates.first(where: FileSystem.isDirectory)
    }

    /// A folder that `scripts/bootstrap` or an installation put in place: in `.deps` of the working folder or of one above
    /// the program, in the folder that packages of a user share, or in `../share/swiftlet`; `nil` where it is nowhere.
    static func setUp(_ name: String) -> String? {
        var candidates = [join(".deps", name)]
        if let folder = variable("SWIFTLET_DEPS") { candidates.insert(join(folder, name), at: 0) }
        var folder = folder
        while folder != "/" && folder != "." {
            candidates.append(join(folder, ".deps", name))
            folder = FileSystem.parent(of: folder)
        }
        candidates.append(join(Self.folder, "..", "share", "swiftlet", name))
        if let caches = variable("XDG_CACHE_HOME") ?? variable("HOME").map({ join($0, ".cache") }) {
            candidates.append(join(caches, "swiftlet", "deps", "1", name))
        }
        return candidates.first(where: FileSystem.isDirectory)
    }

    private static func join(_ folder: String, _ names: String...) -> String { names.reduce(folder, FileSystem.join) }

    private static func variable(_ name: String) -> String? {
        ChildProcess.inheritedEnvironment()[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
