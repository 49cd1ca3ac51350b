import RelayConfig
import RelayCore
import Testing

/// Who may send, and how much: `server.trusted_proxies`, and `allow` and `rate` of a source.
@Suite struct SenderLimitTests {
  private func source(_ keys: String, server: String = "{ listen: \"0.0.0.0:8080\" }") -> String {
    "server: \(server)\nsources:\n  huggy:\n    token: t\n"
      + keys.split(separator: "\n").map { "    \($0)\n" }.joined()
      + "destinations: { crm: { url: \"http://crm.example\" } }\nroutes: [{ name: all, to: crm }]\n"
  }

  private func server(_ keys: String) -> String {
    "server: { listen: \"0.0.0.0:8080\", \(keys) }\nsources: { huggy: { token: t } }\n"
      + "destinations: { crm: { url: \"http://crm.example\" } }\nroutes: [{ name: all, to: crm }]\n"
  }

  @Test func everyKeyIsRead() throws {
    let read = try configuration(
      of: source(
        "allow: [203.0.113.0/24, \"2001:db8::/32\", 192.0.2.7, \"::ffff:10.0.0.0/104\"]\nrate: 600/m",
        server: "{ listen: \"0.0.0.0:8080\", trusted_proxies: [10.0.0.0/8, \"::1\"] }"))
    let huggy = try #require(read.sources.first)
    #expect(huggy.allow.map { "\($0)" } == ["203.0.113.0/24", "2001:db8::/32", "192.0.2.7", "10.0.0.0/8"])
    #expect(huggy.rate == Rate(count: 600, per: .seconds(60)))
    #expect(read.server.trustedProxies.blocks.map { "\($0)" } == ["10.0.0.0/8", "::1"])
  }

  @Test func withoutTheKeysNothingIsLimited() throws {
    let read = try configuration(of: oneSource)
    #expect(read.sources.first?.allow == [] && read.sources.first?.rate == nil)
    #expect(read.server.trustedProxies == .none)
    #expect(try configuration(of: source("rate: unlimited")).sources.first?.rate == nil)
    #expect(try configuration(of: source("allow: 203.0.113.7")).sources.first?.allow.count == 1)
  }

