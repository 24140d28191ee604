// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The commit for `tarn --version`, told by whoever builds, as dev/check does.
///
/// Not `Context.gitInformation`: the manifest is cached, and after the next commit it would lie. A
/// variable is part of the cache's key; a change of it recompiles one C file.
let commit = (Context.environment["TARN_COMMIT"] ?? "unknown")
    .filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }

// MARK: - Layers (Docs/architecture.md; a target imports its own layer or one above, never below)

/// Shared nouns: identifiers, units, checksums, byte codecs, seeded randomness.
///
/// Imports nothing but the C checksum.
let vocabulary: [Target] = [
    .target(name: "CBuildFacts", cSettings: [.define("TARN_COMMIT", to: "\"\(commit)\"")]),
    .target(name: "CChecksum"),
    .target(name: "Primitives", dependencies: ["CChecksum"]),
    .target(name: "APIModel", dependencies: ["Primitives"]),
    .target(name: "Telemetry", dependencies: ["Primitives"]),
]

/// Decisions.
///
/// Pure, synchronous, deterministic: no clock, no I/O, no logger, no Foundation.
let cores: [Target] = [
    .target(name: "RaftCore", dependencies: ["Primitives"]),
    .target(name: "GossipCore", dependencies: ["Primitives"]),
    .target(name: "CatalogCore", dependencies: ["Primitives"]),
    .target(name: "PlacementCore", dependencies: ["Primitives"]),
    .target(name: "FeedCore", dependencies: ["Primitives"]),
    .target(name: "Codecs", dependencies: ["PlacementCore", "Primitives", "RaftCore", .crypto]),
    .target(
        name: "ElasticCore",
        dependencies: ["CatalogCore", "Codecs", "PlacementCore", "Primitives"]
    ),
]

