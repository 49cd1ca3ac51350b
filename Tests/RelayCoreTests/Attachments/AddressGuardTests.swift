import RelayCore
import Testing

@Suite struct AddressGuardTests {
  private static func address(_ text: String) throws -> PeerAddress.Address {
    try #require(PeerAddress.Address(text), "\(text)")
  }

  @Test(arguments: [
    "127.0.0.1", "127.255.255.255", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "192.0.0.8", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1",
    "198.19.255.255", "192.88.99.1",
    "::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "2001:db8::1",
    "3fff::1",
    "100::1", "5f00::1", "4000::1", "64:ff9b:1::1", "2001::1", "2001:2::1", "2001:10::1",
    // IPv4 in another dress: mapped, compatible, translated, NAT64, 6to4.
    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:a9fe:a9fe", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b::169.254.169.254", "2002:7f00:1::", "2002:a01:203::1",
    "2002:c0a8:101::",
  ])
  func whatIsNoInternetAddressIsRefused(_ text: String) throws {
    #expect(AddressGuard().refusal(of: try Self.address(text)) != nil)
  }

  @Test(arguments: [
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.1", "126.255.255.255", "128.0.0.1", "172.15.255.255",
    "172.32.0.1", "192.167.255.255", "192.169.0.1", "100.63.255.255", "100.128.0.1", "169.253.255.255",
    "223.255.255.255", "198.17.255.255", "198.20.0.1", "2606:4700::1111", "2a00:1450:4001:800::200e",
    "2003::1", "3ffe::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
  ])
  func anInternetAddressIsNot(_ text: String) throws {
    #expect(AddressGuard().refusal(of: try Self.address(text)) == nil)
  }

  @Test func whatIsAllowedIsConnectedToInWhateverDressItComes() throws {
    let allowed = try #require(AddressBlock("127.0.0.1"))
    let rule = AddressGuard(allowed: [allowed])
    #expect(rule.refusal(of: try Self.address("127.0.0.1")) == nil)
    #expect(rule.refusal(of: try Self.address("::ffff:127.0.0.1")) == nil)
    #expect(rule.refusal(of: try Self.address("127.0.0.2")) != nil)
    #expect(rule.refusal(of: try Self.address("::1")) != nil)
    // A translator elsewhere would go there, and that is another machine.
    #expect(rule.refusal(of: try Self.address("64:ff9b::127.0.0.1")) != nil)
  }

  @Test func aRefusalSaysWhatTheAddressIs() throws {
    #expect(AddressGuard().refusal(of: try Self.address("127.0.0.1")) == "a loopback address")
    #expect(
      AddressGuard().refusal(of: try Self.address("64:ff9b::10.0.0.1"))
        == "a private address within one of IPv6")
  }
}

@Suite struct AddressBlockTests {
  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.9.9.9/8", "10.0.0.1", true),
    ("0.0.0.0/0", "203.0.113.1", true), ("0.0.0.0/0", "::1", false), ("192.0.2.7", "192.0.2.7", true),
    ("192.0.2.7", "192.0.2.6", false), ("192.0.2.6/31", "192.0.2.7", true), ("::/0", "fe80::1", true),
    ("fd00::/8", "fdff::1", true), ("fd00::/8", "fc00::1", false), ("2001:db8::/64", "2001:db8::ffff", true),
    ("2001:db8::/64", "2001:db8:0:1::1", false), ("2001:db8::8000:0/97", "2001:db8::8000:1", true),
    ("2001:db8::8000:0/97", "2001:db8::1", false), ("::1", "::1", true), ("::1/128", "::2", false),
  ])
  func aRangeHoldsWhatBeginsAsItDoes(_ block: String, _ address: String, _ holds: Bool) throws {
    let block = try #require(AddressBlock(block))
    #expect(block.contains(try #require(PeerAddress.Address(address))) == holds)
  }

  @Test(arguments: [
    "", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
    "10.0.0.0/08x", "::/129", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "fe80::1%eth0",
    "[::1]", "1.2.3.4::", "::1.2.3", "localhost", " 10.0.0.1", "1:2:3:4:5:6:7::8", ":1::",
  ])
  func whatIsNoRangeIsNotRead(_ text: String) {
    #expect(AddressBlock(text) == nil)
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3"),
    ("10.1.2.3/0", "0.0.0.0/0"),
    ("10.1.2.3/31", "10.1.2.2/31"), ("2001:db8::7/32", "2001:db8::/32"), ("2001:db8::7/64", "2001:db8::/64"),
    ("2001:db8::ff/124", "2001:db8::f0/124"), ("::1/0", "::/0"), ("::ffff:10.1.2.3", "10.1.2.3"),
    ("::ffff:10.1.2.3/104", "10.0.0.0/8"), ("::ffff:10.1.2.3/96", "0.0.0.0/0"),
  ])
  func itsCanonicalFormHasNoBitsBehindItsLength(text: String, canonical: String) throws {
    let block = try #require(AddressBlock(text)).canonical
    #expect("\(block)" == canonical)
    #expect(AddressBlock(canonical) == block)
  }
}
