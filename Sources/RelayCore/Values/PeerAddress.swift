/// An address that a request went to, and its port. Small, and without memory of its own: there is one in each attempt.
package struct PeerAddress: Hashable, Sendable {
  package enum Address: Hashable, Sendable {
    /// The most significant byte first, as everywhere.
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)
  }

  package var address: Address
  package var port: UInt16

  package init(_ address: Address, port: UInt16) {
    self.address = address
    self.port = port
  }

  // MARK: As bytes

  /// The address, 4 bytes or 16, and 2 of the port.
  package var bytes: [UInt8] {
    switch address {
    case .v4(let address): Self.bytes(of: address) + Self.bytes(of: port)
    case .v6(let high, let low): Self.bytes(of: high) + Self.bytes(of: low) + Self.bytes(of: port)
    }
  }

  /// - Returns: nil for what `bytes` never gives.
  package init?(bytes: [UInt8]) {
    func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    switch bytes.count {
    case 6: self.init(.v4(UInt32(word(0..<4))), port: UInt16(word(4..<6)))
    case 18: self.init(.v6(high: word(0..<8), low: word(8..<16)), port: UInt16(word(16..<18)))
    default: return nil
    }
  }

  private static func bytes<Word: FixedWidthInteger>(of word: Word) -> [UInt8] {
    withUnsafeBytes(of: word.bigEndian) { Array($0) }
  }
}

extension PeerAddress: CustomStringConvertible {
  /// `192.0.2.7:443`, `[2001:db8::7]:443` (as RFC 5952 writes it).
  package var description: String {
    switch address {
    case .v4: "\(address):\(port)"
    case .v6: "[\(address)]:\(port)"
    }
  }
}

extension PeerAddress.Address {
  /// An IPv4 address that is written as one of IPv6 (`::ffff:0:0/96`) is that IPv4 address: the system connects to it, and a
  /// socket that listens on both shows it so.
  package var unmapped: Self {
    guard case .v6(0, let low) = self, low >> 32 == 0xFFFF else { return self }
    return .v4(UInt32(truncatingIfNeeded: low))
  }
}

extension PeerAddress.Address: CustomStringConvertible {
  /// `192.0.2.7`, `2001:db8::7` (as RFC 5952 writes it).
  package var description: String {
    switch self {
    case .v4(let address):
      let bytes = stride(from: 24, through: 0, by: -8).map { "\(address >> UInt32($0) & 0xFF)" }
      return bytes.joined(separator: ".")
    case .v6(let high, let low): return Self.text(high, low)
    }
  }

  private static func text(_ high: UInt64, _ low: UInt64) -> String {
    let groups = [high, low].flatMap { word in
      stride(from: 48, through: 0, by: -16).map { UInt16(truncatingIfNeeded: word >> UInt64($0)) }
    }
    let hidden = longestZeros(groups)
    func text(_ groups: ArraySlice<UInt16>) -> String {
      groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard hidden.count > 1 else { return text(groups[...]) }
    return text(groups[..<hidden.lowerBound]) + "::" + text(groups[hidden.upperBound...])
  }

  /// The first of the longest rows of groups that are 0.
  private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
    var longest = 0..<0
    var start = 0
    for (index, group) in groups.enumerated() {
      guard group == 0 else {
        start = index + 1
        continue
      }
      if index + 1 - start > longest.count { longest = start..<index + 1 }
    }
    return longest
  }
}
