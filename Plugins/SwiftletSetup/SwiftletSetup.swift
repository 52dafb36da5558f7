import Foundation
import PackagePlugin

/// `swift package swiftlet-setup [PART...]`: runs the `scripts/bootstrap` of the Swiftlet that this package depends on, so
/// that libtorch and Arrow lie where Swiftlet's manifest looks for them.
@main
struct SwiftletSetup: CommandPlugin {
    func performCommand(context: PluginContext, arguments: [String]) throws {
        var visited: Set<Package.ID> = []
        guard let package = Self.swiftlet(in: context.package, &visited) else {
            throw SetupError(description: "Swiftlet is not among the dependencies of \(context.package.displayName)")
        }
        // SwiftPM starts plug-ins with all signals blocked, and what they start inherits that: the script could neither
        // be stopped nor stop its own helpers.
        var signals = sigset_t()
        sigemptyset(&signals)
        pthread_sigmask(SIG_SETMASK, &signals, nil)

        let process = Process()
        process.executableURL = package.directoryURL.appending(path: "scripts/bootstrap")
        process.arguments = arguments
        process.currentDirectoryURL = package.directoryURL
        try process.run()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw SetupError(description: "the set-up was not finished; the lines above say why")
        }
    }

    /// The package itself, or the first one among what it depends on, directly or not.
    private static func swiftlet(in package: Package, _ visited: inout Set<Package.ID>) -> Package? {
        if package.displayName == "Swiftlet" { return package }
        guard visited.insert(package.id).inserted else { return nil }
        for dependency in package.dependencies {
            if let found = swiftlet(in: dependency.package, &visited) { return found }
        }
        return nil
    }
}

struct SetupError: Error, CustomStringConvertible {
    let description: String
}
