import RelayConfig
import RelayCore
import Testing

@Suite struct AdminErrorTests {
  static let texts = [
    FaultyConfiguration(
      "an admin address without a port",
      withSource("server: { admin: localhost }"),
      [
        "1:18: server.admin: 'localhost' is not an address; write HOST:PORT, such as 127.0.0.1:8081, or off"
      ]),
    FaultyConfiguration(
      "an admin that is another word for off",
      withSource("server: { admin: false }"),
      [
        "1:18: server.admin: 'false' is not an address; write HOST:PORT, such as 127.0.0.1:8081, or off"
      ]),
    FaultyConfiguration(
      "an admin port too large",
      withSource("server: { admin: \"127.0.0.1:65536\" }"),
      [
        "1:18: server.admin: '127.0.0.1:65536' has a port that is too large; from 0 to 65535"
      ]),
    FaultyConfiguration(
      "an admin that is a mapping",
      withSource("server: { admin: { listen: a } }"),
      [
        "1:18: server.admin: expected an address such as 127.0.0.1:8081, or off, found a mapping"
      ]),
    FaultyConfiguration(
      "an admin that is missing",
      withSource("server:\n  admin:\n  drain: 1s"),
      [
        "2:3: server.admin: expected an address such as 127.0.0.1:8081, or off, found nothing; give a value or remove the key"
      ]),
    FaultyConfiguration(
      "an admin token that is empty",
      withSource("server: { admin_token: \"\" }"),
      [
        "1:24: server.admin_token: the value is empty; give a token, or remove the key where admin is a loopback address"
      ]),
    FaultyConfiguration(
      "an admin token that is empty by reference",
      withSource("server: { admin_token: \"${EMPTY}\" }"),
      [
        "1:24: server.admin_token: the value of ${EMPTY} is empty; give a token, or remove the key where admin is a loopback address"
      ]),
    FaultyConfiguration(
      "an admin token that is missing",
      withSource("server:\n  admin_token:\n"),
      [
        "2:3: server.admin_token: expected a token, found nothing; give a value or remove the key"
      ]),
    FaultyConfiguration(
      "an admin token with a space",
      withSource("server: { admin_token: \"a b\" }"),
      [
        "1:24: server.admin_token: the value holds a space, a line break or a character beyond ASCII; a header can't carry it"
      ]),
    FaultyConfiguration(
      "an admin token beyond ASCII",
      withSource("server: { admin_token: \"ä\" }"),
      [
        "1:24: server.admin_token: the value holds a space, a line break or a character beyond ASCII; a header can't carry it"
      ]),
    FaultyConfiguration(
      "admin where listen is",
      withSource("server: { listen: \"127.0.0.1:9000\", admin: \"127.0.0.1:9000\" }"),
      [
        "1:44: server.admin: server.listen takes this address and port; give admin another port, or write off"
      ]),
    FaultyConfiguration(
      "listen where admin is by default",
      withSource("server: { listen: \"0.0.0.0:8081\" }"),
      [
        "1:19: server.listen: server.admin is 127.0.0.1:8081 unless the file says otherwise; give one of the two another port, or write admin: off"
      ]),
    FaultyConfiguration(
      "a wrong admin, of which nothing more is told",
      withSource("server: { listen: \"127.0.0.1:8081\", admin: 8081 }"),
      [
        "1:44: server.admin: '8081' is not an address; write HOST:PORT, such as 127.0.0.1:8081, or off"
      ]),
    FaultyConfiguration(
      "a wrong listen, of which nothing more is told",
      withSource("server: { listen: 8080, admin: \"127.0.0.1:8080\" }"),
      [
        "1:19: server.listen: '8080' is not an address; write HOST:PORT, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080"
      ]),
    FaultyConfiguration(
      "a wrong token, which is not missing",
      withSource("server: { admin: \"0.0.0.0:8081\", admin_token: \"\" }"),
      [
        "1:47: server.admin_token: the value is empty; give a token, or remove the key where admin is a loopback address"
      ]),
  ]

