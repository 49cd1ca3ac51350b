/// A range of addresses in CIDR form: `10.0.0.0/8`, `fd00::/8`; without a length it is one address.
package struct AddressBlock: Hashable, Sendable {
  package let base: PeerAddress.Address
  /// How many of the first bits must be the base's: 0 to 32, or to 128.
  package let length: Int

  /// - Parameter base: Its bits behind the length count for nothing.
  package init(_ base: PeerAddress.Address, length: Int) {
    self.base = base
    self.length = length
  }

  /// nil: it is no such range.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let base = PeerAddress.Address(parts[0]) else { return nil }
    var length = base.bits
    if parts.count == 2 {
      guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(parts[1]), number <= length
      else { return nil }
      length = number
    }
    self.init(base, length: length)
  }

  package func contains(_ address: PeerAddress.Address) -> Bool {
    switch (base, address) {
    case (.v4(let base), .v4(let address)): length == 0 || (base ^ address) >> UInt32(32 - length) == 0
    case (.v6(let high, let low), .v6(let otherHigh, let otherLow)):
      Self.isEqual(high, otherHigh, bits: min(length, 64))
        && Self.isEqual(low, otherLow, bits: max(0, length - 64))
    case (.v4, .v6), (.v6, .v4): false
    }
  }

  private static func isEqual(_ a: UInt64, _ b: UInt64, bits: Int) -> Bool {
    bits == 0 || (a ^ b) >> UInt64(64 - bits) == 0
  }

  /// The same range, its base without the bits behind the length; what is written as mapped IPv4 as IPv4.
  package var canonical: AddressBlock {
    func cleared(_ word: UInt64, bits: Int) -> UInt64 {
      bits == 0 ? 0 : (word >> UInt64(64 - bits)) << UInt64(64 - bits)
    }
    switch base {
    case .v4(let address):
      return AddressBlock(.v4(UInt32(cleared(UInt64(address) << 32, bits: length) >> 32)), length: length)
    case .v6(let high, let low):
      let base = PeerAddress.Address.v6(
        high: cleared(high, bits: min(length, 64)), low: cleared(low, bits: max(0, length - 64)))
      if length >= 96, case .v4 = base.unmapped { return AddressBlock(base.unmapped, length: length - 96) }
      return AddressBlock(base, length: length)
    }
  }
}

extension AddressBlock: CustomStringConvertible {
  /// `10.0.0.0/8`; of a single address without its length.
  package var description: String { length == base.bits ? "\(base)" : "\(base)/\(length)" }
}

extension PeerAddress.Address {
  /// How many it has: 32 or 128.
  package var bits: Int {
    switch self {
    case .v4: 32
    case .v6: 128
    }
  }

  /// Reads `192.0.2.7`, `2001:db8::7` or `::ffff:192.0.2.7`, without brackets and without a zone; nil for anything else.
  package init?(_ text: some StringProtocol) {
    if let address = Self.v4(text) {
      self = .v4(address)
    } else if let groups = Self.groups(text) {
      func word(_ groups: ArraySlice<UInt16>) -> UInt64 { groups.reduce(0) { $0 << 16 | UInt64($1) } }
      self = .v6(high: word(groups[..<4]), low: word(groups[4...]))
    } else {
      return nil
    }
  }

  private static func v4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      // A zero in front would be octal to some.
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part.utf8.count == 1 || part.utf8.first != 0x30, let number = UInt32(part), number <= 255
      else { return nil }
      address = address << 8 | number
    }
    return address
  }

  /// The eight groups of an IPv6 address.
  private static func groups(_ text: some StringProtocol) -> [UInt16]? {
    let text = String(text)
    guard let gap = text.firstRange(of: "::") else {
      guard let groups = plainGroups(text), groups.count == 8 else { return nil }
      return groups
    }
    let (head, tail) = (text[..<gap.lowerBound], text[gap.upperBound...])
    guard !tail.contains("::"), !tail.hasPrefix(":"), !head.contains("."),
      let first = head.isEmpty ? [] : plainGroups(String(head)),
      let last = tail.isEmpty ? [] : plainGroups(String(tail)), first.count + last.count <= 7
    else { return nil }
    return first + Array(repeating: 0, count: 8 - first.count - last.count) + last
  }

  /// Groups without a gap; the last two may be written as an IPv4 address.
  private static func plainGroups(_ text: String) -> [UInt16]? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, part.contains(".") {
        guard let address = v4(part) else { return nil }
        groups += [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
      } else {
        guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit),
          let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    return groups
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
