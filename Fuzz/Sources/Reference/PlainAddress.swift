import Glibc
import RelayCore

/// Addresses as the C library reads them.
enum PlainAddress {
  static func of(_ text: some StringProtocol) -> PeerAddress.Address? {
    // C's texts end at their first zero.
    guard !text.utf8.contains(0) else { return nil }
    let text = String(text)
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 { return .v4(UInt32(bigEndian: v4.s_addr)) }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: &v6) { Array($0) }
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return .v6(high: word(bytes[0..<8]), low: word(bytes[8..<16]))
  }

  /// The IPv4 address that an IPv6 one stands for, or itself.
  static func unmapped(_ address: PeerAddress.Address) -> PeerAddress.Address {
    if case .v6(0, let low) = address, low >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: low)) }
    return address
  }
}
