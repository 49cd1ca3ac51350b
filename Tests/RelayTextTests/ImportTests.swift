import Foundation
import Testing

/// What the relay's binary has within it (docs/decisions/0046-what-the-binary-is-made-of.md).
@Suite struct ImportTests {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "../../Sources"
  )
  .standardizedFileURL
  /// Of the demo, and of tests: not linked into the relay.
  private static let others = ["RelayHarness", "relay-demo"]

  /// One is enough for the linker to take all of Foundation, and ICU: 43 MB.
  @Test func nothingInTheRelayImportsAllOfFoundation() throws {
    let files = FileManager.default.enumerator(atPath: Self.sources.path)?.compactMap { $0 as? String } ?? []
    let linked = files.filter { file in
      file.hasSuffix(".swift") && !Self.others.contains { file.hasPrefix("\($0)/") }
    }
    #expect(linked.count > 300)
    for file in linked {
      let text = try String(contentsOf: Self.sources.appending(path: file), encoding: .utf8)
      let imports = text.split(separator: "\n").filter {
        $0.hasSuffix("import Foundation") && !$0.hasPrefix("//")
      }
      #expect(imports.isEmpty, "\(file)")
    }
  }
}
