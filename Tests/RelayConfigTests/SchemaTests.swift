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
      // What a reference leads to is not looked at.
      let beyond = beyond + (text.contains("${") ? ["learn stands alone"] : [])
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
    "others than this machine can reach this address", "they do not fit", "holds no certificate",
    "holds no private key", "is missing beside it",
    "another person has this",
    "give the source another with path", "a heartbeat says that", "only `format: heartbeat` has it",
    "these are too many", "its links would lead nowhere", "no source has attachments",
    "files are kept beside a store", "max_total is less",
    // Times and days of the calendar, and what this machine knows of time zones.
    "has no length", "is in part the same time", "is longer than the hours", "is no day of the calendar",
    "is not a time zone that this machine knows", "this machine has no time zones",
    "is not a time zone's file",
    "is not a time with its offset",
    // Keys: that their halves belong together.
    "its second half is not the public key",
    // Addresses: more than their form.
    "is not a range of addresses", "has bits behind its length", "has a wrong length",
    "nobody may send a PROXY header", "of the environment is none that can be used",
    "is not an address; write one", "holds a user's name", "has a query or a fragment",
    // Sizes and times in several units.
    "is too short; at least 100ms", "is too short; at least 1s", "is too long", "is too small",
    "is too large; at most",
    // How a value is spelled, which is not in the value.
    "is a boolean to some YAML readers", "is a number to some YAML readers",
    "the file is larger",
  ]

  /// What an editor refuses as the reader does, of each kind that has a form.
  @Test(arguments: [
    "sources: { huggy: { token: [t, learn] } }", "sources: { huggy: { token: [{ value: learn }] } }",
    "sources: { huggy: { token: \"a\\nb\" } }", "sources: { huggy: { path: //healthz/ } }",
    "sources: { huggy: { path: \"/a?b\" } }", "sources: { huggy: { dedupe: 0s } }",
    "sources: { huggy: { token: t, quiet_after: 0s } }",
    "sources: { huggy: { token: t, quiet_after: { times: \"08:00-18:00\" } } }",
    "sources: { huggy: { token: t, quiet_after: { for: 1h, weekdays: mon-fry } } }",
    "sources: { huggy: { token: t, quiet_after: { for: 1h, times: \"8:00-18:00\" } } }",
    "sources: { huggy: { token: t, quiet_after: { for: 1h, except: \"2026-13-01\" } } }",
    "sources: { huggy: { token: t, quiet_after: { for: 1h, location: ../etc } } }",
    oneSource + "server: { admin_hosts: \"http://relay.example\" }",
    oneSource + "server: { admin_hosts: [relay.example, \"relay.example:8081\"] }",
    oneSource + "server: { listen: \"relay.example:80\" }",
    oneSource + "server: { listen: \"256.0.0.1:80\" }",
    oneSource + "server: { listen: \"0.0.0.0:65536\" }",
    oneSource + "server: { max_connections: \"1000001\" }",
    oneSource + "server: { admin_tokens: [{ name: local, value: t, role: admin }] }",
    url("http://crm.example:0/"), url("http://crm.example:65536/"),
    destination("headers: { Webhook-ID: x }"), destination("headers: { HUGGY-x: x }"),
    destination("headers: { x: \"a\\nb\" }"), destination("auth: { bearer: \"a\\nb\" }"),
    destination("signing_secret: whsec_\(String(repeating: "A", count: 33))"),
    destination("rate: 1000001/s"), destination("permanent: \"399\""),
    destination("batch: on"), destination("batch: { max_events: 101 }"),
    destination("batch: { max_byte: 64KiB }"),
    destination("retry: { jitter: \"1.1\" }"), destination("timeout: 0s"), destination("max_backlog: 0B"),
    route("match: { where: { a: { gt: true } } }"), route("match: { where: { a..b: 1 } }"),
    route("match: { where: { 'a.\"b': 1 } }"),
  ])
  func aFaultOfFormIsRefused(_ text: String) throws {
    #expect(!problems(of: text).isEmpty)
    #expect(try !Self.accepts(text))
  }

  /// What is odd and yet valid: `configuration(of:)` also puts it to the schema.
  @Test(arguments: [
    "sources: { huggy: { token: learn, path: /a-long-random-path } }",
    "sources: { huggy: { token: [learner, { value: 5 }, \"${SECRET}\"] } }",
    "sources: { huggy: { token: t, path: /healthz/huggy } }",
    "sources: { huggy: { token: t, dedupe: 010s } }",
    oneSource + "server: { admin_hosts: [Relay.Example., \"[::1]\", 10.0.0.1, relay_1, \"${SECRET}\"] }",
    oneSource + "server: { listen: \"[fe80::1%eth0]:08080\", admin: \"LOCALHOST:0\", drain: 0s }",
    oneSource + "server: { max_connections: \"0001000000\", admin_token: t, admin: \"0.0.0.0:65535\" }",
    url("http://user:pass@crm.example:00443/?a#b"),
    destination("headers: { x: \"a\\tb\", y: \"\", huggyx: 1, hosts: 1 }"),
    destination("auth: { basic: { username: u, password: \"\" } }"),
    destination(
      "signing_secret: [whsec_\(String(repeating: "A", count: 34)), whsec_\(String(repeating: "B", count: 34))==]"
    ),
    destination("rate: 01000000/h"), destination("permanent: [\"0499\", 400]"),
    destination("retry: { jitter: \"1.0\", factor: \"99.5\", max_attempts: \"1000000000\" }"),
    destination("max_backlog: 0100%"), destination("batch: {}"), destination("batch: off"),
    destination("batch: { max_wait: 0s, max_events: \"100\" }"),
    route("match: { where: { a: { gt: \"true\", lt: \"\" }, 'b.\"c.d\"': { gte: 0.5 }, 'x\"y': 1 } }"),
  ])
  func whatIsOddAndValidIsAccepted(_ text: String) throws {
    _ = try configuration(of: text)
  }

  @Test func aNumbersPatternHoldsItsNumbersAndNoOthers() throws {
    for range in [0...0, 0...1, 1...9, 1...100, 7...120, 99...101, 400...499, 0...255, 190...1_234] {
      let pattern = try Regex("^\(TextPattern.number(in: range))$")
      for number in 0...1_500 {
        #expect("\(number)".contains(pattern) == range.contains(number), "\(number) in \(range)")
        #expect("00\(number)".contains(pattern) == range.contains(number), "00\(number) in \(range)")
      }
    }
  }

  @Test func theExampleIsAccepted() throws {
    let text = try String(contentsOfFile: ExampleTests.path, encoding: .utf8)
    #expect(try Self.accepts(text))
  }

  /// Broken by a key that is read, and that `config show` and `config diff` don't know.
  @Test func eachKeyOfTheSchemaIsShown() throws {
    let schema = try JSONSerialization.jsonObject(with: Data(Self.schema.utf8))
    let texts = [ConfigurationTreeTests.full, AttachmentConfigTests.full]
    let shown = try texts.reduce(into: Set()) { $0.formUnion(Self.keys(in: try configuration(of: $1).tree)) }
    // `defaults` are in each destination, and the others would be files.
    #expect(
      Self.keys(of: schema).subtracting(shown) == [
        "defaults", "ca", "certificate", "key", "client_ca", "admin_tls",
      ])
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
