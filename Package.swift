// swift-tools-version: 6.2
import PackageDescription

// Where `scripts/bootstrap` puts libtorch and Arrow C++, by the rule that it follows itself: in a clone beside the
// sources; where SwiftPM checked the package out for another one, in a folder that all packages of a user share, since a
// checkout is SwiftPM's and may go at any time. Its last part goes up when the libraries' versions do.
// SwiftPM drops run paths that come from pkg-config, so the manifest names the folders itself. It may do so with
// `unsafeFlags` in a dependency too since tools version 6.2.
let isCheckedOut = Context.packageDirectory.split(separator: "/").dropLast().last == "checkouts"
let caches = variable("XDG_CACHE_HOME") ?? "\(variable("HOME") ?? "")/.cache"
let deps =
    variable("SWIFTLET_DEPS")
    ?? (isCheckedOut ? "\(caches)/swiftlet/deps/1" : "\(Context.packageDirectory)/.deps")

func variable(_ name: String) -> String? {
    Context.environment[name].flatMap { $0.isEmpty ? nil : $0 }
}

// Where a program looks for the libraries, in place of the folders that it was built with: `make install` gives the
// place as seen from the program.
let runPath = variable("SWIFTLET_RUN_PATH")

// Tokenizers, datasets and metrics build and test without libtorch: SWIFTLET_WITHOUT_TORCH=1 leaves out the rest.
let withTorch = Context.environment["SWIFTLET_WITHOUT_TORCH"] == nil

/// The library with counters for libFuzzer, and its driver: `Tools/fuzz/fuzz` sets this to the path of its library.
let fuzzerRuntime = Context.environment["SWIFTLET_FUZZER_RUNTIME"]

let swiftSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (fuzzerRuntime == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer"])])

/// Headers by which it is seen whether a library is there: a C interface that is compiled without them says what to do.
let arrowHeader = "arrow/include/arrow/api.h"
let torchHeader = "libtorch/include/ATen/core/Tensor.h"

/// C++ code over a library that lies under `.deps/`, with folders of further headers, and a C interface, which Swift
/// imports: headers alone. A Swift module waits for all objects of a C target that it depends on; this way the modules
/// compile beside the C++ code, and are not compiled again when it changes. What is linked needs both.
/// Where most of the time goes into the library's headers, `sources` names files that include the others. `loads` names
/// further folders in whose `lib` the program looks for libraries that it loads when it needs them.
func bridge(
    _ name: String, to library: String, _ libraries: [String], seenBy header: String, headers: [String] = [],
    sources: [String]? = nil, loads others: [String] = []
) -> [Target] {
    let folder = "\(deps)/\(library)"
    let runPaths = [library] + others
    let code = Target.target(
        name: name, sources: sources,
        cxxSettings: [
            // As the libraries were built: their headers lay some types out in another way without it.
            .define("NDEBUG"), .define("SWIFTLET_SET_UP", to: "\"\(deps)/\(header)\""),
            .unsafeFlags((["\(library)/include"] + headers).flatMap { ["-isystem", "\(deps)/\($0)"] }),
            .headerSearchPath("../\(name)Interface/include"),
        ],
        linkerSettings: [
            .unsafeFlags(
                ["-L\(folder)/lib"]
                    + (runPath.map { [$0] } ?? runPaths.map { "\(deps)/\($0)/lib" }).flatMap {
                        ["-Xlinker", "-rpath", "-Xlinker", $0]
                    })
        ] + libraries.map { .linkedLibrary($0) })
    return [.systemLibrary(name: "\(name)Interface"), code]
}

func library(_ name: String, _ dependencies: [Target.Dependency] = [], over header: String? = nil) -> Target {
    let setUp = header.map { [SwiftSetting.unsafeFlags(["-Xcc", "-DSWIFTLET_SET_UP=\"\(deps)/\($0)\""])] }
    return .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings + (setUp ?? []))
}

