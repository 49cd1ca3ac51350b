import RelayCore
import Testing

@Suite struct PeerAddressTests {
  private static func v6(_ high: UInt64, _ low: UInt64) -> PeerAddress.Address { .v6(high: high, low: low) }

  @Test(
    arguments: [
      (.v4(0xC000_0207), 443, "192.0.2.7:443"), (.v4(0), 0, "0.0.0.0:0"),
      (.v4(.max), .max, "255.255.255.255:65535"),
      (v6(0x2001_0DB8_0000_0000, 7), 443, "[2001:db8::7]:443"), (v6(0, 1), 80, "[::1]:80"),
      (v6(0, 0), 1, "[::]:1"),
      (v6(0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001), 1, "[2001:db8:0:1:1:1:1:1]:1"),
      (v6(0x2001_0000_0000_0001, 0x0000_0000_0000_0001), 1, "[2001:0:0:1::1]:1"),
      (v6(0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001), 1, "[2001:db8::1:0:0:1]:1"),
      (v6(1 << 48, 0), 1, "[1::]:1"),
    ] as [(PeerAddress.Address, UInt16, String)])
  func itIsWrittenAsPeopleWriteIt(address: PeerAddress.Address, port: UInt16, text: String) {
    let peer = PeerAddress(address, port: port)
    #expect("\(peer)" == text)
    #expect(PeerAddress(bytes: peer.bytes) == peer)
  }

  @Test func itTakesFewBytes() {
    #expect(PeerAddress(.v4(0x0102_0304), port: 0x0506).bytes == [1, 2, 3, 4, 5, 6])
    #expect(PeerAddress(Self.v6(1, 2), port: 3).bytes.count == 18)
    for count in [0, 5, 7, 17, 19] { #expect(PeerAddress(bytes: [UInt8](repeating: 1, count: count)) == nil) }
  }
}
