// swift-tools-version: 6.2
import PackageDescription

/// The parts of the relay's work, bare: what they cost when nothing is added. `Benchmarks/bench` measures them in the
/// same run as the relay.
let package = Package(
  name: "floor",
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0")
  ],
  targets: [
    .executableTarget(
      name: "floor-http",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(name: "floor-sqlite", linkerSettings: [.linkedLibrary("sqlite3")]),
    .executableTarget(name: "floor-postgres", linkerSettings: [.linkedLibrary("pq")]),
    .executableTarget(name: "floor-curl", linkerSettings: [.linkedLibrary("curl")]),
    .executableTarget(name: "floor-json", linkerSettings: [.linkedLibrary("simdjson")]),
  ],
  cxxLanguageStandard: .cxx17
)
