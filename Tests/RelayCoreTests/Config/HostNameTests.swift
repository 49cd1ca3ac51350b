import RelayCore
import Testing

@Suite struct HostNameTests {
  @Test(arguments: [
    ("relay", "relay", nil), ("Relay.Example:8081", "relay.example", 8081), ("relay.", "relay", nil),
    ("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:8081", "::1", 8081),
    ("[FE80::1%25eth0]", "fe80::1%25eth0", nil),
    ("my_host-1:", "my_host-1", nil),
  ])
  func aNameAndItsPortAreTold(text: String, name: String, port: Int?) {
    #expect(HostName(text)?.name == name)
    #expect(HostName(text)?.port == port)
  }

  @Test(arguments: [
    "", ":", ":80", ".", "a..b", "a b", "a/b", "user@a", "a, b", "a:b", "a:80:80", "a:123456", "::1", "[::1",
    "[::1]x",
    "[]", "[a]", "é", "http://a", "a:-1", "a:+1",
  ])
  func whatIsNoHostIsNone(text: String) {
    #expect(HostName(text) == nil)
  }

  @Test(arguments: [
    "localhost", "localhost.", "LOCALHOST:1", "relay.localhost", "ip6-localhost", "127.0.0.1", "127.0.0.2",
    "127.255.255.254:9", "[::1]:1", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]",
  ])
  func loopbackHasManyNames(text: String) throws {
    #expect(try #require(HostName(text)).isLoopback)
  }

  @Test(arguments: [
    "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost", "128.0.0.1", "127.0.0", "127.0.0.256",
    "127.1", "0.0.0.0", "[::2]", "[::ffff:10.0.0.1]", "evil.example", "1127.0.0.1",
  ])
  func nothingElseIsLoopback(text: String) throws {
    #expect(try !#require(HostName(text)).isLoopback)
  }

  @Test(arguments: [
    ("10.0.0.1", true), ("[::2]:1", true), ("relay", false), ("10.0.0.1.evil.example", false),
  ])
  func anAddressIsNoName(text: String, isAddress: Bool) throws {
    #expect(try #require(HostName(text)).isAddress == isAddress)
  }
}