/// The library `Swiftlet` and the modules that it hands on. A program names them all: SwiftPM builds it anew only when a
/// module changes that it names, and `Swiftlet` itself does not change when what it hands on does.
let modules = [
    "Swiftlet", "SwiftletReports", "SwiftletTasks", "SwiftletTraining", "SwiftletModels", "SwiftletCheckpoints",
    "SwiftletDistributed", "SwiftletNN", "SwiftletTensor", "SwiftletRunLog", "SwiftletTokenizers", "SwiftletDatasets",
    "SwiftletMetrics", "SwiftletHub", "SwiftletIO",
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
        name: "\(module)Tests",
        dependencies: [.byName(name: module), "SwiftletTestSupport"] + (module == "SwiftletIO" ? [] : ["SwiftletIO"])
            + more,
        swiftSettings: swiftSettings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Programs"]))

// Elsewhere than on Linux, SwiftPM runs plug-ins in a sandbox without a network; on Linux it would only ask.
#if os(Linux)
let setupPermissions: [PluginPermission] = []
#else
let setupPermissions: [PluginPermission] = [
    .allowNetworkConnections(scope: .all(), reason: "It downloads libtorch and Apache Arrow.")
]
#endif

/// What only the server needs.
func onlyServer(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Programs"]))
}
let lifecycle = onlyServer("ServiceLifecycle", "swift-service-lifecycle")
let server: [Target.Dependency] = [
    onlyServer("Hummingbird", "hummingbird"), onlyServer("HummingbirdCore", "hummingbird"),
    onlyServer("HTTPTypes", "swift-http-types"),
    onlyServer("NIOCore", "swift-nio"), onlyServer("NIOHTTPTypes", "swift-nio-extras"), lifecycle,
]

var targets: [Target] = [
    library("SwiftletIO"),
    library("SwiftletTokenizers", ["SwiftletIO"]),
    library("SwiftletMetrics", ["SwiftletIO"]),
    library("SwiftletRunLog", ["SwiftletIO"]),
    library("SwiftletDatasets", ["SwiftletIO", "CArrowInterface", yams, logging], over: arrowHeader),
    library("SwiftletHub", ["SwiftletIO", logging]),

    .target(
        name: "SwiftletTestSupport", dependencies: ["SwiftletIO"], path: "Tests/SwiftletTestSupport",
        swiftSettings: swiftSettings),
    tests("SwiftletIO"),
    tests("SwiftletTokenizers"),
    tests("SwiftletMetrics"),
    tests("SwiftletRunLog"),
    tests("SwiftletDatasets", ["CArrow", logging]),

    // A Hub on this machine, for tests of everything that downloads or uploads.
    .target(
        name: "SwiftletHubTestServer", dependencies: ["SwiftletHub", "SwiftletIO"], path: "Tests/SwiftletHubTestServer",
        swiftSettings: swiftSettings),
    tests("SwiftletHub", ["SwiftletHubTestServer"]),

    // `swift package swiftlet-setup` in a package that depends on this one runs `scripts/bootstrap`.
    .plugin(
        name: "SwiftletSetup",
        capability: .command(
            intent: .custom(
                verb: "swiftlet-setup",
                description: "Sets up the libraries that Swiftlet is built on (libtorch, Arrow)."),
            permissions: setupPermissions)),
]

targets += bridge(
    "CArrow", to: "arrow", ["arrow", "arrow_compute", "parquet"], seenBy: arrowHeader, sources: ["units"])

// A product for each module that works without libtorch, so that a program takes only what it needs. `SwiftletDatasets`
// needs Arrow.
var products: [Product] = [
    .library(name: "SwiftletTokenizers", targets: ["SwiftletTokenizers", "SwiftletIO"]),
    .library(name: "SwiftletMetrics", targets: ["SwiftletMetrics", "SwiftletIO"]),
    .library(name: "SwiftletHub", targets: ["SwiftletHub", "SwiftletIO"]),
    .library(name: "SwiftletDatasets", targets: ["SwiftletDatasets", "SwiftletIO", "CArrow"]),
    .plugin(name: "SwiftletSetup", targets: ["SwiftletSetup"]),
]
var dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
]
// For `make docs` alone: who uses the package does not fetch it.
if Context.environment["SWIFTLET_DOCC"] != nil {
    dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}

