import RelayText

/// The value of a `Host` header: a name or an address, and perhaps a port.
package struct HostName: Hashable, Sendable {
  /// In lower case; an IPv6 address without its brackets. The dot that may end a name is left out.
  package var name: String
  package var port: Int?

  /// nil: it is neither a name nor an address.
  package init?(_ text: String) {
    var rest = Substring(text.asciiLowercased)
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      name = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[rest.index(after: end)...]
      guard name.contains(":"), name.utf8.allSatisfy(Self.isAddressByte) else { return nil }
    } else {
      name = String(rest.prefix { $0 != ":" })
      rest = rest.dropFirst(name.count)
      if name.hasSuffix(".") { name.removeLast() }
      guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte), !name.contains("..") else { return nil }
    }
    guard !rest.isEmpty else { return }
    let digits = rest.dropFirst()
    guard rest.first == ":", digits.utf8.count <= 5, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
    else { return nil }
    // `relay:` is allowed too (RFC 3986, 3.2.3): no port.
    port = Int(digits)
  }

  /// A name that is this machine wherever it is looked up: `localhost` and what ends with `.localhost` (RFC 6761, 6.3), the
  /// names that Debian gives `::1`, and the addresses of the loopback interface.
  package var isLoopback: Bool {
    if name == "localhost" || name.hasSuffix(".localhost") { return true }
    if ["ip6-localhost", "ip6-loopback", "::1", "0:0:0:0:0:0:0:1"].contains(name) { return true }
    let address = name.hasPrefix("::ffff:") ? String(name.dropFirst("::ffff:".count)) : name
    return Self.isIPv4(address) && address.hasPrefix("127.")
  }

  /// No name that somebody could have pointed at this machine.
  package var isAddress: Bool { name.contains(":") || Self.isIPv4(name) }

  private static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
          && Int(part).map { $0 <= 255 } == true
      }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// Whether it may stand in an IPv6 address, with a zone or an IPv4 address at its end.
  private static func isAddressByte(_ byte: UInt8) -> Bool {
    isNameByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
  }
}
