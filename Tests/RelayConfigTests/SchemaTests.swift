import Foundation
import RelayCore
import Testing

@testable import RelayConfig

/// Each text of these tests is also put to the schema, which takes the valid ones and refuses the faulty ones that it can:
/// `ConfigurationLoader.checked` does it.
@Suite struct SchemaTests {
  private static let schema = ConfigurationSchema.json()

  static func accepts(_ yaml: String) throws -> Bool { try SchemaValidator(schema).accepts(yaml: yaml) }

  /// What the reader takes, the schema for editors must not refuse.
  static func expectAccepts(_ text: String) {
    #expect(throws: Never.self) {
      let isAccepted = try accepts(text)
      #expect(isAccepted, "refused by the schema: \(text)")
    }
  }

  /// - Parameter problems: What the reader says of it.
  static func expectRefuses(_ text: String, for problems: [String]) {
    // Here, as in the reader, nothing is made of such a text: it might grow without end.
    guard YAMLScan(text).findings.isEmpty else { return }
    #expect(throws: Never.self) {
      let told = problems.filter { problem in !beyond.contains { problem.contains($0) } }
      let isAccepted = try told.isEmpty ? false : accepts(text)
      #expect(!isAccepted, "accepted by the schema, for all that is wrong (\(told)): \(text)")
    }
  }

  /// What no schema can know: what is said in another place, behind a reference, or by the spelling of a value.
  private static let beyond = [
    // Files, and what stands behind references.
    "no such file", "can't be read", "not a PEM file", "the value of ${", "the environment has no",
    "a '${' is not closed",
    "a reference is written", "holds another reference", "hold ${NAME}",
    // What is said elsewhere.
    "is no destination", "is no source", "another route has this name", "stands twice", "has this path too",
    "sets the header Authorization", "set the header Authorization", "url holds credentials too",
    "max_delay is shorter", "max_inflight is less", "takes this address", "give one of the two another port",
    // Sizes and times in several units, and numbers that are written as texts.
    "is too short", "is too long", "is too small", "is too large", "out of range", "a port that is",
    "is not base64",
    // How a value is spelled, which is not in the value; names in whatever case.
    "is a boolean to some YAML readers", "is a number to some YAML readers", "is set by the relay",
    "holds a line break",
    "the relay's own path", "holds a space",
    "the file is larger", "others than this machine can reach this address", "another person has this",
    "is a name that the relay gives itself", "has a name for its host",
    // What it could refuse, and does not: these are told by `check`.
    "learn stands alone", "is not a host name", "is neither less nor greater than anything",
  ]

  @Test func theExampleIsAccepted() throws {
    let text = try String(contentsOfFile: ExampleTests.path, encoding: .utf8)
    #expect(try Self.accepts(text))
  }

  /// Broken by a key that is read, and that `config show` and `config diff` don't know.
  @Test func eachKeyOfTheSchemaIsShown() throws {
    let schema = try JSONSerialization.jsonObject(with: Data(Self.schema.utf8))
    let shown = try configuration(of: ConfigurationTreeTests.full).tree
    // `defaults` are in each destination, and `ca` would be a file.
    #expect(Self.keys(of: schema).subtracting(Self.keys(in: shown)) == ["defaults", "ca"])
  }

  private static func keys(of schema: Any) -> Set<String> {
    if let list = schema as? [Any] { return list.reduce(into: []) { $0.formUnion(keys(of: $1)) } }
    guard let object = schema as? [String: Any] else { return [] }
    let own = object["properties"] as? [String: Any] ?? [:]
    return (Array(own.values) + object.filter { $0.key != "properties" }.map(\.value))
      .reduce(into: Set(own.keys)) { $0.formUnion(keys(of: $1)) }
  }

  private static func keys(in tree: ConfigurationTree) -> Set<String> {
    if case .list(let items) = tree { return items.reduce(into: []) { $0.formUnion(keys(in: $1)) } }
    return (tree.entries ?? []).reduce(into: []) {
      $0.insert($1.key)
      $0.formUnion(keys(in: $1.value))
    }
  }

  /// Broken by a keyword that is misspelt or a part that is left open.
  @Test(arguments: [
    "sources: { huggy: { token: t, tokn: t } }", "sources: {}", "server: {}",
    "sources: { huggy: { dedupe: 24 } }",
    oneSource + "server: { drain: 1 week }", oneSource + "destinations: { crm: {} }",
    oneSource + "destinations: { crm: { url: \"ftp://x\" } }", oneSource + "routes: [{ name: r }]",
    oneSource + "routes: [{ name: r, drop: true, match: { where: { a: { near: 1 } } } }]",
    oneSource + "routes: [{ name: r, drop: true, match: { where: { a: { not: { not: { near: 1 } } } } } }]",
  ])
  func thisIsRefused(_ text: String) throws { #expect(try !Self.accepts(text)) }
}