if withTorch {
    // Gloo itself is in libtorch; only its headers lie beside it, and where they don't, one process is all there is.
    targets += bridge(
        "CTorch", to: "libtorch", ["torch_cpu", "c10"], seenBy: torchHeader,
        headers: ["gloo/include", "libtorch/include/torch/csrc/api/include"],
        sources: [
            "units", "kernels/set_portable.cpp", "kernels/set_neon.cpp", "kernels/set_avx2.cpp",
            "kernels/set_avx512.cpp",
        ], loads: ["nccl"])
    targets += [
        library("SwiftletTensor", ["CTorchInterface", "SwiftletIO"], over: torchHeader),
        library("SwiftletCheckpoints", ["SwiftletTensor", "SwiftletIO"]),
        library("SwiftletDistributed", ["SwiftletTensor", "CTorchInterface", "SwiftletIO"]),
        library("SwiftletNN", ["SwiftletTensor", "SwiftletIO"]),
        library("SwiftletModels", ["SwiftletNN", "SwiftletCheckpoints", "SwiftletTensor", "SwiftletIO", logging]),
        library(
            "SwiftletTraining",
            [
                "SwiftletModels", "SwiftletCheckpoints", "SwiftletDistributed", "SwiftletNN", "SwiftletTensor",
                "SwiftletRunLog", "SwiftletTokenizers", "SwiftletDatasets", "SwiftletMetrics", "SwiftletIO", logging,
            ]),
        library(
            "SwiftletTasks",
            [
                "SwiftletTraining", "SwiftletModels", "SwiftletCheckpoints", "SwiftletDistributed", "SwiftletNN",
                "SwiftletTensor", "SwiftletRunLog", "SwiftletTokenizers", "SwiftletDatasets", "SwiftletMetrics",
                "SwiftletHub", "SwiftletIO", logging,
            ]),
        library(
            "SwiftletReports",
            [
                "SwiftletTasks", "SwiftletTraining", "SwiftletModels", "SwiftletCheckpoints", "SwiftletDistributed",
                "SwiftletNN", "SwiftletTensor", "SwiftletRunLog", "SwiftletTokenizers", "SwiftletDatasets",
                "SwiftletMetrics", "SwiftletHub", "SwiftletIO", logging,
            ]),
        library("Swiftlet", Array(everything.dropFirst()) + ["CTorch", "CArrow", logging]),
        // What the programs share, and the commands that need no tensors.
        library(
            "SwiftletCommandLine",
            ["SwiftletDatasets", "SwiftletTokenizers", "SwiftletRunLog", "SwiftletIO", logging, arguments]),
        // Named apart from the library `Swiftlet`, which file systems that ignore case can't tell from `swiftlet`.
        .executableTarget(
            name: "SwiftletCLI", dependencies: everything + ["SwiftletCommandLine", logging, arguments, yams],
            resources: [.copy("Resources/paraphrases")],
            // It only reads options and prints, and it is the last module of the longest chain: optimized, it would take
            // ten seconds more of every build's end.
            swiftSettings: swiftSettings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]),
        // Starts in a tenth of the time: `make install` puts it in front of `swiftlet`.
        .executableTarget(
            name: "SwiftletLightCLI", dependencies: ["SwiftletCommandLine", "SwiftletIO", "CArrow", arguments],
            swiftSettings: swiftSettings),
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

        tests("SwiftletTensor", ["CTorch"]),
        tests("SwiftletCheckpoints", ["SwiftletTensor"]),
        tests("SwiftletDistributed", ["SwiftletTensor"]),
        tests("SwiftletNN", ["SwiftletTensor"]),
        tests("SwiftletModels", ["SwiftletNN", "SwiftletCheckpoints", "SwiftletTensor"]),
        tests(
            "SwiftletTraining",
            [
                "SwiftletTensor", "SwiftletCheckpoints", "SwiftletDistributed", "SwiftletRunLog", "SwiftletNN",
                "SwiftletModels", "SwiftletTokenizers", "SwiftletDatasets", "SwiftletMetrics", "TinyTraining",
            ]),
        tests(
            "SwiftletTasks",
            [
                "SwiftletTraining", "SwiftletModels", "SwiftletCheckpoints", "SwiftletDistributed", "SwiftletNN",
                "SwiftletTensor", "SwiftletRunLog", "SwiftletTokenizers", "SwiftletDatasets", "SwiftletMetrics",
                "TinyTraining",
            ]),
        tests(
            "SwiftletReports",
            [
                "SwiftletTasks", "SwiftletTraining", "SwiftletModels", "SwiftletCheckpoints", "SwiftletTensor",
                "SwiftletRunLog", "SwiftletTokenizers", "SwiftletDatasets", "TinyTraining",
            ]),
        .target(
            name: "TinyTraining",
            dependencies: [
                "SwiftletTraining", "SwiftletModels", "SwiftletCheckpoints", "SwiftletTensor", "SwiftletDatasets",
                "SwiftletIO", "SwiftletTestSupport",
            ],
            path: "Tests/TinyTraining", swiftSettings: swiftSettings),
        .testTarget(
            name: "SwiftletCLITests",
            dependencies: everything + [
                "SwiftletCLI", "SwiftletCommandLine", "SwiftletLightCLI", "SwiftletHubTestServer",
                "SwiftletTestSupport",
            ],
            swiftSettings: swiftSettings),
        // What the tests of several processes start.
        .executableTarget(
            name: "swiftlet-scenario", dependencies: everything + ["TinyTraining"], path: "Tests/Scenarios",
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
        .testTarget(
            name: "SwiftletProcessesTests",
            dependencies: [
                "SwiftletCLI", "swiftlet-scenario", "SwiftletTraining", "SwiftletDistributed", "SwiftletTensor",
                "SwiftletTestSupport", "SwiftletIO",
            ],
            swiftSettings: swiftSettings),
        // What is done with each kind of input from outside: by tests, and by Tools/fuzz.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "SwiftletIO", "SwiftletTokenizers", "SwiftletDatasets", "SwiftletTensor", "SwiftletNN",
                "SwiftletModels", "SwiftletCheckpoints",
                "SwiftletTraining", "TinyTraining",
            ], path: "Tests/FuzzTargets", swiftSettings: swiftSettings),
        .executableTarget(
            name: "swiftlet-mutations", dependencies: ["FuzzTargets", "SwiftletIO", "CTorch", "CArrow"],
            path: "Tools/fuzz/mutations",
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
        .testTarget(
            name: "SwiftletFuzzTests", dependencies: ["FuzzTargets", "SwiftletTestSupport", "SwiftletIO"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SwiftletExamplesTests",
            dependencies: [
                "example-processing-data", "example-trainer", "example-trainer-metrics", "example-full-training",
                "example-accelerate", "example-tasks", "example-pipelines", "SwiftletCLI", "SwiftletTestSupport",
                "SwiftletIO",
            ], swiftSettings: swiftSettings),
    ]
    products += [
        .library(name: "Swiftlet", targets: modules),
        .executable(name: "swiftlet", targets: ["SwiftletCLI"]),
        .executable(name: "swiftlet-light", targets: ["SwiftletLightCLI"]),
    ]
}

