import RelayText

/// Where a link to a file leads, read strictly: what is written in a way that two readers could take for two hosts is none.
package struct AttachmentAddress: Sendable, Equatable {
  /// In lower case, without the dot that may end it.
  package var host: String
  /// The last part of its path, decoded, without what no file's name holds; nil: there is none.
  package var name: String?

  /// - Parameter url: Absolute.
  /// - Returns: nil: it is not `https`, names a user, or has no plain host.
  package init?(_ url: String) {
    let scheme = "https://"
    guard url.utf8.count <= Self.maxBytes, String(url.prefix(scheme.count)).asciiLowercased == scheme,
      url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") })
    else { return nil }
    let rest = url.dropFirst(scheme.count)
    let authority = rest.prefix { !"/?#".contains($0) }
    let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var host = String(parts[0]).asciiLowercased
    if host.hasSuffix(".") { host.removeLast() }
    guard Self.isHost(host), parts.count == 1 || Self.isPort(parts[1]) else { return nil }
    self.host = host
    name = Self.name(in: rest.dropFirst(authority.count).prefix { $0 != "?" && $0 != "#" })
  }

  /// Longer ones are not kept.
  package static let maxBytes = 8 << 10

  private static func isHost(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 253 && !text.hasPrefix(".") && !text.contains("..")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  private static func isPort(_ text: Substring) -> Bool {
    text.utf8.count <= 5 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
      && (text.isEmpty || (1...65_535).contains(Int(text) ?? 0))
  }

  private static func name(in path: Substring) -> String? {
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let decoded = decode(path[path.index(after: slash)...])
    let allowed = decoded.unicodeScalars.filter { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
      default: !"/\\:*?\"<>|".unicodeScalars.contains(scalar)
      }
    }
    let name = String(String.UnicodeScalarView(allowed.prefix(maxNameScalars)))
    return name.allSatisfy({ $0 == "." || $0 == " " }) ? nil : name
  }

  private static let maxNameScalars = 120

  private static func decode(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
        digits.first != UInt8(ascii: "+")
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension AttachmentPolicy {
  /// Whether the host is one that is asked.
  package func covers(_ address: AttachmentAddress) -> Bool {
    hosts.contains { WildcardPattern($0, ignoringCase: true).matches(address.host) }
  }

  /// What may be connected to.
  package var addressGuard: AddressGuard {
    AddressGuard(allowed: allow.compactMap { AddressBlock($0) }, egress: egress)
  }
}