/// The outside world, one piece a target.
///
/// No policy.
let ports: [Target] = [
    .target(name: "CLinux"),
    .systemLibrary(name: "CFuse3", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    .target(name: "SystemIO", dependencies: ["CLinux", .nioCore, .system]),
    .target(name: "LogStorage", dependencies: ["Primitives", "RaftCore", "SystemIO", .system]),
    .target(
        name: "PageStorage",
        dependencies: ["PlacementCore", "Primitives", "SystemIO", .system, .nioCore]
    ),
    .target(
        name: "PeerTransport",
        dependencies: ["Primitives", "Codecs", "SystemIO", .nioCore, .nioPosix]
    ),
    .target(
        name: "PageTransport",
        dependencies: [
            "CLinux", "Codecs", "PlacementCore", "Primitives", "SystemIO", .nioCore, .nioPosix,
        ]
    ),
    .target(
        name: "Origins",
        dependencies: [
            "Primitives", "CatalogCore", "Codecs", "SystemIO", .asyncHTTPClient, .crypto, .nioCore,
            .nioHTTP1, .nioPosix, .nioSSL, .system,
        ]
    ),
]

/// Wiring: owns cores, drives them from ports, exposes services.
let runtime: [Target] = [
    .target(name: "Settings", dependencies: ["Primitives", .yams]),
    .target(
        name: "Coordination",
        dependencies: [
            "Primitives", "Telemetry", "RaftCore", "GossipCore", "CatalogCore", "ElasticCore",
            "FeedCore", "Codecs", "PlacementCore",
            "LogStorage", "PeerTransport", "SystemIO", .logging, .nioCore, .system,
        ]
    ),
    .target(
        name: "ClientRuntime",
        dependencies: [
            "APIModel", "CatalogCore", "Codecs", "ElasticCore", "Origins", "PageTransport",
            "PlacementCore", "Primitives", "Telemetry", .asyncHTTPClient, .logging, .nioCore,
            .nioHTTP1, .nioPosix,
        ]
    ),
    .target(
        name: "WorkerRuntime",
        dependencies: [
            "CatalogCore", "ClientRuntime", "Codecs", "Coordination", "ElasticCore", "Origins",
            "PageStorage", "PageTransport", "PlacementCore", "Primitives", "Telemetry", .logging,
            .nioCore, .nioPosix,
        ]
    ),
    .target(
        name: "FuseMount",
        dependencies: [
            "CFuse3", "CLinux", "ClientRuntime", "Primitives", "SystemIO", "Telemetry", .logging,
            .nioCore, .system,
        ]
    ),
    .target(
        name: "HTTPAPI",
        dependencies: [
            "APIModel", "CatalogCore", "ClientRuntime", "Coordination", "Origins", "PlacementCore",
            "Primitives", "SystemIO", "Telemetry", .lifecycle, .logging, .nioCore, .nioHTTP1,
            .nioPosix,
        ]
    ),
]

let executables: [Target] = [
    .executableTarget(
        name: "tarn",
        dependencies: [
            "APIModel", "CBuildFacts", "CatalogCore", "ClientRuntime", "Codecs", "Coordination",
            "ElasticCore", "Settings",
            "FuseMount", "HTTPAPI", "LogStorage", "Origins", "PageStorage", "PageTransport",
            "PeerTransport", "PlacementCore", "Primitives", "RaftCore", "SystemIO", "Telemetry",
            "WorkerRuntime", .argumentParser, .asyncHTTPClient, .lifecycle, .logging, .nioCore,
            .nioHTTP1, .nioPosix, .system, .unixSignals,
        ]
    )
]

let testSupport: [Target] = [
    .target(name: "Linearizability", dependencies: ["Primitives"]),
    .target(
        name: "SimulationKit",
        dependencies: [
            "CatalogCore", "Codecs", "ElasticCore", "FeedCore", "Linearizability", "LogStorage",
            "PlacementCore", "Primitives", "RaftCore", .system,
        ]
    ),
    .executableTarget(
        name: "Simulate",
        dependencies: ["Primitives", "SimulationKit", .argumentParser]
    ),
    .target(name: "GossipWorlds", dependencies: ["GossipCore", "Primitives"]),
    .executableTarget(
        name: "SimulateGossip",
        dependencies: ["GossipCore", "GossipWorlds", "Primitives", .argumentParser]
    ),
    .target(
        name: "ScenarioKit",
        dependencies: ["Codecs", "LogStorage", "Primitives", "RaftCore", "SimulationKit"]
    ),
    .executableTarget(
        name: "Scenarios",
        dependencies: ["ScenarioKit", .argumentParser]
    ),
    .target(
        name: "TestKit",
        dependencies: [
            "APIModel", "Origins", "Primitives", "SystemIO", .nioCore, .nioHTTP1, .nioPosix,
            .system,
        ]
    ),
]

let tests: [Target] = [
    .testTarget(name: "PrimitivesTests", dependencies: ["Primitives"]),
    .testTarget(name: "APIModelTests", dependencies: ["APIModel"]),
    .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"]),
    .testTarget(name: "RaftCoreTests", dependencies: ["RaftCore", "Primitives"]),
    .testTarget(
        name: "GossipCoreTests",
        dependencies: ["GossipCore", "GossipWorlds", "Primitives"]
    ),
    .testTarget(name: "CatalogCoreTests", dependencies: ["CatalogCore", "Primitives"]),
    .testTarget(name: "PlacementCoreTests", dependencies: ["PlacementCore", "Primitives"]),
    .testTarget(
        name: "ElasticCoreTests",
        dependencies: ["CatalogCore", "Codecs", "ElasticCore", "PlacementCore", "Primitives"]
    ),
    .testTarget(name: "FeedCoreTests", dependencies: ["FeedCore", "Primitives", "TestKit"]),
    .testTarget(
        name: "CodecsTests",
        dependencies: ["Codecs", "PlacementCore", "Primitives", "RaftCore"]
    ),
    .testTarget(name: "SystemIOTests", dependencies: ["SystemIO", .system]),
    .testTarget(
        name: "LogStorageTests",
        dependencies: [
            "LogStorage", "Primitives", "RaftCore", "SimulationKit", "SystemIO", "TestKit", .system,
        ]
    ),
    .testTarget(
        name: "PageStorageTests",
        dependencies: [
            "PageStorage", "PlacementCore", "Primitives", "SystemIO", "TestKit", .nioCore, .system,
        ]
    ),
    .testTarget(
        name: "PeerTransportTests",
        dependencies: ["PeerTransport", "Codecs", "Primitives", .nioCore, .nioEmbedded, .nioPosix]
    ),
    .testTarget(
        name: "PageTransportTests",
        dependencies: [
            "PageTransport", "Codecs", "PlacementCore", "Primitives", .nioCore, .nioEmbedded,
            .nioPosix,
        ]
    ),
    .testTarget(
        name: "OriginsTests",
        dependencies: [
            "Origins", "CatalogCore", "Codecs", "Primitives", "TestKit", .asyncHTTPClient, .nioCore,
            .nioHTTP1, .nioPosix, .system,
        ]
    ),
    .testTarget(name: "SettingsTests", dependencies: ["Settings", "Primitives"]),
    .testTarget(
        name: "CoordinationTests",
        dependencies: [
            "Coordination", "CatalogCore", "Codecs", "ElasticCore", "FeedCore", "LogStorage",
            "PeerTransport", "Primitives", "RaftCore", "SystemIO", "Telemetry", "TestKit", .logging,
            .logCapture,
            .nioCore,
            .nioPosix, .system,
        ]
    ),
    .testTarget(
        name: "ClientRuntimeTests",
        dependencies: [
            "APIModel", "CatalogCore", "ClientRuntime", "Codecs", "ElasticCore", "HTTPAPI",
            "Origins", "PageTransport", "PlacementCore", "Primitives", "Telemetry", "TestKit",
            .asyncHTTPClient, .logging, .nioCore, .nioPosix, .system,
        ]
    ),
    .testTarget(
        name: "WorkerRuntimeTests",
        dependencies: [
            "WorkerRuntime", "CatalogCore", "ClientRuntime", "Codecs", "ElasticCore", "Origins",
            "PageStorage", "PageTransport", "PlacementCore", "Primitives", "Telemetry", "TestKit",
            .asyncHTTPClient, .logging, .nioCore, .nioPosix, .system,
        ]
    ),
    .testTarget(
        name: "FuseMountTests",
        dependencies: [
            "FuseMount", "ClientRuntime", "Primitives", "Telemetry", "TestKit", .logging, .nioCore,
        ]
    ),
    .testTarget(
        name: "HTTPAPITests",
        dependencies: [
            "HTTPAPI", "APIModel", "CatalogCore", "ClientRuntime", "Coordination", "Origins",
            "Primitives", "Telemetry", "TestKit", .logCapture, .logging, .nioCore, .nioEmbedded,
            .nioHTTP1, .nioPosix,
        ]
    ),
    .testTarget(
        name: "SimulationTests",
        dependencies: ["Primitives", "RaftCore", "Simulate", "SimulationKit", "TestKit", .system]
    ),
    .testTarget(
        name: "ScenarioTests",
        dependencies: ["ScenarioKit"],
        resources: [.copy("Scenarios")]
    ),
    .testTarget(
        name: "LinearizabilityTests",
        dependencies: ["Linearizability", "Primitives"],
        resources: [.copy("Histories")]
    ),
    .testTarget(
        name: "CLITests",
        dependencies: [
            "tarn", "APIModel", "ClientRuntime", "Settings", "Primitives", .argumentParser,
            .logging,
            .nioCore, .nioHTTP1, .nioPosix,
        ]
    ),
    .testTarget(
        name: "DeploymentTests",
        dependencies: ["tarn", "Primitives", "Settings", .argumentParser, .yams]
    ),
    .testTarget(name: "ProcessTests", dependencies: ["APIModel", "Primitives", "TestKit"]),
    .testTarget(
        name: "LabTests",
        dependencies: ["APIModel", "Linearizability", "Primitives", "TestKit", .system]
    ),
    .testTarget(name: "TidyTests"),
]

// MARK: - Package

let package = Package(
    name: "tarn",
    products: [
        .executable(name: "tarn", targets: ["tarn"]),
        .executable(name: "tarn-simulate", targets: ["Simulate"]),
        .executable(name: "tarn-simulate-gossip", targets: ["SimulateGossip"]),
        .executable(name: "tarn-scenarios", targets: ["Scenarios"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system.git", exact: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git",
            exact: "2.13.0"
        ),
    ],
    targets: vocabulary + cores + ports + runtime + executables + testSupport + tests
)

// MARK: - External products, named once

extension Target.Dependency {
    static var argumentParser: Self {
        .product(name: "ArgumentParser", package: "swift-argument-parser")
    }
    static var asyncHTTPClient: Self {
        .product(name: "AsyncHTTPClient", package: "async-http-client")
    }
    static var crypto: Self { .product(name: "Crypto", package: "swift-crypto") }
    static var lifecycle: Self {
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    }
    static var logCapture: Self { .product(name: "InMemoryLogging", package: "swift-log") }
    static var logging: Self { .product(name: "Logging", package: "swift-log") }
    static var nioCore: Self { .product(name: "NIOCore", package: "swift-nio") }
    static var nioEmbedded: Self { .product(name: "NIOEmbedded", package: "swift-nio") }
    static var nioHTTP1: Self { .product(name: "NIOHTTP1", package: "swift-nio") }
    static var nioPosix: Self { .product(name: "NIOPosix", package: "swift-nio") }
    static var nioSSL: Self { .product(name: "NIOSSL", package: "swift-nio-ssl") }
    static var system: Self { .product(name: "SystemPackage", package: "swift-system") }
    static var unixSignals: Self {
        .product(name: "UnixSignals", package: "swift-service-lifecycle")
    }
    static var yams: Self { .product(name: "Yams", package: "Yams") }
}

// MARK: - One language dialect for every Swift target

for target in package.targets
where !["CBuildFacts", "CChecksum", "CLinux", "CFuse3"].contains(target.name) {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),  // SE-0480
        .strictMemorySafety(),  // SE-0458: unsafe code must say `unsafe`
        .enableUpcomingFeature("ExistentialAny"),  // SE-0335
        .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
        .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
    ]
}
