import RelayCore
import RelayText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension ConfigNode {
  /// An address of a machine, since a name may lead elsewhere. (Whether that between brackets is one is not said.)
  private static let address = ScalarForm.pattern(
    "^(?:\\[(?!.*::.*::)[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*(?:%[!-.0-?A-Z\\\\^-~]*)?\\]|\(TextPattern.ipv4)|\(TextPattern.inAnyCase("localhost"))):"
      + "\(TextPattern.number(in: 0...65_535))$")

  /// `server.listen`.
  func listenAddress() -> ListenAddress? {
    let word = ListenAddress.systemdWord
    return value(
      "an address such as 127.0.0.1:8080, or systemd", words: [word], form: Self.address,
      placeholder: .unresolved
    ) {
      text throws(Fault) in
      if text == word { return .systemd }
      return try ListenAddress(
        configurationText: text, examples: "such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080")
    }
  }

  /// `server.admin`. nil: a fault; .some(nil): `off`.
  func adminAddress() -> ListenAddress?? {
    value(
      "an address such as 127.0.0.1:8081, or off", words: ["off"], form: Self.address,
      placeholder: .unresolved
    ) {
      text throws(Fault) in
      if text == "off" { return nil }
      guard text != ListenAddress.systemdWord else {
        throw Fault("is for server.listen alone; write an address such as 127.0.0.1:8081, or off")
      }
      return try ListenAddress(configurationText: text, examples: "such as 127.0.0.1:8081, or off")
    }
  }
}

extension ConfigNode {
  /// `server.attachments`. nil: a fault; .some(nil): `off`.
  func attachmentsAddress() -> ListenAddress?? {
    value(
      "an address such as 127.0.0.1:8082, or off", words: ["off"], form: Self.address,
      placeholder: .unresolved
    ) {
      text throws(Fault) in
      if text == "off" { return nil }
      guard text != ListenAddress.systemdWord else {
        throw Fault("is for server.listen alone; write an address such as 127.0.0.1:8082, or off")
      }
      return try ListenAddress(configurationText: text, examples: "such as 127.0.0.1:8082, or off")
    }
  }
}

extension ListenAddress {
  /// Stands for an address that is not resolved (`check --no-env`): it is in no other's way.
  fileprivate static let unresolved = ListenAddress(host: "127.0.0.1", port: 0)

  fileprivate init(configurationText text: String, examples: String) throws(Fault) {
    let form = Fault("is not an address; write HOST:PORT, \(examples)")
    guard let colon = text.lastIndex(of: ":") else { throw form }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { throw form }
    } else if host.contains(":") {
      throw form
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/[]@".utf8.contains($0) }),
      let port = Units.integer(String(text[text.index(after: colon)...]))
    else { throw form }
    guard port <= 65_535 else { throw Fault("has a port that is too large; from 0 to 65535") }
    // A name may lead elsewhere, or nowhere, where the relay runs; then it could only end, and be started again, for ever.
    guard Self.isNumeric(String(host)) || String(host).asciiLowercased == "localhost" else {
      throw Fault(
        "has a name for its host; write an address of this machine, or 0.0.0.0 for all, \(examples)")
    }
    self.init(host: String(host), port: port)
  }

  /// Also one with a zone, as link-local ones of IPv6 have it: `fe80::1%eth0`.
  private static func isNumeric(_ host: String) -> Bool {
    var address = in6_addr()
    if host.contains(":") { return inet_pton(AF_INET6, String(host.prefix { $0 != "%" }), &address) == 1 }
    return inet_pton(AF_INET, host, &address) == 1
  }

  /// Whether nobody but this machine can reach it. Only spellings that are so beyond doubt.
  var isLoopback: Bool {
    let host = host.asciiLowercased
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { Units.integer(String($0)).map { $0 <= 255 } ?? false }
  }

  /// Whether only one of the two could be listened on.
  func collides(with other: ListenAddress) -> Bool {
    port == other.port && port != 0 && (covers(other) || other.covers(self))
  }

  /// Whether its host includes, or may be, the other's.
  private func covers(_ other: ListenAddress) -> Bool {
    switch (host.asciiLowercased, other.host.asciiLowercased) {
    case ("::", _): true
    case ("0.0.0.0", let other): !other.contains(":")
    case ("localhost", "127.0.0.1"), ("localhost", "::1"): true
    case (let host, let other): host == other
    }
  }
}
