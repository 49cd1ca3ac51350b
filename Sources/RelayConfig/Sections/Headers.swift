import RelayCore
import RelayText

extension ConfigNode {
  /// `headers`, each with the location of its name. One without a value is there too: it takes that of the defaults away.
  func headers() -> [(header: Destination.Header, location: Location)] {
    guard let section = section("a mapping of header names to values", mayBeEmpty: true) else { return [] }
    var headers: [(header: Destination.Header, location: Location)] = []
    for entry in section.namedEntries(Self.headerName) {
      // Without a value, the name may be half of a value that was not quoted: it is not shown.
      guard !entry.value.isNull else {
        var location = entry.location
        location.keyPath = self.location.keyPath
        reading.report("a header has no value; quote values that hold a comma", at: location)
        continue
      }
      if let fault = Self.fault(ofHeaderName: entry.key) {
        reading.report("\(entry.key.quotedForMessage) \(fault)", at: entry.location)
      } else if headers.contains(where: { $0.header.name.asciiLowercased == entry.key.asciiLowercased }) {
        reading.report(
          "this header stands twice (case makes no difference); keep one of them", at: entry.location)
      } else if let value = entry.value.headerValue(isCredential: Self.isCredential(entry.key)) {
        if value.isEmpty { entry.value.warning("is empty, so this header is not sent") }
        if entry.key.contains("_") {
          reading.report(
            "servers such as nginx, gunicorn and Django drop a header whose name holds '_'; write '-'",
            at: entry.location,
            severity: .warning)
        }
        headers.append((Destination.Header(name: entry.key, value: value), entry.location))
      }
    }
    return headers
  }

  private static let relaysOwn: Set<String> = [
    "webhook-id", "webhook-timestamp", "webhook-signature", "user-agent", "content-type", "content-length",
    "host",
    "connection", "transfer-encoding", "expect", "traceparent",
  ]

  /// RFC 9110's `token`, and none of the relay's own, in whatever case.
  private static let headerName =
    "^\(TextPattern.none(of: relaysOwn.sorted().map(TextPattern.inAnyCase) + [TextPattern.inAnyCase("huggy-") + ".*"]))"
    + "[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

  private static func fault(ofHeaderName name: String) -> String? {
    let lowercased = name.asciiLowercased
    guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenCharacter) else {
      return "is not a header name; use letters, digits and -"
    }
    if relaysOwn.contains(lowercased) || lowercased.hasPrefix("huggy-") {
      return "is set by the relay and can't be replaced; choose another name"
    }
    return nil
  }

  private static func isCredential(_ name: String) -> Bool {
    ["authorization", "token", "secret", "password", "key"].contains { name.asciiLowercased.contains($0) }
  }

  private func headerValue(isCredential: Bool) -> Secret? {
    // Some servers hand blanks at the end on, or drop a field that is empty: neither is ever sent.
    value(
      "text", form: .spelled("^\(TextPattern.oneLineWithTabs)"), placeholder: Secret("placeholder"),
      isCredential: isCredential
    ) {
      text throws(Fault) in
      guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        throw Fault("holds a line break or another control character; a header is one line")
      }
      return Secret(text.withoutOuterBlanks)
    }
  }
}

extension String {
  /// Without the spaces and tabs at both ends.
  fileprivate var withoutOuterBlanks: String {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    let start = utf8.drop(while: isBlank)
    return String(decoding: start.reversed().drop(while: isBlank).reversed(), as: UTF8.self)
  }
}

extension UInt8 {
  /// RFC 9110's `tchar`.
  fileprivate var isTokenCharacter: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(self)
    }
  }
}
