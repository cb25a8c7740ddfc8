// swift-tools-version: 6.2
import Foundation
import PackageDescription

// One binary, `evenkeel`, made of small rooms. Who may import whom is kept by Tests/HouseTests.

/// Whether librdkafka is there; without it the program is built without Kafka. EVENKEEL_KAFKA=0 leaves it out all the same, and 1 takes it from
/// where only pkg-config finds it.
let hasKafka =
    switch Context.environment["EVENKEEL_KAFKA"] {
    case "0": false
    case "1": true
    default: ["/usr", "/usr/local"].contains { FileManager.default.fileExists(atPath: $0 + "/include/librdkafka/rdkafka.h") }
    }
let kafkaSettings: [SwiftSetting] = hasKafka ? [.define("KAFKA")] : []
let kafkaLibrary: [Target] =
    hasKafka ? [.systemLibrary(name: "CKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])])] : []

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

// Rooms with hot loops are optimised in debug builds too: SIMD code at -Onone is 250 times slower.
let hot: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// Tests reach through several rooms at once, so they need not import what they only touch.
let testing: [SwiftSetting] = [.swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error)]

func room(_ name: String, _ dependencies: [Target.Dependency], hot isHot: Bool = false, kafka: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: (isHot ? hot : strict) + kafka)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], kafka: [SwiftSetting] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], resources: resources, swiftSettings: testing + kafka)
}

let package = Package(
    name: "evenkeel",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "evenkeel", targets: ["evenkeel"]), .library(name: "EvenkeelClient", targets: ["EvenkeelClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // Floor 0: C. Each library is imported by one folder only.
        .systemLibrary(name: "CGSL", pkgConfig: "gsl", providers: [.apt(["libgsl-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"])]),

        // Floor 1: words, loops, tables' text.
        room("Vocabulary", ["CCrypto"], hot: true),
        room("Kernels", ["CKernels"], hot: true),
        .target(
            name: "Migrations", path: "sql",
            resources: [.embedInCode("migrations"), .embedInCode("queries")], swiftSettings: strict),

        // Floor 2: numbers.
        room("Statistics", ["Kernels", "CGSL"], hot: true),
        room("Profiles", ["Vocabulary", "Kernels"], hot: true),
        room("Tables", ["Vocabulary", "Kernels"], hot: true),
        room("Inference", ["Kernels"], hot: true),

        // Floor 3: the jobs. They meet through the ports of Vocabulary and Profiles, never through each other.
        room("Storage", ["Vocabulary", "Kernels", "Profiles", "Migrations", "CPostgres"]),
        room(
            "Collecting", ["Vocabulary", "Kernels", "Profiles", "Tables", "CZlib", "CZstd"] + (hasKafka ? ["CKafka"] : []), hot: true,
            kafka: kafkaSettings),
        room("Monitoring", ["Vocabulary", "Profiles", "Statistics"]),
        room("Alerting", ["Vocabulary", "CCurl"]),
        room("Shadowing", ["Vocabulary", "Statistics"], hot: true),

        // Floor 4: questions about files, and what people and Prometheus read.
        room("Analysis", ["Vocabulary", "Statistics", "Tables", "Inference", "Shadowing"], hot: true),
        room("Reporting", ["Vocabulary"]),
        room("Pages", ["Vocabulary", "Reporting"]),

        // Floor 5: the only room that joins them.
        room(
            "Service",
            [
                "Vocabulary", "Kernels", "Statistics", "Profiles", "Tables", "Inference", "Storage", "Collecting", "Monitoring", "Alerting",
                "Shadowing", "Reporting", "Pages",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // Beside the house: what applications embed. It knows the service by HTTP only.
        room("EvenkeelClient", []),

        // Floor 6: subcommands, thin.
        .executableTarget(
            name: "evenkeel",
            dependencies: [
                "Service", "Vocabulary", "Tables", "Storage", "Collecting", "Monitoring", "Alerting", "Analysis", "Shadowing", "Reporting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // Time kernels and statistics for Benchmarks/run.py; the second one also simulates what intervals and tests promise.
        .executableTarget(name: "kernel-benchmarks", dependencies: ["Kernels"], path: "Benchmarks/Kernels", swiftSettings: testing),
        .executableTarget(
            name: "statistics-benchmarks", dependencies: ["Statistics", "Profiles", "Monitoring", "Vocabulary"],
            path: "Benchmarks/Statistics", swiftSettings: testing),
        .executableTarget(
            name: "inference-benchmarks", dependencies: ["Inference"], path: "Benchmarks/Inference",
            exclude: ["networks.py", "peers.py", "timing.py", "times.py"],
            swiftSettings: testing),
        .executableTarget(
            name: "exposition-benchmarks", dependencies: ["Reporting", "Vocabulary"], path: "Benchmarks/Exposition", swiftSettings: testing),
        // Simulates months of models: how often alarms are false and how late they are.
        .executableTarget(
            name: "alarm-benchmarks", dependencies: ["Statistics", "Profiles", "Monitoring", "Alerting", "Vocabulary"],
            path: "Benchmarks/Alarms", swiftSettings: testing),

        // A/A comparisons with a look every 100 rows, and how soon a true difference is decided.
        .executableTarget(
            name: "shadow-benchmarks", dependencies: ["Shadowing", "Statistics"], path: "Benchmarks/Shadow", swiftSettings: testing),

        // Tests mirror the rooms.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: hot),
        tests("HouseTests", []),
        tests("VocabularyTests", ["Vocabulary"]),
        tests("KernelsTests", ["Kernels"]),
        tests("StatisticsTests", ["Statistics", "Vocabulary"]),
        tests("ProfilesTests", ["Profiles", "Vocabulary", "Kernels", "Statistics"]),
        tests("TablesTests", ["Tables", "Vocabulary"]),
        tests("StorageTests", ["Storage", "Vocabulary", "Profiles", "Statistics", "Migrations"]),
        tests("CollectingTests", ["Collecting", "Vocabulary", "Tables", "Profiles"]),
        tests(
            "KafkaTests", ["Service", "Vocabulary", "Storage", "Collecting", "Profiles"] + (hasKafka ? ["CKafka"] : []),
            kafka: kafkaSettings),
        tests("MonitoringTests", ["Monitoring", "Vocabulary", "Profiles", "Statistics"]),
        tests("AlertingTests", ["Alerting", "Vocabulary"]),
        tests("InferenceTests", ["Inference"]),
        tests("ShadowingTests", ["Shadowing", "Statistics", "Vocabulary"]),
        tests("AnalysisTests", ["Analysis", "Statistics", "Tables", "Vocabulary", "Reporting"]),
        tests("ReportingTests", ["Reporting", "Vocabulary", "Monitoring"]),
        tests("PagesTests", ["Pages", "Vocabulary", "Reporting"]),
        tests(
            "EvenkeelClientTests",
            [
                "EvenkeelClient", "Service", "Vocabulary", .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "ServiceTests",
            [
                "Service", "Vocabulary", "Storage", "Profiles", "Statistics", "Tables", "Collecting", "Alerting", "Pages", "Shadowing",
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
    ] + kafkaLibrary
)
