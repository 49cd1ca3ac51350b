import RelayCore
import Testing

@Suite struct EgressPolicyTests {
  private func address(_ text: String) throws -> PeerAddress.Address {
    try #require(PeerAddress.Address(text), "\(text)")
  }

  private func policy(deny: [String], allow: [String] = []) throws -> EgressPolicy {
    var policy = EgressPolicy()
    policy.deny = try deny.map { try #require(AddressBlock($0)) }
    policy.allow = try allow.map { try #require(AddressBlock($0)) }
    return policy
  }

  @Test(arguments: [
    "169.254.169.254", "169.254.0.1", "100.100.100.200", "fe80::1", "febf::1", "fd00:ec2::254",
    // In another dress: mapped, NAT64, 6to4.
    "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1",
  ])
  func whereCloudsTellCredentialsNothingConnectsByDefault(_ text: String) throws {
    #expect(EgressPolicy().denial(of: try address(text)) != nil)
  }

  @Test(arguments: [
    "127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "100.100.100.201", "169.253.255.255", "169.255.0.0",
    "fd00:ec2::253", "fc00::1", "fec0::1", "203.0.113.7", "2606:4700::1111", "64:ff9b::10.0.0.1", "0.0.0.0",
  ])
  func allElseIsConnectedTo(_ text: String) throws {
    #expect(EgressPolicy().denial(of: try address(text)) == nil)
  }

  @Test func whatIsAllowedIsConnectedToThoughItsRangeIsDenied() throws {
    let policy = try policy(deny: ["0.0.0.0/0", "::/0"], allow: ["10.1.0.0/16", "fd00::7"])
    #expect(policy.denial(of: try address("10.1.2.3")) == nil)
    #expect(policy.denial(of: try address("::ffff:10.1.2.3")) == nil)
    #expect(policy.denial(of: try address("fd00::7")) == nil)
    #expect(policy.denial(of: try address("10.2.0.1")) == AddressBlock("0.0.0.0/0"))
    #expect(policy.denial(of: try address("fd00::8")) == AddressBlock("::/0"))
    // A translator elsewhere would go to another machine of that address.
    #expect(policy.denial(of: try address("64:ff9b::10.1.2.3")) != nil)
  }

  /// To the system "no address" is this machine.
  @Test func whoDeniesThisMachineDeniesItByNoAddressToo() throws {
    let policy = try policy(deny: ["127.0.0.0/8", "::1"])
    #expect(policy.denial(of: try address("0.0.0.0")) == AddressBlock("127.0.0.0/8"))
    #expect(policy.denial(of: try address("::")) == AddressBlock("::1"))
    #expect(policy.denial(of: try address("::ffff:0.0.0.0")) == AddressBlock("127.0.0.0/8"))
  }

  @Test func aRefusalNamesTheAddressItsRangeAndWhatToDo() throws {
    #expect(
      EgressPolicy().refusal(of: try address("169.254.169.254"))
        == "169.254.169.254 is denied by egress.deny (169.254.0.0/16); where it is wanted, name it in egress.allow"
    )
    #expect(EgressPolicy().refusal(of: try address("10.0.0.1")) == nil)
  }

  @Test(arguments: [
    ("169.254.169.254", true), ("fe80::1", true), ("metadata.google.internal", true),
    ("Metadata.Google.Internal.", true), ("instance-data", true), ("crm.example", false), ("10.0.0.1", false),
    ("metadata.google.internal.example", false),
  ])
  func ofAHostAddressesAndKnownNamesCanBeSaid(_ host: String, _ isDenied: Bool) {
    #expect((EgressPolicy().refusal(ofHost: host) != nil) == isDenied)
  }

  @Test func aNameIsDeniedByTheRangeOfItsAddressAlone() throws {
    #expect(try policy(deny: ["10.0.0.0/8"]).refusal(ofHost: "metadata.google.internal") == nil)
  }

  @Test(arguments: [
    ("http://169.254.169.254/latest", true), ("https://user@[fe80::1]:8443/x", true),
    ("http://169.254.169.254.example/", false), ("http://crm.example/169.254.169.254", false),
    ("nonsense", false),
  ])
  func ofAURLItsHostCounts(_ url: String, _ isDenied: Bool) {
    #expect((NetworkPolicy().refusal(of: Secret(url)) != nil) == isDenied)
  }
}

@Suite struct OwnPlacesTests {
  private func peer(_ text: String, _ port: UInt16) throws -> PeerAddress {
    PeerAddress(try #require(PeerAddress.Address(text)), port: port)
  }

  private func places(_ addresses: ListenAddress...) -> OwnPlaces {
    var places = OwnPlaces()
    places.set("server.admin", to: addresses)
    return places
  }

  @Test(arguments: [
    ("127.0.0.1", 8081, true), ("::ffff:127.0.0.1", 8081, true), ("0.0.0.0", 8081, true),
    ("127.0.0.1", 8082, false), ("127.0.0.2", 8081, false), ("10.0.0.1", 8081, false), ("::1", 8081, false),
  ])
  func anAddressIsWhereItListens(_ text: String, _ port: UInt16, _ isOwn: Bool) throws {
    let places = places(ListenAddress(host: "127.0.0.1", port: 8081))
    #expect((places.key(at: try peer(text, port), isOfThisMachine: { _ in true }) == "server.admin") == isOwn)
  }

  @Test func localhostIsBothItsAddresses() throws {
    let places = places(ListenAddress(host: "localhost", port: 8081))
    for text in ["127.0.0.1", "::1", "::", "0.0.0.0"] {
      #expect(places.key(at: try peer(text, 8081), isOfThisMachine: { _ in false }) != nil, "\(text)")
    }
  }

  @Test(arguments: ["0.0.0.0", "::"])
  func allAddressesAreThoseOfThisMachine(_ host: String) throws {
    let places = places(ListenAddress(host: host, port: 8080))
    let mine = try peer("192.0.2.7", 8080).address
    #expect(places.key(at: try peer("192.0.2.7", 8080)) { $0 == mine } != nil)
    #expect(places.key(at: try peer("192.0.2.8", 8080)) { $0 == mine } == nil)
    #expect(places.key(at: try peer("127.9.9.9", 8080)) { _ in false } != nil)
    #expect(places.key(at: try peer("192.0.2.7", 8081)) { _ in true } == nil)
  }

  @Test func whatIsSetAnewTakesTheOldPlace() throws {
    var places = places(ListenAddress(host: "127.0.0.1", port: 1), ListenAddress(host: "::1", port: 2))
    #expect(places.key(at: try peer("::1", 2), isOfThisMachine: { _ in false }) == "server.admin")
    places.set("server.admin", to: [])
    let old = try peer("127.0.0.1", 1)
    #expect(places.key(at: old, isOfThisMachine: { _ in true }) == nil)
  }
}
