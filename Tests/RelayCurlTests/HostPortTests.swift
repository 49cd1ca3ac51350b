import Testing

@testable import RelayCurl

@Suite struct HostPortTests {
  @Test(arguments: [
    "http://127.0.0.1/", "http://127.1/", "http://[::1]:8080/", "http://localhost/", "http://LocalHost:81/",
    "https://crm.localhost/",
  ])
  func addressesAndLocalhostNeedNoLookup(_ url: String) throws {
    #expect(try !#require(HostPort(url: url)).needsLookup)
  }

  @Test(arguments: [
    ("http://user:secret@Crm.Example/hook", "Crm.Example", 80), ("https://crm.example.", "crm.example.", 443),
    ("https://crm.example:8443/?a=b:1", "crm.example", 8443), ("http://notlocalhost/", "notlocalhost", 80),
    ("http://localhost./", "localhost.", 80),
  ])
  func namesDo(_ url: String, _ host: String, _ port: Int) throws {
    let target = try #require(HostPort(url: url))
    #expect(target == HostPort(host: host, port: port))
    #expect(target.needsLookup)
  }

  @Test func addressesAreListedAsLibcurlTakesThem() {
    #expect(
      HostPort(host: "crm.example", port: 443).entry(["2001:db8::1", "192.0.2.1"])
        == "crm.example:443:[2001:db8::1],192.0.2.1")
  }
}
