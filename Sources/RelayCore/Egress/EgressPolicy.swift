/// Which addresses the relay may connect to (`egress` of routes.yaml).
///
/// It is asked of the address that is really connected to, after every look-up of a name: what a name server says can't get
/// around it.
package struct EgressPolicy: Hashable, Sendable {
  /// Addresses that are not connected to.
  package var deny = Self.defaultDeny
  /// Addresses that are connected to all the same.
  package var allow: [AddressBlock] = []

  package init() {}

  /// Link-local addresses, among them those where clouds tell a machine its credentials, and the other places where they do
  /// (Alibaba Cloud's; Amazon's over IPv6).
  package static let defaultDeny = [
    "169.254.0.0/16", "100.100.100.200/32", "fe80::/10", "fd00:ec2::254/128",
  ].map { AddressBlock($0)! }

  /// - Returns: The range for which an address is not connected to; nil: it is.
  package func denial(of address: PeerAddress.Address) -> AddressBlock? {
    // What a translator elsewhere makes of an address is another machine than the one that is allowed.
    if allow.contains(where: { $0.contains(address.unmapped) }) { return nil }
    let forms = address.reached
    return deny.first { block in forms.contains(where: block.contains) }
  }

  /// The same in words for people.
  package func refusal(of address: PeerAddress.Address) -> String? {
    denial(of: address).map { block in
      "\(address) is denied by egress.deny (\(block)); where it is wanted, name it in egress.allow"
    }
  }

  /// What can be said of a URL's host before anybody looks it up: of an address, and of names that clouds give the place where
  /// they tell a machine its credentials. nil: nothing.
  ///
  /// - Parameter host: Without brackets.
  package func refusal(ofHost host: String) -> String? {
    let name = (host.hasSuffix(".") ? String(host.dropLast()) : host).lowercased()
    if let address = PeerAddress.Address(name) { return refusal(of: address) }
    guard Self.metadataNames.contains(name), let words = refusal(of: Self.metadataAddress) else { return nil }
    return "\(host) is \(words)"
  }

  private static let metadataAddress = PeerAddress.Address.v4(0xA9FE_A9FE)
  private static let metadataNames: Set<String> = [
    "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal",
  ]
}

extension PeerAddress.Address {
  /// All addresses that a connection to this one may come to: itself, the IPv4 address that is written in it, and for "no
  /// address" this machine, where the system connects it to.
  package var reached: [Self] {
    let plain = unmapped
    switch plain {
    case .v4(0): return [plain, .v4(0x7F00_0001)]
    case .v4: return [plain]
    case .v6(0, 0): return [plain, .v6(high: 0, low: 1)]
    case .v6(let high, let low): return [plain] + (Self.embedded(in: high, low).map { [.v4($0)] } ?? [])
    }
  }

  /// The IPv4 address that a translator or a tunnel makes of it: NAT64 (RFC 6052, `64:ff9b::/96`) and 6to4 (RFC 3056,
  /// `2002::/16`). nil: there is none.
  static func embedded(in high: UInt64, _ low: UInt64) -> UInt32? {
    if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return UInt32(truncatingIfNeeded: low) }
    if high >> 48 == 0x2002 { return UInt32(truncatingIfNeeded: high >> 16) }
    return nil
  }
}
