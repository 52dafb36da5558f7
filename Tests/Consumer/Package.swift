// swift-tools-version: 6.1
// The README shows this file; `run` puts the address of a tagged clone into it.
import PackageDescription

let package = Package(
    name: "Consumer",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "ADDRESS/OF/Swiftlet", from: "0.1.0")],
    targets: [
        .executableTarget(name: "classify", dependencies: [.product(name: "Swiftlet", package: "Swiftlet")])
    ])
