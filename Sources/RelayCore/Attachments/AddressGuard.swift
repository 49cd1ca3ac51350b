/// Which addresses are of the Internet, and so may be connected to for what a payload names.
///
/// A link comes from outside: without this, whoever can write one could have the relay ask machines that only it can reach. It is asked
/// of the address that is really connected to, after every look-up of a name.
package struct AddressGuard: Sendable, Equatable {
  /// Addresses that are connected to all the same.
  private let allowed: [AddressBlock]
  /// What nothing of the relay connects to.
  private let egress: EgressPolicy

  package init(allowed: [AddressBlock] = [], egress: EgressPolicy = EgressPolicy()) {
    self.allowed = allowed
    self.egress = egress
  }

  /// - Returns: What the address is, for people, where it is not connected to; nil: it is.
  package func refusal(of address: PeerAddress.Address) -> String? {
    let address = address.unmapped
    if !allowed.contains(where: { $0.contains(address) }), let kind = Self.kind(of: address) { return kind }
    return egress.refusal(of: address)
  }

  private static func kind(of address: PeerAddress.Address) -> String? {
    switch address {
    case .v4(let address): kind(ofV4: address)
    case .v6(let high, let low): kind(ofV6: high, low)
    }
  }

  /// RFC 6890 and the registry that it began, in the order in which they are most often met.
  private static let v4Kinds: [(block: AddressBlock, kind: String)] = [
    ("127.0.0.0/8", "a loopback address"), ("10.0.0.0/8", "a private address"),
    ("172.16.0.0/12", "a private address"), ("192.168.0.0/16", "a private address"),
    ("169.254.0.0/16", "a link-local address"), ("100.64.0.0/10", "an address behind a carrier's NAT"),
    ("0.0.0.0/8", "an unspecified address"), ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"), ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "an address for documents"), ("198.51.100.0/24", "an address for documents"),
    ("203.0.113.0/24", "an address for documents"), ("198.18.0.0/15", "an address for benchmarks"),
    ("192.88.99.0/24", "a reserved address"),
  ].map { (AddressBlock($0.0)!, $0.1) }

  private static func kind(ofV4 address: UInt32) -> String? {
    v4Kinds.first { $0.block.contains(.v4(address)) }?.kind
  }

  /// What of `2000::/3` is no Internet address.
  private static let v6Kinds: [(block: AddressBlock, kind: String)] = [
    ("2001:db8::/32", "an address for documents"), ("3fff::/20", "an address for documents"),
    // Teredo, benchmarks, ORCHID: addresses of other protocols, in one row.
    ("2001::/23", "a reserved address"),
  ].map { (AddressBlock($0.0)!, $0.1) }

  private static func kind(ofV6 high: UInt64, _ low: UInt64) -> String? {
    if let embedded = PeerAddress.Address.embedded(in: high, low) {
      return kind(ofV4: embedded).map { "\($0) within one of IPv6" }
    }
    // Only `2000::/3` is given out (RFC 4291, 2.4).
    guard high >> 61 == 1 else {
      if high == 0 && low == 0 { return "an unspecified address" }
      if high == 0 && low == 1 { return "a loopback address" }
      if high >> 57 == 0xFC >> 1 { return "a private address" }
      if high >> 54 == 0xFE80 >> 6 { return "a link-local address" }
      if high >> 56 == 0xFF { return "a multicast address" }
      return "a reserved address"
    }
    return v6Kinds.first { $0.block.contains(.v6(high: high, low: low)) }?.kind
  }
}
