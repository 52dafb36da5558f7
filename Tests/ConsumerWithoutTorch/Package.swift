// swift-tools-version: 6.1
import PackageDescription

// A package that uses only what needs no libtorch, and is built where none is set up.
let package = Package(
    name: "ConsumerWithoutTorch",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: Context.environment["SWIFTLET_URL"] ?? "", from: "0.1.0")],
    targets: [
        .executableTarget(
            name: "measure",
            dependencies: [
                .product(name: "SwiftletTokenizers", package: "Swiftlet"),
                .product(name: "SwiftletMetrics", package: "Swiftlet"),
                .product(name: "SwiftletHub", package: "Swiftlet"),
            ])
    ])
