import Foundation
import Testing

/// Huggy's own example envelopes.
struct Fixture: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]

  var testDescription: String { name }

  static let all: [Fixture] = {
    let folder = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
      guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)) else { return nil }
      return Fixture(name: String(name.dropLast(5)), bytes: [UInt8](data))
    }
  }()

  static func named(_ name: String) -> [UInt8] { all.first { $0.name == name }?.bytes ?? [] }
}
