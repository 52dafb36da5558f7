// swift-tools-version: 6.1
import PackageDescription

// Where `scripts/bootstrap` puts libtorch and Arrow C++. SwiftPM drops run paths that come from pkg-config, so the
// manifest names the folders itself; `unsafeFlags` is allowed because this is the root package.
let deps = Context.environment["SWIFTLET_DEPS"] ?? "\(Context.packageDirectory)/.deps"

// Tokenizers, datasets and metrics build and test without libtorch: SWIFTLET_WITHOUT_TORCH=1 leaves out the rest.
let withTorch = Context.environment["SWIFTLET_WITHOUT_TORCH"] == nil

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A C header over a C++ library that lies under `.deps/`, with folders of further headers.
/// Where most of the time goes into the library's headers, `sources` names files that include the others.
func bridge(
    _ name: String, to library: String, _ libraries: [String], headers: [String] = [], sources: [String]? = nil
) -> Target {
    let folder = "\(deps)/\(library)"
    return .target(
        name: name, sources: sources,
        cxxSettings: [
            // As the libraries were built: their headers lay some types out in another way without it.
            .define("NDEBUG"),
            .unsafeFlags((["\(library)/include"] + headers).flatMap { ["-isystem", "\(deps)/\($0)"] }),
        ],
        linkerSettings: [
            .unsafeFlags(["-L\(folder)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(folder)/lib"])
        ] + libraries.map { .linkedLibrary($0) })
}

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// The library `Swiftlet` and the modules that it hands on. A program names them all: SwiftPM builds it anew only when a
/// module changes that it names, and `Swiftlet` itself does not change when what it hands on does.
let modules = [
    "Swiftlet", "SwiftletTasks", "SwiftletTraining", "SwiftletModels", "SwiftletNN", "SwiftletTensor",
    "SwiftletTokenizers", "SwiftletDatasets", "SwiftletMetrics", "SwiftletHub", "SwiftletIO",
]
let everything = modules.map { Target.Dependency.byName(name: $0) }

/// A program of `docs/course.md` or `docs/tasks.md`. It imports what a user would: one module.
func example(_ name: String) -> Target {
    .executableTarget(
        name: "example-\(name)", dependencies: everything, path: "Examples/\(name)",
        swiftSettings: [.enableUpcomingFeature("ExistentialAny")])
}

func tests(_ module: String, _ more: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(module)Tests", dependencies: [.byName(name: module), "SwiftletTestSupport"] + (module == "SwiftletIO" ? [] : ["SwiftletIO"]) + more,
        swiftSettings: swiftSettings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let server: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    lifecycle,
]

var targets: [Target] = [
    library("SwiftletIO"),
    library("SwiftletTokenizers", ["SwiftletIO"]),
    library("SwiftletMetrics", ["SwiftletIO"]),
    bridge("CArrow", to: "arrow", ["arrow", "arrow_compute", "parquet"]),
    library("SwiftletDatasets", ["SwiftletIO", "CArrow", yams, logging]),
    library("SwiftletHub", ["SwiftletIO", logging]),

    .target(
        name: "SwiftletTestSupport", dependencies: ["SwiftletIO"], path: "Tests/SwiftletTestSupport",
        swiftSettings: swiftSettings),
    tests("SwiftletIO"),
    tests("SwiftletTokenizers"),
    tests("SwiftletMetrics"),
    tests("SwiftletDatasets", [logging]),

    // A Hub on this machine, for tests of everything that downloads or uploads.
    .target(
        name: "SwiftletHubTestServer", dependencies: ["SwiftletHub", "SwiftletIO"], path: "Tests/SwiftletHubTestServer",
        swiftSettings: swiftSettings),
    tests("SwiftletHub", ["SwiftletHubTestServer"]),
]
var products: [Product] = []
var dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
]

