// swift-tools-version: 6.1
import PackageDescription

// What a package that depends on Swiftlet by version looks like; `run` gives the address of a tagged clone.
let package = Package(
    name: "Consumer",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: Context.environment["SWIFTLET_URL"] ?? "", from: "0.1.0")],
    targets: [
        .executableTarget(name: "classify", dependencies: [.product(name: "Swiftlet", package: "Swiftlet")])
    ])
