extension String {
  /// With `%41` read as `A`. A `%` without two digits after it stays; what is no UTF-8 becomes U+FFFD.
  var percentDecoded: String {
    guard utf8.contains(UInt8(ascii: "%")) else { return self }
    var decoded: [UInt8] = []
    var rest = Array(utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let high = Character(UnicodeScalar(rest[rest.startIndex])).hexDigitValue,
        let low = Character(UnicodeScalar(rest[rest.startIndex + 1])).hexDigitValue
      {
        decoded.append(UInt8(high << 4 | low))
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  /// Without what could move a terminal's cursor, start an escape sequence or reorder text: a sender's bytes
  /// must not forge lines.
  func sanitizedForTerminal(maxCharacters: Int) -> String {
    let harmless = String(
      String.UnicodeScalarView(unicodeScalars.map { $0.properties.isHarmlessInATerminal ? $0 : "\u{FFFD}" }))
    return harmless.count <= maxCharacters ? harmless : harmless.prefix(maxCharacters - 1) + "…"
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isHarmlessInATerminal: Bool {
    switch generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
    default: true
    }
  }
}
