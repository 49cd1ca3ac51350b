// swift-tools-version: 6.2
import PackageDescription

/// The library that drives a fuzzer. `Fuzz/run` alone says where it is; without it nothing here is about fuzzing.
let fuzzerRuntime = Context.environment["HUGGY_RELAY_FUZZ"]
/// Counts where a fuzzer's input leads, watches memory, keeps assertions in a release, and lets the fuzzer see what tests see.
let fuzzed = ["-sanitize=fuzzer,address", "-assert-config", "Debug", "-enable-testing"]
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")

/// What every target of ours is compiled with. CI makes our warnings errors; the dependencies' are theirs.
let strict: [SwiftSetting] =
  [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]
  + (Context.environment["WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])
  + (fuzzerRuntime == nil ? [] : [.unsafeFlags(fuzzed)])

/// How releases are linked: by the toolchain's own lld, with nothing kept for who would load the program as a library, with
/// relocations in a tenth of their room (docs/decisions/0046-what-the-binary-is-made-of.md), and with all that they point to
/// read-only once it has started (0059-how-the-binary-is-hardened.md).
let small: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-use-ld=lld", "-Xlinker", "--no-export-dynamic", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
      "-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now",
    ],
    .when(platforms: [.linux], configuration: .release))
]

/// What our C is compiled with in releases: it looks at the sizes that the compiler knows.
let fortified: [CSetting] = [.define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release))]

