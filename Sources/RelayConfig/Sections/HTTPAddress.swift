import RelayCore
import RelayText

extension ConfigNode {
  /// A destination's `url`.
  func url() -> Secret? {
    let placeholder = Secret("https://placeholder.invalid/")
    return value(
      "an address such as https://crm.example/hooks", form: .pattern(HTTPAddress.pattern),
      placeholder: placeholder
    ) {
      text throws(Fault) in
      try HTTPAddress.check(text)
      return Secret(text)
    }
  }
}

/// What makes an address fit for a destination. No message quotes it: an address may hold credentials
/// anywhere.
enum HTTPAddress {
  /// Nearly the same as a regular expression.
  static let pattern =
    #"^[Hh][Tt][Tt][Pp][Ss]?://([!-.0->@-~]*@)?(\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]|[0-9A-Za-z._-]+)"#
    + #"(:\#(TextPattern.number(in: 1...65_535)))?([/?#][!-~]*)?$"#

  static func check(_ text: String) throws(Fault) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Fault("holds a space, a control character or one beyond ASCII; percent-encode it")
    }
    guard let rest = afterScheme(text) else {
      throw Fault("is not an address; it begins with http:// or https://")
    }
    var (host, port) = (hostAndPort(rest), Substring())
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      port = host[host.index(after: end)...]
      host = host[host.index(after: host.startIndex)..<end]
      guard host.contains(":"), host.utf8.allSatisfy({ $0.isHexDigit || $0 == 0x3A || $0 == 0x2E }) else {
        throw Fault("has no valid IPv6 address between [ and ]")
      }
    } else {
      if let colon = host.firstIndex(of: ":") { (host, port) = (host[..<colon], host[colon...]) }
      guard !host.isEmpty else { throw Fault("has no host; write https://HOST/PATH") }
      guard host.utf8.allSatisfy(\.isHostCharacter) else {
        throw Fault("has a host that is no name or address; use letters, digits, '-' and '.'")
      }
    }
    guard !port.isEmpty else { return }
    guard port.hasPrefix(":"), let number = Units.integer(String(port.dropFirst())),
      (1...65_535).contains(number)
    else { throw Fault("has a port that is not a number from 1 to 65535") }
  }

  /// Where a valid address leads, with the scheme's own port where it names none.
  static func target(_ text: String) -> (host: String, port: Int, path: String)? {
    guard let rest = afterScheme(text) else { return nil }
    let address = hostAndPort(rest)
    let end = address.lastIndex(of: "]").map { address.index(after: $0) } ?? address.firstIndex(of: ":")
    let host = address[..<(end ?? address.endIndex)].filter { $0 != "[" && $0 != "]" }
    let port = end.map { address[$0...] }.flatMap { Int($0.drop { $0 == ":" }) }
    let path = rest.dropFirst(authority(rest).count).prefix { $0 != "?" && $0 != "#" }
    return (host, port ?? (isPlain(text) ? 80 : 443), path.isEmpty ? "/" : String(path))
  }

  static func isPlain(_ text: String) -> Bool {
    text.asciiLowercased.hasPrefix("http://")
  }

  static func hasCredentials(_ text: String) -> Bool {
    afterScheme(text).map { authority($0).contains("@") } ?? false
  }

  private static func afterScheme(_ text: String) -> Substring? {
    for scheme in ["http://", "https://"] where text.asciiLowercased.hasPrefix(scheme) {
      return text.dropFirst(scheme.count)
    }
    return nil
  }

  private static func authority(_ rest: Substring) -> Substring {
    rest.prefix { !"/?#".contains($0) }
  }

  private static func hostAndPort(_ rest: Substring) -> Substring {
    let authority = authority(rest)
    guard let at = authority.lastIndex(of: "@") else { return authority }
    return authority[authority.index(after: at)...]
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
  }

  fileprivate var isHostCharacter: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "-._".utf8.contains(self)
    }
  }
}
