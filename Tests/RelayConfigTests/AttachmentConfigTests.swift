import RelayConfig
import RelayCore
import Testing

@Suite struct AttachmentConfigTests {
  private static let server =
    "server: { attachments: \"127.0.0.1:8082\", attachments_url: \"http://relay.internal:8082/\" }\n"

  /// A destination that rewrites, on line 3 and later.
  private static func text(server: String = server, source: String, destination: String = "rewrite") -> String
  {
    server + "sources: { huggy: { token: t\(source) } }\n"
      + "destinations: { crm: { url: \"http://crm.example\", attachments: \(destination) } }\n"
      + "routes: [{ name: all, to: crm }]\n"
  }

  /// With every key that is about files.
  static let full = text(source: ", attachments: { hosts: files.example.com }")

  private static func source(_ keys: String) -> String { text(source: ", attachments: \(keys)") }

  @Test func everyKeyIsRead() throws {
    let read = try configuration(
      of: Self.source(
        "{ hosts: [\"*.Files.example.com\", cdn.example.org], allow: [127.0.0.1, \"fd00::/8\"], keep: 2d, max_size: 1MiB, "
          + "max_total: 2GiB }"))
    let policy = try #require(read.sources.first?.attachments)
    #expect(policy.hosts == ["*.files.example.com", "cdn.example.org"])
    #expect(policy.allow == ["127.0.0.1", "fd00::/8"])
    #expect(policy.keep == .seconds(2 * 86_400))
    #expect((policy.maxBytes, policy.maxTotalBytes) == (1 << 20, 2 << 30))
    #expect(read.server.attachments == ListenAddress(host: "127.0.0.1", port: 8082))
    #expect(read.server.attachmentsURL == "http://relay.internal:8082")
    #expect(read.destinations.first?.attachments == .rewrite)
  }

  @Test func onlyHostsHaveNoDefault() throws {
    let policy = try configuration(of: Self.source("{ hosts: files.example.com }")).sources.first?.attachments
    #expect(policy == AttachmentPolicy(hosts: ["files.example.com"]))
    #expect(
      problems(of: Self.source("{ keep: 1d }")) == [
        "2:44: sources.huggy.attachments: hosts is missing: name the hosts that files are fetched from, and no others; "
          + "there is no default"
      ])
  }

  @Test(arguments: [
    "https://files.example.com", "files.example.com:443", "files.example.com/a", ".example.com", "\"\"",
    "a b",
    "user@files.example.com",
  ])
  func whatIsNoHostIsAnError(_ host: String) {
    let told = problems(of: Self.source("{ hosts: [\(host)] }"))
    #expect(
      told.contains { $0.contains("sources.huggy.attachments.hosts[0]") && $0.contains("not a host name") })
  }

  @Test(arguments: ["10.0.0.0/33", "localhost", "10.0.0", "fe80::1%eth0", "1.2.3.4/8/9"])
  func whatIsNoRangeIsAnError(_ block: String) {
    let told = problems(of: Self.source("{ hosts: files.example.com, allow: [\"\(block)\"] }"))
    #expect(told.contains { $0.contains("sources.huggy.attachments.allow[0]") && $0.contains("not a range") })
  }

  @Test func aFileMustFitIntoTheWhole() {
    #expect(
      problems(of: Self.source("{ hosts: files.example.com, max_size: 3MiB, max_total: 2MiB }")) == [
        "2:99: sources.huggy.attachments.max_total: max_total is less than max_size: the largest files could never be "
          + "kept; raise max_total"
      ])
  }

  @Test(arguments: ["\"*\"", "\"*.*\""])
  func everyHostIsWarnedOf(_ host: String) {
    let told = problems(of: Self.source("{ hosts: \(host) }"))
    #expect(told.count == 1)
    #expect(told.first?.contains("warning: sources.huggy.attachments.hosts: every host is asked") == true)
  }

  @Test func linksThatLeadNowhereAreAnError() {
    #expect(
      problems(of: Self.text(server: "", source: ", attachments: { hosts: files.example.com }")) == [
        "2:64: destinations.crm.attachments: its links would lead nowhere: set server.attachments (such as 127.0.0.1:8082) "
          + "and server.attachments_url (how this destination reaches it)"
      ])
    #expect(
      problems(of: Self.text(source: "")) == [
        "3:64: destinations.crm.attachments: no source has attachments, so nothing is ever fetched: set "
          + "sources.NAME.attachments.hosts"
      ])
  }

  @Test func filesThatNobodyIsGivenAreWarnedOf() {
    let told = problems(
      of: Self.text(source: ", attachments: { hosts: files.example.com }", destination: "off"))
    #expect(
      told == [
        "2:44: warning: sources.huggy.attachments: files are fetched and kept, but no destination has `attachments: rewrite`: "
          + "nobody is given their links"
      ])
  }

  @Test func aListenerThatNobodyIsToldOfIsWarnedOf() {
    #expect(
      problems(of: withSource("server: { attachments: \"0.0.0.0:9000\" }")).filter { $0.contains("server") }
        == [
          "1:24: warning: server.attachments: nobody is told how to reach it; set server.attachments_url, such as "
            + "http://relay.internal:9000"
        ])
  }

  @Test func itsAddressIsItsOwn() {
    let told = problems(
      of: withSource(
        "server: { attachments: \"127.0.0.1:8080\", attachments_url: \"http://relay.internal\" }"))
    #expect(
      told.contains {
        $0.contains("server.attachments: server.listen or server.admin takes this address and port")
      })
  }

  @Test(arguments: [
    ("relay.internal", "is not an address"), ("http://relay.internal/?a=b", "has a query or a fragment"),
    ("http://user@relay.internal/", "holds a user's name"), ("http:///x", "has no host"),
  ])
  func anAddressThatCantBearLinksIsAnError(_ url: String, _ what: String) {
    let told = problems(
      of: withSource("server: { attachments: \"127.0.0.1:8082\", attachments_url: \"\(url)\" }"))
    #expect(told.contains { $0.contains("server.attachments_url") && $0.contains(what) }, "\(told)")
  }

  @Test func theTreeSaysAllOfIt() throws {
    let read = try configuration(of: Self.source("{ hosts: files.example.com }"))
    let text = read.tree.yaml()
    for line in [
      "attachments_url: \"http://relay.internal:8082\"", "hosts:", "max_total: 10GiB", "attachments: rewrite",
    ] {
      #expect(text.contains(line), "\(line) in \(text)")
    }
  }
}
