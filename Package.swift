// swift-tools-version: 6.2
import PackageDescription

// The executables carry Swift's libraries with them, so that they start quickly and run where no Swift is installed. It is
// a matter of linking alone: programs and tests share everything that is compiled. The last three are what the static
// library of FoundationEssentials needs and does not name.
let linkedStatically: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections", "-lswiftSynchronization"],
        .when(platforms: [.linux]))
]

// Arrows point down only; ARCHITECTURE.md has the picture and the reason for each target.
let package = Package(
    name: "skylab",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "skylab", targets: ["skylab"]),
        .executable(name: "labapp", targets: ["labapp"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        // No traits: each of them would link all of Foundation.
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0", traits: []),
    ],
    targets: [
        // Executables.
        .executableTarget(
            name: "skylab",
            dependencies: [
                "Cloud", "Lab", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ], linkerSettings: linkedStatically),
        .executableTarget(
            name: "labapp",
            dependencies: [
                "AWSClient", "AWSModels", "HTTPServer", .product(name: "Logging", package: "swift-log"),
            ], linkerSettings: linkedStatically),

        // Product and composition.
        .target(
            name: "Lab",
            dependencies: [
                "AWSClient", "AWSModels", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(
            name: "Cloud",
            dependencies: ["Services", "HTTPServer", .product(name: "Logging", package: "swift-log")]),

        // Services, a folder each; they reach one another only through protocols.
        .target(
            name: "Services",
            dependencies: ["AWSModels", "ObjectStore", .product(name: "Crypto", package: "swift-crypto")]),

        // Engines: no HTTP, no AWS wire, clock injected.
        .target(
            name: "ObjectStore",
            dependencies: ["Ground", .product(name: "NIOPosix", package: "swift-nio")]),

        // Ground.
        .target(
            name: "AWSClient",
            dependencies: [
                "AWSWire", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(name: "AWSModels", dependencies: ["AWSWire"]),
        .target(
            name: "AWSWire",
            dependencies: [
                "Ground", .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(
            name: "HTTPServer",
            dependencies: [
                "Ground", .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .target(
            name: "Ground",
            dependencies: [
                "CSQLite", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),

        // The codecs as a process, so that botocore itself can be asked whether they are right.
        .executableTarget(
            name: "wireprobe", dependencies: ["AWSModels"], path: "Conformance/WireProbe",
            linkerSettings: linkedStatically),

        // Tests.
        .testTarget(name: "GroundTests", dependencies: ["Ground"]),
        .testTarget(name: "AWSWireTests", dependencies: ["AWSWire", "AWSModels"]),
        .testTarget(name: "AWSClientTests", dependencies: ["AWSClient", "AWSModels"]),
        .testTarget(name: "HTTPServerTests", dependencies: ["HTTPServer"]),
        .testTarget(name: "ObjectStoreTests", dependencies: ["ObjectStore"]),
        .testTarget(name: "ServicesTests", dependencies: ["Services"]),
    ],
    swiftLanguageModes: [.v6]
)
