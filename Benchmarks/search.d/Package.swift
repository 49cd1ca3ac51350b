// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]

/// The relay's store and what searches in it, without the relay around them: `Benchmarks/search` fills one and measures.
let package = Package(
  // `package` declarations are those of this name's package.
  name: "huggy-relay",
  targets: [
    .target(name: "RelayJSON", swiftSettings: strict),
    .target(name: "RelayText", swiftSettings: strict),
    .target(name: "RelayCore", dependencies: ["RelayJSON", "RelayText"], swiftSettings: strict),
    .target(name: "RelayThreads", swiftSettings: strict),
    .target(name: "RelayStoring", dependencies: ["RelayCore", "RelayThreads"], swiftSettings: strict),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3"),
    .target(name: "CSQLiteLog", dependencies: ["CSQLite"]),
    .target(
      name: "RelaySQLite",
      dependencies: ["RelayCore", "RelayStoring", "RelayText", "RelayThreads", "CSQLite", "CSQLiteLog"],
      swiftSettings: strict),
    .executableTarget(
      name: "searchbench", dependencies: ["CSQLite", "RelayCore", "RelaySQLite", "RelayThreads"],
      swiftSettings: strict),
  ])