if withTorch, let fuzzerRuntime {
    targets.append(
        .executableTarget(
            name: "swiftlet-fuzz", dependencies: ["FuzzTargets", "SwiftletIO", "CTorch", "CArrow"],
            path: "Tools/fuzz/driver",
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")],
            linkerSettings: [
                .unsafeFlags([fuzzerRuntime]), .linkedLibrary("m"),
            ]))
    products.append(.executable(name: "swiftlet-fuzz", targets: ["swiftlet-fuzz"]))
}

// The server is a library and a program of its own: `swiftlet` builds without the network stack. `make quickstart` sets
// SWIFTLET_WITHOUT_SERVER=1, so that the stack's packages are not even fetched; traits would change every module's flags.
if withTorch && Context.environment["SWIFTLET_WITHOUT_SERVER"] == nil {
    targets += [
        library("SwiftletServe", Array(everything.dropFirst()) + ["CTorch", "CArrow", logging] + server),
        .executableTarget(
            name: "SwiftletServeCLI", dependencies: ["SwiftletServe"] + everything + [logging, arguments, lifecycle],
            swiftSettings: swiftSettings),
        tests(
            "SwiftletServe",
            [
                "SwiftletServeCLI", "SwiftletTasks", "SwiftletTensor", "TinyTraining", logging, lifecycle,
                onlyServer("Hummingbird", "hummingbird"), onlyServer("HummingbirdCore", "hummingbird"),
                onlyServer("NIOCore", "swift-nio"), onlyServer("NIOEmbedded", "swift-nio"),
            ]),
    ]
    products += [
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

// The bridges to C++ and their tests, which `Tools/checks/sanitize` builds with AddressSanitizer, without what lies above.
if Context.environment["SWIFTLET_BRIDGES_ONLY"] != nil {
    let bridges = [
        "SwiftletIO", "CArrowInterface", "CArrow", "SwiftletDatasets", "CTorchInterface", "CTorch", "SwiftletTensor",
        "SwiftletTestSupport",
    ]
    targets.removeAll { !(bridges + ["SwiftletTensorTests", "SwiftletDatasetsTests"]).contains($0.name) }
    products.removeAll()
}

let package = Package(
    name: "Swiftlet",
    platforms: [.macOS(.v15)],
    products: products,
    // One trait and no second: SwiftPM 6.3 tells the compiler the enabled ones in an order that differs from call to call,
    // and another order compiles every module anew.
    traits: [
        .default(enabledTraits: ["Programs"]),
        .trait(
            name: "Programs",
            description: """
                The package's programs and SwiftletServe. Without it, as with `traits: []`, what only they are built on is \
                not fetched: ArgumentParser, Hummingbird and SwiftNIO.
                """),
    ],
    dependencies: dependencies,
    targets: targets,
    cxxLanguageStandard: .cxx20
)
