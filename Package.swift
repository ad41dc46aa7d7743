// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")

let package = Package(
    name: "needletail",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["libz-dev"])]),
        .systemLibrary(name: "CGlibc"),
        .target(name: "COTLP", dependencies: ["CProtobufC"]),
        .target(
            name: "CRE2",
            // The archive by its file name, so that the executable needs no libre2 where it runs.
            linkerSettings: [.linkedLibrary(":libre2.a"), .linkedLibrary("stdc++")]),
        .target(name: "OTLPWire", swiftSettings: strict),
        .target(name: "OTLPMessages", dependencies: ["OTLPWire", "COTLP", "CProtobufC"], swiftSettings: strict),
        .target(
            name: "CollectorCore",
            dependencies: ["CRE2", "OTLPWire", nio, .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: strict),
        .target(
            name: "CollectorTransport",
            dependencies: [
                "CollectorCore", "OTLPWire", "CZlib", nio, nioPosix, nioHTTP1, nioHTTP2, nioHPACK, nioTLS, nioSSL,
            ],
            swiftSettings: strict),
        .target(
            name: "CollectorReceivers",
            dependencies: ["CollectorCore", "CollectorTransport", "OTLPMessages", "OTLPWire", nio],
            swiftSettings: strict),
        .target(name: "CollectorProcessors", dependencies: ["CollectorCore", "OTLPWire", nio], swiftSettings: strict),
        .target(name: "CollectorConnectors", dependencies: ["CollectorCore", "OTLPWire", nio], swiftSettings: strict),
        .target(
            name: "CollectorExporters",
            dependencies: [
                "CollectorCore", "CollectorTransport", "OTLPMessages", "OTLPWire", nio,
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "CollectorExtensions", dependencies: ["CollectorCore", "CollectorTransport", nio],
            swiftSettings: strict),
        .target(
            name: "CollectorService",
            dependencies: [
                "CGlibc", "CollectorCore", "CollectorTransport", "OTLPMessages", "OTLPWire", nio, nioPosix,
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "needletail",
            dependencies: [
                "CollectorCore", "CollectorReceivers", "CollectorProcessors", "CollectorConnectors",
                "CollectorExporters", "CollectorExtensions", "CollectorService", "CollectorTransport", "OTLPWire", nio,
                nioPosix,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "otlpload",
            dependencies: [
                "CollectorCore", "CollectorTransport", "OTLPWire", nio, nioPosix,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .target(
            name: "CollectorTestKit", dependencies: ["CollectorCore", "OTLPWire", nio, nioPosix],
            path: "Tests/CollectorTestKit", swiftSettings: strict),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .executableTarget(
            name: "WireBenchmark", dependencies: ["OTLPWire", "AllocationCounter"], path: "Tests/WireBenchmark",
            swiftSettings: strict),
        .executableTarget(
            name: "PrometheusBenchmark",
            dependencies: ["CollectorExporters", "CollectorCore", "CollectorTransport", "CollectorTestKit", nio],
            path: "Tests/PrometheusBenchmark", swiftSettings: strict),
        .testTarget(
            name: "CollectorExportersTests",
            dependencies: [
                "CollectorExporters", "CollectorCore", "CollectorTransport", "OTLPMessages", "OTLPWire",
                "CollectorTestKit", nio,
                nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(name: "OTLPWireTests", dependencies: ["OTLPWire", "OTLPMessages"], swiftSettings: strict),
        .testTarget(name: "OTLPMessagesTests", dependencies: ["OTLPMessages"], swiftSettings: strict),
        .testTarget(
            name: "CollectorCoreTests", dependencies: ["CollectorCore", "OTLPWire", "CollectorTestKit"],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorTransportTests",
            dependencies: [
                "CollectorTransport", "CollectorCore", "CZlib", nio, nioPosix, nioEmbedded, nioHTTP1, nioHTTP2,
                nioHPACK,
                nioSSL,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "WindowBenchmark",
            dependencies: ["CollectorProcessors", "CollectorCore", "OTLPWire", "CollectorTestKit"],
            path: "Tests/WindowBenchmark", swiftSettings: strict),
        .executableTarget(
            name: "ConnectorBenchmark",
            dependencies: ["CollectorConnectors", "CollectorCore", "OTLPWire", "CollectorTestKit"],
            path: "Tests/ConnectorBenchmark", swiftSettings: strict),
        .testTarget(
            name: "CollectorConnectorsTests",
            dependencies: ["CollectorConnectors", "CollectorCore", "OTLPWire", "CollectorTestKit", nio],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorProcessorsTests",
            dependencies: [
                "CollectorProcessors", "CollectorCore", "CollectorTransport", "OTLPWire", "CollectorTestKit", nio,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorServiceTests",
            dependencies: [
                "CollectorCore", "CollectorProcessors", "CollectorService", "CollectorTestKit", "CollectorTransport",
                "OTLPMessages", "OTLPWire", nio, nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorReceiversTests",
            dependencies: [
                "CollectorReceivers", "CollectorCore", "CollectorTransport", "OTLPMessages", "OTLPWire",
                "CollectorTestKit", nio, nioPosix, nioHTTP1,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorExtensionsTests",
            dependencies: [
                "CollectorExtensions", "CollectorCore", "CollectorTransport", "CollectorTestKit", nio, nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OTLPLoadTests", dependencies: ["otlpload", "CollectorCore", "OTLPWire", nio], swiftSettings: strict),
    ]
)
