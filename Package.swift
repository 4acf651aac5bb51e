// swift-tools-version: 6.2
import PackageDescription

/// The layers of the product, lowest first. A target may only depend on targets above it in this list
/// (`docs/architecture.md` draws the arrows); parsers know no database, analyses know no file format.
let package = Package(
    name: "tidemark",
    products: [
        .executable(name: "tidemark", targets: ["tidemark"]),
        .executable(name: "promqltest", targets: ["promqltest"]),
        .library(name: "TidemarkSQLite", type: .dynamic, targets: ["TidemarkSQLite"]),
        .library(name: "TidemarkBase", targets: ["TidemarkBase"]),
        .library(name: "TidemarkFormats", targets: ["TidemarkFormats"]),
        .library(name: "TidemarkIntake", targets: ["TidemarkIntake"]),
        .library(name: "TidemarkStore", targets: ["TidemarkStore"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "TidemarkBase"),
        .target(name: "TidemarkStatistics", dependencies: ["TidemarkBase"]),
        .target(name: "TidemarkEvidence", dependencies: ["TidemarkBase"]),
        .target(name: "TidemarkSeries", dependencies: ["TidemarkBase"]),
        .target(name: "TidemarkFormats", dependencies: ["TidemarkBase", "TidemarkEvidence", "TidemarkSeries"]),
        .target(name: "TidemarkSampleTable", dependencies: ["CSQLite", "TidemarkBase", "TidemarkSeries"]),
        // The library must load into a process that has no Swift runtime on its path.
        .target(
            name: "TidemarkSQLite", dependencies: ["CSQLite", "TidemarkSampleTable"],
            linkerSettings: [.unsafeFlags(["-static-stdlib"])]),
        .target(
            name: "TidemarkStore",
            dependencies: ["CSQLite", "TidemarkBase", "TidemarkEvidence", "TidemarkSeries", "TidemarkSampleTable"]),
        .target(
            name: "TidemarkIntake", dependencies: ["CZlib", "TidemarkFormats", "TidemarkStatistics", "TidemarkStore"]),
        .target(name: "TidemarkPromQL", dependencies: ["TidemarkBase", "TidemarkSeries"]),
        .target(
            name: "TidemarkRules",
            dependencies: ["TidemarkBase", "TidemarkPromQL", .product(name: "Yams", package: "Yams")]),
        .target(
            name: "TidemarkAnalysis", dependencies: ["TidemarkStore", "TidemarkPromQL", "TidemarkStatistics"]),
        .target(name: "TidemarkReport", dependencies: ["CZlib", "TidemarkBase", "TidemarkAnalysis"]),
        // The only part that talks to live servers; what it leaves are files for the intake.
        .target(name: "TidemarkCapture", dependencies: ["CZlib", "TidemarkBase", "TidemarkStore"]),
        .target(
            name: "TidemarkCLI",
            dependencies: [
                "TidemarkIntake", "TidemarkAnalysis", "TidemarkReport", "TidemarkRules", "TidemarkCapture",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "tidemark", dependencies: ["TidemarkCLI"]),
        .executableTarget(name: "promqltest", dependencies: ["TidemarkPromQL"]),
        .target(
            name: "TidemarkFuzzTargets", dependencies: ["TidemarkFormats", "TidemarkPromQL"], path: "Fuzz/Targets"),
        .target(name: "TidemarkTestSupport", path: "Tests/TidemarkTestSupport"),
        .testTarget(name: "TidemarkBaseTests", dependencies: ["TidemarkBase", "TidemarkTestSupport"]),
        .testTarget(
            name: "TidemarkStatisticsTests",
            dependencies: ["TidemarkBase", "TidemarkStatistics", "TidemarkTestSupport"]),
        .testTarget(name: "TidemarkSeriesTests", dependencies: ["TidemarkSeries", "TidemarkTestSupport"]),
        .testTarget(name: "TidemarkFormatsTests", dependencies: ["TidemarkFormats", "TidemarkTestSupport"]),
        .testTarget(
            name: "TidemarkStoreTests",
            dependencies: ["TidemarkIntake", "TidemarkPromQL", "TidemarkTestSupport", "tidemark"]),
        .testTarget(
            name: "TidemarkPromQLTests", dependencies: ["TidemarkPromQL", "TidemarkIntake", "TidemarkTestSupport"]),
        .testTarget(name: "TidemarkRulesTests", dependencies: ["TidemarkRules", "TidemarkTestSupport"]),
        .testTarget(
            name: "TidemarkAnalysisTests", dependencies: ["TidemarkIntake", "TidemarkAnalysis", "TidemarkTestSupport"]),
        .testTarget(name: "FuzzTests", dependencies: ["TidemarkFuzzTargets", "TidemarkTestSupport"]),
        .testTarget(name: "TidemarkReportTests", dependencies: ["TidemarkReport", "TidemarkTestSupport"]),
        .testTarget(
            name: "TidemarkCaptureTests", dependencies: ["TidemarkCapture", "TidemarkTestSupport", "tidemark"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "TidemarkIntake", "TidemarkAnalysis", "TidemarkPromQL", "TidemarkReport", "TidemarkTestSupport",
                "tidemark",
            ]),
    ]
)

// The run-time check of exclusive access costs a tenth of an ingest. Tests run in debug, where it stays.
for target in package.targets where target.type == .regular || target.type == .executable {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
        ]
}

// Built only by `scripts/fuzz.sh`: with libFuzzer a program has no main of its own.
if Context.environment["TIDEMARK_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(name: "tidemark-fuzz", dependencies: ["TidemarkFuzzTargets"], path: "Fuzz/Main"))
}

// Micro-benchmarks of the parsers, and the finder of change points as a filter: Benchmarks/README.md.
if Context.environment["TIDEMARK_BENCH"] != nil {
    package.targets.append(
        .executableTarget(
            name: "tidemark-bench-formats", dependencies: ["TidemarkFormats"], path: "Benchmarks/Formats"))
    package.targets.append(
        .executableTarget(
            name: "tidemark-bench-changepoints", dependencies: ["TidemarkStatistics"], path: "Benchmarks/ChangePoints"))
}