let package = Package(
  name: "huggy-relay",
  products: [.executable(name: "huggy-relay", targets: ["huggy-relay"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    // The listeners' TLS, and a TLS server for tests.
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    // Without its traits: it would read its settings by swift-configuration, and times by all of Foundation.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Pure: no I/O, no clock reads, nothing but the standard library.
    .target(name: "RelayJSON", swiftSettings: strict),
    .target(name: "RelayText", swiftSettings: strict),
    .target(name: "RelayCore", dependencies: ["RelayJSON", "RelayText"], swiftSettings: strict),

    // The only locks and threads of our own; and what else only the system knows: times, and random numbers.
    .target(name: "RelayThreads", swiftSettings: strict),
    .systemLibrary(name: "CMachine"),
    .target(name: "RelaySystem", dependencies: ["CMachine"], swiftSettings: strict),

    // What every store does alike: who has asked for what, what is committed together, who is told.
    .target(
      name: "RelayStoring", dependencies: ["RelayCore", "RelayText", "RelayThreads"], swiftSettings: strict),

    // libcurl's own TLS library: what libcurl does not let us say of trust, and SHA-256.
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "CDigest", dependencies: ["COpenSSL"], cSettings: fortified),
    .target(name: "RelayDigest", dependencies: ["CDigest"], swiftSettings: strict),

    // Adapters: none imports another.
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(
      name: "RelayConfig",
      dependencies: ["CYAML", "RelayCore", "RelayDigest", "RelaySystem", "RelayText"],
      swiftSettings: strict),
    .systemLibrary(
      name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .target(name: "CSQLiteLog", dependencies: ["CSQLite"], cSettings: fortified),
    .target(
      name: "RelaySQLite",
      dependencies: ["RelayCore", "RelayStoring", "RelayText", "RelayThreads", "CSQLite", "CSQLiteLog"],
      swiftSettings: strict),
    .systemLibrary(
      name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(
      name: "RelayPostgres",
      dependencies: ["RelayCore", "RelayStoring", "RelayText", "RelayThreads", "CEpoll", "CPostgres"],
      swiftSettings: strict),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CEpoll"),
    .target(name: "CTrust", dependencies: ["COpenSSL"], cSettings: fortified),
    .target(
      name: "RelayCurl", dependencies: ["RelayCore", "RelayThreads", "CCurl", "CEpoll", "CTrust"],
      swiftSettings: strict),

    // The data's path.
    .target(
      name: "RelayPipeline",
      dependencies: [
        "RelayCore", "RelayDigest", "RelayJSON", "RelaySystem", "RelayText", "RelayThreads",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // The files that events point to: fetched, and kept.
    .target(
      name: "RelayAttachments",
      dependencies: [
        "RelayCore", "RelayDigest", "RelayText", "RelayThreads",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // What the two listeners share: how they open their sockets, and what they say when they can't.
    .target(
      name: "RelayListening",
      dependencies: [
        "RelayCore", "RelaySystem", "RelayThreads", .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "RelayIngest",
      dependencies: [
        "CZlib", "RelayCore", "RelayListening", "RelayPipeline", "RelayText", "RelayThreads",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),

    // The listener that gives rescued files to who has a signed link.
    .target(
      name: "RelayFiles",
      dependencies: [
        "RelayCore", "RelayJSON", "RelayListening", "RelayPipeline", "RelayText", "RelayThreads",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),

    // The page for people, its files within the binary.
    .target(name: "CDashboard", exclude: ["files"]),

    // What operators see and do: the admin API, and the page.
    .target(
      name: "RelayAdmin",
      dependencies: [
        "CDashboard", "RelayCore", "RelayDigest", "RelayJSON", "RelayListening", "RelayPipeline", "RelayText",
        "RelayThreads",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),

    // The other two ends, for trying the relay out: a receiver, and a player of Huggy's part.
    .target(
      name: "RelayTools",
      dependencies: [
        "RelayCore", "RelayCurl", "RelayJSON", "RelayPipeline", "RelaySystem", "RelayText", "RelayThreads",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "huggy-relay",
      dependencies: [
        "CMachine", "RelayAdmin", "RelayAttachments", "RelayConfig", "RelayCore", "RelayCurl", "RelayDigest",
        "RelayFiles",
        "RelayIngest", "RelayJSON",
        "RelayListening", "RelayPipeline", "RelayPostgres", "RelaySQLite", "RelaySystem", "RelayText",
        "RelayThreads", "RelayTools",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict, linkerSettings: small),

    // `make demo`, and what it shares with the end-to-end tests.
    .target(name: "RelayHarness", dependencies: ["RelayThreads"], swiftSettings: strict),
    .executableTarget(
      name: "relay-demo",
      dependencies: [
        "RelayCore", "RelayHarness", "RelayPipeline", "RelaySQLite", "RelayText", "RelayThreads",
        "RelayTools",
      ],
      swiftSettings: strict),

    .target(
      name: "RelayTestSupport", dependencies: ["RelayCore", "RelayHarness", "RelaySystem", "RelayThreads"],
      path: "Tests/RelayTestSupport", swiftSettings: strict),
    // Drives a Chromium, for the tests of the dashboard.
    .target(
      name: "RelayBrowser", dependencies: ["RelayCurl", "RelayHarness", "RelayThreads"],
      path: "Tests/RelayBrowser", swiftSettings: strict),
    // Starts PostgreSQL servers, for the tests of that store.
    .target(
      name: "RelayPostgresSupport", dependencies: ["RelayHarness", "RelayPostgres", "RelayThreads"],
      path: "Tests/RelayPostgresSupport", swiftSettings: strict),
    .testTarget(name: "RelayTextTests", dependencies: ["RelayText"], swiftSettings: strict),
    .testTarget(
      name: "RelayListeningTests",
      dependencies: [
        "RelayCore", "RelayListening", "RelayThreads", .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayJSONTests", dependencies: ["RelayJSON", "RelayTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "RelayCoreTests", dependencies: ["RelayCore", "RelayJSON", "RelayTestSupport", "RelayText"],
      swiftSettings: strict),
    .testTarget(name: "RelayDigestTests", dependencies: ["RelayDigest"], swiftSettings: strict),
    .testTarget(
      name: "RelayConfigTests",
      dependencies: ["RelayConfig", "RelayCore", "RelaySystem"],
      swiftSettings: strict),
    .testTarget(
      name: "RelayStoringTests",
      dependencies: ["RelayCore", "RelayStoring", "RelayTestSupport", "RelayThreads"],
      swiftSettings: strict),
    .testTarget(
      name: "RelaySQLiteTests",
      dependencies: [
        "RelayCore", "RelayHarness", "RelaySQLite", "RelayStoring", "RelayTestSupport", "RelayThreads",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayPostgresTests",
      dependencies: [
        "RelayCore", "RelayHarness", "RelayPostgres", "RelayPostgresSupport", "RelaySQLite", "RelayStoring",
        "RelayTestSupport", "RelayText", "RelayThreads",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayCurlTests",
      dependencies: [
        "CCurl", "RelayCore", "RelayCurl", "RelayHarness", "RelaySystem", "RelayTestSupport", "RelayThreads",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayAttachmentsTests",
      dependencies: [
        "RelayAttachments", "RelayCore", "RelayHarness", "RelaySQLite", "RelayTestSupport", "RelayThreads",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayPipelineTests",
      dependencies: [
        "RelayCore", "RelayHarness", "RelayPipeline", "RelaySQLite", "RelayStoring", "RelayTestSupport",
        "RelayThreads",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayAdminTests",
      dependencies: [
        "RelayAdmin", "RelayCore", "RelayListening", "RelayPipeline", "RelayTestSupport", "RelayThreads",
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayIngestTests",
      dependencies: [
        "CZlib", "RelayCore", "RelayIngest", "RelayListening", "RelayPipeline", "RelayTestSupport",
        "RelayThreads",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayFilesTests",
      dependencies: [
        "RelayCore", "RelayFiles", "RelayHarness", "RelayListening", "RelayPipeline", "RelayTestSupport",
        "RelayThreads",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RelayToolsTests",
      dependencies: [
        "RelayCore", "RelayCurl", "RelayJSON", "RelayPipeline", "RelaySystem", "RelayText", "RelayThreads",
        "RelayTools",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "RelayAdmin", "RelayBrowser", "RelayCore", "RelayCurl", "RelayHarness", "RelayPipeline",
        "RelayPostgres", "RelayPostgresSupport", "RelaySQLite", "RelayTestSupport", "RelayThreads",
        "RelayTools",
        "huggy-relay",
      ],
      swiftSettings: strict),
  ]
)

if let fuzzerRuntime {
  // What takes longest to build can't be fuzzed: TLS, and the servers around what reads requests.
  for target in package.targets {
    switch target.name {
    case "RelayListening": (target.path, target.dependencies) = ("Fuzz/Listening", ["RelayCore", nioCore])
    case "RelayIngest": target.exclude = ["Server/ConnectionInitializer.swift", "Server/IngestServer.swift"]
    case "RelayAdmin":
      target.exclude = ["Server"]
      // Optimizing it takes minutes, and makes it hardly faster.
      target.swiftSettings = strict + [.unsafeFlags(["-Onone"])]
      target.dependencies = [
        "CDashboard", "RelayCore", "RelayDigest", "RelayJSON", "RelayPipeline", "RelayText", "RelayThreads",
        .product(name: "Logging", package: "swift-log"), nioCore,
        .product(name: "NIOPosix", package: "swift-nio"),
      ]
    default: break
    }
  }
  package.targets.append(
    .executableTarget(
      name: "relay-fuzz",
      dependencies: [
        "RelayAdmin", "RelayConfig", "RelayCore", "RelayIngest", "RelayJSON", "RelayPipeline", nioCore,
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      path: "Fuzz/Sources", swiftSettings: strict,
      linkerSettings: [
        .unsafeFlags(["-use-ld=lld", "-sanitize=address", "-Xlinker", fuzzerRuntime, "-lstdc++"])
      ]))
}