if withTorch {
    targets += [
        // Gloo itself is in libtorch; only its headers lie beside it, and where they don't, one process is all there is.
        bridge(
            "CTorch", to: "libtorch", ["torch_cpu", "c10"],
            headers: ["gloo/include", "libtorch/include/torch/csrc/api/include"],
            sources: [
                "units", "kernels/set_portable.cpp", "kernels/set_avx2.cpp", "kernels/set_avx512.cpp",
            ]),
        library("SwiftletTensor", ["CTorch", "SwiftletIO"]),
        library("SwiftletNN", ["SwiftletTensor", "SwiftletIO"]),
        library("SwiftletModels", ["SwiftletNN", "SwiftletTensor", "SwiftletIO", logging]),
        library(
            "SwiftletTraining",
            [
                "SwiftletModels", "SwiftletNN", "SwiftletTensor", "SwiftletTokenizers", "SwiftletDatasets",
                "SwiftletMetrics", "SwiftletIO", logging,
            ]),
        library(
            "SwiftletTasks",
            [
                "SwiftletTraining", "SwiftletModels", "SwiftletNN", "SwiftletTensor", "SwiftletTokenizers",
                "SwiftletDatasets", "SwiftletMetrics", "SwiftletHub", "SwiftletIO", logging,
            ]),
        library("Swiftlet", Array(everything.dropFirst()) + [logging]),
        // Named apart from the library `Swiftlet`, which file systems that ignore case can't tell from `swiftlet`.
        .executableTarget(
            name: "SwiftletCLI", dependencies: everything + [logging, arguments, yams],
            resources: [.copy("Resources/paraphrases")], swiftSettings: swiftSettings),
        .executableTarget(
            name: "swiftlet-benchmark", dependencies: everything + [arguments], path: "Benchmarks/swift",
            swiftSettings: swiftSettings),
        example("processing-data"),
        example("trainer"),
        example("trainer-metrics"),
        example("full-training"),
        example("accelerate"),
        example("tasks"),
        example("pipelines"),

        // The server is a library and a program of its own: `swiftlet` builds without the network stack.
        library("SwiftletServe", Array(everything.dropFirst()) + server + [logging]),
        .executableTarget(
            name: "SwiftletServeCLI", dependencies: ["SwiftletServe"] + everything + [logging, arguments, lifecycle],
            swiftSettings: swiftSettings),
        tests(
            "SwiftletServe",
            [
                "SwiftletServeCLI", "SwiftletTasks", "SwiftletTensor", "TinyTraining", logging, lifecycle,
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "NIOCore", package: "swift-nio"),
            ]),

        tests("SwiftletTensor"),
        tests("SwiftletNN", ["SwiftletTensor"]),
        tests("SwiftletModels", ["SwiftletNN", "SwiftletTensor"]),
        tests(
            "SwiftletTraining",
            [
                "SwiftletTensor", "SwiftletNN", "SwiftletModels", "SwiftletTokenizers", "SwiftletDatasets",
                "SwiftletMetrics", "TinyTraining",
            ]),
        tests(
            "SwiftletTasks",
            [
                "SwiftletTraining", "SwiftletModels", "SwiftletNN", "SwiftletTensor", "SwiftletTokenizers",
                "SwiftletDatasets", "SwiftletMetrics", "TinyTraining",
            ]),
        .target(
            name: "TinyTraining",
            dependencies: [
                "SwiftletTraining", "SwiftletModels", "SwiftletTensor", "SwiftletDatasets", "SwiftletIO",
                "SwiftletTestSupport",
            ],
            path: "Tests/TinyTraining", swiftSettings: swiftSettings),
        .testTarget(
            name: "SwiftletCLITests",
            dependencies: everything + ["SwiftletCLI", "SwiftletHubTestServer", "SwiftletTestSupport"],
            swiftSettings: swiftSettings),
        // What the tests of several processes start.
        .executableTarget(
            name: "swiftlet-scenario", dependencies: everything + ["TinyTraining"], path: "Tests/Scenarios",
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
        .testTarget(
            name: "SwiftletProcessesTests",
            dependencies: [
                "SwiftletCLI", "swiftlet-scenario", "SwiftletTraining", "SwiftletTensor", "SwiftletTestSupport",
                "SwiftletIO",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SwiftletExamplesTests",
            dependencies: [
                "example-processing-data", "example-trainer", "example-trainer-metrics", "example-full-training",
                "example-accelerate", "example-tasks", "example-pipelines", "SwiftletCLI", "SwiftletTestSupport", "SwiftletIO",
            ], swiftSettings: swiftSettings),
    ]
    products += [
        .library(name: "Swiftlet", targets: modules),
        .executable(name: "swiftlet", targets: ["SwiftletCLI"]),
        .library(name: "SwiftletServe", targets: ["SwiftletServe"]),
        .executable(name: "swiftlet-serve", targets: ["SwiftletServeCLI"]),
    ]
    dependencies += [
        // Without its reader of configuration files, which nothing here needs.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    ]
}

let package = Package(
    name: "Swiftlet",
    platforms: [.macOS(.v15)],
    products: products,
    dependencies: dependencies,
    targets: targets,
    cxxLanguageStandard: .cxx20
)
