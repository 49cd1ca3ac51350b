import RelayCore
import Testing

@Suite struct ProxyAddressTests {
  @Test(arguments: [
    ("http://proxy.internal:3128", "proxy.internal", 3128, false),
    ("HTTP://Proxy:80/", "proxy", 80, false), ("http://ana:s3:cret@10.0.0.1:8080", "10.0.0.1", 8080, true),
    ("http://[2001:db8::1]:3128", "2001:db8::1", 3128, false), ("http://a%40b:p@proxy:1", "proxy", 1, true),
  ])
  func itIsAHostAndAPort(_ text: String, _ host: String, _ port: Int, _ hasCredentials: Bool) throws {
    let proxy = try #require(ProxyAddress(text))
    #expect(proxy.host == host && proxy.port == port && proxy.hasCredentials == hasCredentials)
    #expect(proxy.url.reveal == text)
  }

  @Test(arguments: [
    "", "proxy:3128", "https://proxy:3128", "socks5://proxy:1080", "http://proxy", "http://proxy:",
    "http://:3128",
    "http://proxy:0", "http://proxy:65536", "http://proxy:31x8", "http://proxy:3128/path",
    "http://pro xy:3128",
    "http://proxy:3128?x", "http://[::1:3128", "http://[nonsense]:3128", "http://proxy:+3128", "off",
  ])
  func whatIsNoneIsNotRead(_ text: String) {
    #expect(ProxyAddress(text) == nil)
  }

  @Test func whatIsSecretIsNotShown() throws {
    #expect(ProxyAddress("http://ana:s3cret@proxy:3128")?.shown == "http://proxy:3128")
    #expect(ProxyAddress("http://[::1]:3128")?.shown == "http://[::1]:3128")
  }
}

@Suite struct EnvironmentProxiesTests {
  private func proxies(_ environment: [String: String]) throws -> EnvironmentProxies {
    try EnvironmentProxies(environment)
  }

  private static let both = ["http_proxy": "http://plain:1", "https_proxy": "http://tls:2"]

  @Test func eachSchemeHasItsOwn() throws {
    let proxies = try proxies(Self.both)
    #expect(proxies.proxy(toHost: "crm.example", port: 80, usesTLS: false)?.host == "plain")
    #expect(proxies.proxy(toHost: "crm.example", port: 443, usesTLS: true)?.host == "tls")
    #expect(try EnvironmentProxies(["http_proxy": "plain:1"]).https == nil)
    #expect(try EnvironmentProxies([:]).isEmpty && EnvironmentProxies(["https_proxy": ""]).isEmpty)
  }

  /// A header `Proxy` of a request becomes `HTTP_PROXY` in a program that a web server runs.
  @Test func upperCaseDoesForAllButHTTP() throws {
    #expect(try proxies(["HTTP_PROXY": "http://evil:1"]).isEmpty)
    #expect(try proxies(["HTTPS_PROXY": "http://tls:2"]).https?.host == "tls")
    #expect(try proxies(["HTTPS_PROXY": "http://b:2", "https_proxy": "http://a:2"]).https?.host == "a")
  }

  @Test func whatIsNoProxyIsToldByItsName() {
    #expect(throws: EnvironmentProxies.Unusable(variable: "https_proxy")) {
      try EnvironmentProxies(["https_proxy": "socks5://ana:s3cret@proxy:1080"])
    }
    #expect(throws: EnvironmentProxies.Unusable(variable: "http_proxy")) {
      try EnvironmentProxies(["http_proxy": "proxy"])
    }
  }

  @Test(arguments: [
    "localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1",
  ])
  func thisMachineIsReachedWithoutThem(_ host: String) throws {
    #expect(try proxies(Self.both).proxy(toHost: host, port: 80, usesTLS: false) == nil)
  }

  @Test(arguments: [
    ("*", "crm.example", 80, true), ("crm.example", "crm.example", 80, true),
    ("crm.example", "CRM.Example.", 80, true), ("crm.example", "api.crm.example", 80, true),
    (".crm.example", "crm.example", 80, true), ("*.crm.example", "api.crm.example", 80, true),
    ("crm.example", "notcrm.example", 80, false), ("crm.example:8080", "crm.example", 80, false),
    ("crm.example:8080", "crm.example", 8080, true), ("a, b\tcrm.example", "crm.example", 80, true),
    ("10.0.0.0/8", "10.1.2.3", 80, true), ("10.0.0.0/8", "11.1.2.3", 80, false),
    ("10.1.2.3", "10.1.2.3", 80, true), ("[2001:db8::1]", "2001:db8::1", 80, true),
    ("2001:db8::/32", "2001:db8::1", 80, true), ("10.0.0.0/8", "10.example", 80, false),
    (",,", "crm.example", 80, false),
    (".", "crm.example", 80, false),
  ])
  func noProxyNamesWhomTheyAreNotFor(_ list: String, _ host: String, _ port: Int, _ isExcepted: Bool) throws {
    let proxies = try proxies(Self.both.merging(["no_proxy": list]) { $1 })
    #expect((proxies.proxy(toHost: host, port: port, usesTLS: false) == nil) == isExcepted)
  }

  @Test func aRuleOfItsOwnStandsAboveThem() throws {
    var network = NetworkPolicy()
    let url = Secret("https://ana:pw@crm.example/hook")
    #expect(network.proxy(for: url) == nil)
    network.proxy = .environment(try proxies(Self.both))
    #expect(network.proxy(for: url)?.host == "tls")
    #expect(network.proxy(for: Secret("http://crm.example:8080"))?.host == "plain")
    network.proxy = .through(try #require(ProxyAddress("http://own:3")))
    #expect(network.proxy(for: url)?.host == "own")
    #expect(network.proxy(for: Secret("http://127.0.0.1/"))?.host == "own")
  }
}