  @Test(arguments: texts)
  func everyFaultOfTheAdminListenerIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }

  @Test(arguments: [
    "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1", "[fe80::1%eth0]:1", "[::ffff:10.0.0.1]:1",
    "${HOST}:1",
  ])
  func anAddressThatOthersCanReachRequiresAToken(address: String) throws {
    let environment = ["HOST": "10.0.0.7"]
    let server = "server: { admin: \"\(address)\""
    #expect(
      problems(of: withSource("\(server) }"), environment: environment) == [
        "1:18: server.admin: others than this machine can reach this address; set server.admin_token, "
          + "or write 127.0.0.1:8081 or off"
      ])
    let settings = try configuration(
      of: withSource("\(server), admin_token: t }"), environment: environment
    ).server
    #expect(settings.adminToken == Secret("t"))
    #expect(settings.admin?.port == 1)
  }

  /// It may lead nowhere where the relay runs; then each start would fail.
  @Test(arguments: [
    "nosuch.invalid:1", "relay.internal:1", "127.example.com:1", "localhost.example:1", "127.0.0:1",
    "127.0.0.256:1", "1127.0.0.1:1", "[::1::2]:1", "[fe80::x]:1", "*:1",
  ])
  func aNameIsNoAddressToListenOn(address: String) {
    for (key, column) in [("listen", 19), ("admin", 18)] {
      let found = problems(of: withSource("server: { \(key): \"\(address)\", admin_token: t }"))
      #expect(found.count == 1)
      #expect(
        found.first?.hasPrefix(
          "1:\(column): server.\(key): '\(address)' has a name for its host; write an address of this machine, "
            + "or 0.0.0.0 for all, such as ") == true, "\(found)")
    }
  }

  @Test(arguments: ["https://relay.example", "relay.example:443", "a b", "", "*.example", "relay/x"])
  func anAdminHostIsANameWithoutAPort(host: String) {
    #expect(
      problems(of: withSource("server: { admin_hosts: ['\(host)'] }")) == [
        "1:25: server.admin_hosts[0]: '\(host)' is not a host name; write it without http:// and without a port, "
          + "such as relay.example"
      ])
  }

  @Test func oneAdminHostNeedsNoList() throws {
    #expect(
      try configuration(of: withSource("server: { admin_hosts: relay.example }")).server.adminHosts
        == ["relay.example"])
  }

  @Test(arguments: ["127.0.0.1:1", "127.8.9.10:1", "localhost:1", "LOCALHOST:1", "[::1]:1", "127.0.0.1:0"])
  func aLoopbackAddressRequiresNoToken(address: String) throws {
    let server = try configuration(of: withSource("server: { admin: \"\(address)\" }")).server
    #expect(server.adminToken == nil)
    #expect(server.admin != nil)
  }

  @Test(arguments: [
    ("127.0.0.1:1", "127.0.0.1:1"), ("0.0.0.0:1", "127.0.0.1:1"), ("127.0.0.1:1", "0.0.0.0:1"),
    ("[::]:1", "127.0.0.1:1"), ("127.0.0.1:1", "[::]:1"), ("[::]:1", "0.0.0.0:1"),
    ("localhost:1", "127.0.0.1:1"),
    ("[::1]:1", "localhost:1"), ("LocalHost:1", "localhost:1"),
  ])
  func oneAddressCantBeListenedOnTwice(listen: String, admin: String) {
    let text = "server: { listen: \"\(listen)\", admin: \"\(admin)\", admin_token: t }"
    #expect(
      problems(of: withSource(text)).map { $0.drop { $0 != "s" } } == [
        "server.admin: server.listen takes this address and port; give admin another port, or write off"
      ])
  }

  @Test(arguments: [
    ("127.0.0.1:1", "127.0.0.1:2"), ("127.0.0.1:1", "127.0.0.2:1"), ("127.0.0.1:0", "127.0.0.1:0"),
    ("10.0.0.1:8081", "127.0.0.1:8081"), ("[::1]:1", "0.0.0.0:1"), ("[::1]:1", "127.0.0.1:1"),
  ])
  func twoAddressesCanBeListenedOn(listen: String, admin: String) throws {
    let text = "server: { listen: \"\(listen)\", admin: \"\(admin)\", admin_token: t }"
    #expect(try configuration(of: withSource(text)).server.admin != nil)
  }

  @Test func withoutAdminItsPortIsFree() throws {
    let server = try configuration(of: withSource("server: { listen: \"127.0.0.1:8081\", admin: off }"))
      .server
    #expect(server.admin == nil)
    #expect(server.listen.port == 8081)
  }
}
