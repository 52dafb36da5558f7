// swift-tools-version: 6.1
// A package that uses only what needs no libtorch, and is built where none is set up. `Tests/Consumer/run` puts the address
// of a tagged clone into it.
import PackageDescription

let package = Package(
    name: "ConsumerWithoutTorch",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "ADDRESS/OF/Swiftlet", from: "0.1.0", traits: [])],
    targets: [
        .executableTarget(
            name: "measure",
            dependencies: [
                .product(name: "SwiftletTokenizers", package: "Swiftlet"),
                .product(name: "SwiftletMetrics", package: "Swiftlet"),
                .product(name: "SwiftletHub", package: "Swiftlet"),
            ])
    ])