  @Test(arguments: [
    (
      "203.0.113.7/24",
      "has bits behind its length; write 203.0.113.0/24 for the range, or 203.0.113.7 for the one address"
    ),
    (
      "2001:db8::7/32",
      "has bits behind its length; write 2001:db8::/32 for the range, or 2001:db8::7 for the one address"
    ),
    (
      "::ffff:10.1.2.3/104",
      "has bits behind its length; write 10.0.0.0/8 for the range, or 10.1.2.3 for the one address"
    ),
    (
      "203.0.113.0/33",
      "has a wrong length; write 203.0.113.0/N with N from 0 to 32, or 203.0.113.0 for the one address"
    ),
    (
      "203.0.113.0/",
      "has a wrong length; write 203.0.113.0/N with N from 0 to 32, or 203.0.113.0 for the one address"
    ),
    (
      "203.0.113.0/255.255.255.0",
      "has a wrong length; write 203.0.113.0/N with N from 0 to 32, or 203.0.113.0 for the one address"
    ),
    (
      "2001:db8::/129",
      "has a wrong length; write 2001:db8::/N with N from 0 to 128, or 2001:db8:: for the one address"
    ),
    (
      "203.0.113",
      "is not an address; write one such as 203.0.113.7 or 2001:db8::7, or a range such as 203.0.113.0/24"
    ),
    (
      "huggy.app",
      "is not an address; write one such as 203.0.113.7 or 2001:db8::7, or a range such as 203.0.113.0/24"
    ),
  ])
  func aWrongAddressIsToldTheRightOne(text: String, message: String) {
    #expect(problems(of: source("allow: \"\(text)\"")) == ["5:12: sources.huggy.allow: '\(text)' \(message)"])
    #expect(
      problems(of: source("allow: [192.0.2.7, \"\(text)\"]")) == [
        "5:24: sources.huggy.allow[1]: '\(text)' \(message)"
      ])
    #expect(
      problems(of: server("trusted_proxies: \"\(text)\"")) == [
        "1:52: server.trusted_proxies: '\(text)' \(message)"
      ])
  }

  @Test func whatLetsNobodyInIsAnError() {
    #expect(
      problems(of: source("allow: []")) == [
        "5:12: sources.huggy.allow: an empty list lets nobody in; name the senders' addresses, or remove allow"
      ])
    #expect(
      problems(of: source("rate: 0/s")) == [
        "5:11: sources.huggy.rate: '0/s' has a number that is out of range; from 1 to 1000000"
      ])
  }

  @Test(arguments: ["0.0.0.0/0", "::/0"]) func toBelieveEverybodyIsWarnedOf(block: String) {
    #expect(
      problems(of: server("trusted_proxies: [\"\(block)\"]")) == [
        "1:53: warning: server.trusted_proxies[0]: everybody is believed about who they are, so `allow` keeps nobody out; "
          + "name the proxies' own addresses"
      ])
  }

  @Test(
    arguments: [
      ("listen: \"0.0.0.0:8080\"", 2_500), ("listen: \"0.0.0.0:8080\", max_connections: 3", 1),
      ("listen: \"0.0.0.0:8080\", max_connections_per_peer: 7", 7),
      ("listen: \"0.0.0.0:8080\", max_connections_per_peer: unlimited", nil),
      // All are of this machine.
      ("listen: \"127.0.0.1:8080\"", nil), ("max_connections_per_peer: 7", 7), ("listen: systemd", 2_500),
    ] as [(String, Int?)])
  func onePeerHasAQuarterOfTheConnectionsUnlessItIsThisMachine(keys: String, limit: Int?) throws {
    #expect(try configuration(of: withSource("server: { \(keys) }")).server.maxConnectionsPerPeer == limit)
  }

  @Test(arguments: ["0", "-1", "many", "1000001"]) func aWrongNumberOfConnectionsIsToldTheRightOnes(
    text: String
  ) {
    #expect(
      problems(of: withSource("server: { max_connections_per_peer: \(text) }")) == [
        "1:37: server.max_connections_per_peer: '\(text)' is not a number of connections; write one from 1 to 1000000, or unlimited"
      ])
  }

  @Test func aPROXYHeaderNeedsSomebodyWhoMaySendIt() throws {
    let read = try configuration(of: server("trusted_proxies: 10.0.0.0/8, proxy_protocol: true"))
    #expect(read.server.proxyProtocol)
    let message =
      "nobody may send a PROXY header: name the proxies that do in server.trusted_proxies, or write false"
    #expect(problems(of: server("proxy_protocol: true")) == ["1:51: server.proxy_protocol: \(message)"])
    #expect(
      problems(of: server("trusted_proxies: [], proxy_protocol: true")) == [
        "1:72: server.proxy_protocol: \(message)"
      ])
    #expect(problems(of: server("proxy_protocol: false")) == [])
  }

  private static let refusesAll =
    "5:12: warning: sources.huggy.allow: everybody is refused: server.listen is on loopback, so what posts there is this machine, "
    + "such as a proxy; name the proxy in server.trusted_proxies, such as [127.0.0.1]"

  @Test(arguments: [
    ("{ listen: \"127.0.0.1:8080\" }", "203.0.113.0/24", true), ("{}", "203.0.113.0/24", true),
    ("{ listen: \"[::1]:8080\", trusted_proxies: 10.0.0.0/8 }", "203.0.113.0/24", true),
    ("{ trusted_proxies: 127.0.0.0/8 }", "203.0.113.0/24", false),
    ("{}", "[203.0.113.0/24, 127.0.0.1]", false),
    // Who connects there can't be told.
    ("{ listen: \"0.0.0.0:8080\" }", "203.0.113.0/24", false),
    ("{ listen: systemd }", "203.0.113.0/24", false),
    ("{ listen: \"${LISTEN:-127.0.0.1:8080}\" }", "203.0.113.0/24", true),
  ])
  func aProxyThatIsNotBelievedIsTold(server: String, allow: String, isTold: Bool) {
    #expect(problems(of: source("allow: \(allow)", server: server)) == (isTold ? [Self.refusesAll] : []))
  }

  @Test func whatIsNotResolvedIsNotWarnedOf() {
    let text = source("allow: [203.0.113.0/24]", server: "{ trusted_proxies: \"${PROXY}\" }")
    #expect(problems(of: text, resolvesReferences: false) == [])
    let other = source("allow: \"${SENDERS}\"", server: "{ listen: \"127.0.0.1:8080\" }")
    #expect(problems(of: other, resolvesReferences: false) == [])
  }
}
