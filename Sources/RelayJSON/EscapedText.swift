/// Decodes what stands between the quotes of a string that the lexer has accepted.
enum EscapedText {
  /// Appends the text's UTF-8. A lone surrogate becomes U+FFFD.
  static func decode(_ raw: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
    output.reserveCapacity(output.count + raw.count)
    var at = 0
    while at < raw.count {
      guard raw[at] == UInt8(ascii: "\\"), at + 1 < raw.count else {
        output.append(raw[at])
        at += 1
        continue
      }
      if raw[at + 1] == UInt8(ascii: "u") {
        at = decodeUnicode(raw, at: at, into: &output)
      } else {
        output.append(simple(raw[at + 1]))
        at += 2
      }
    }
  }

  /// The byte that `\` and this letter stand for.
  static func simple(_ letter: UInt8) -> UInt8 {
    switch letter {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: letter  // quote, backslash, slash: themselves
    }
  }

  /// Decodes the `\uXXXX` at `at`, and the one after it if the two are a surrogate pair.
  ///
  /// - Returns: the offset after what was decoded.
  private static func decodeUnicode(
    _ raw: UnsafeBufferPointer<UInt8>, at: Int, into output: inout [UInt8]
  ) -> Int {
    guard let unit = codeUnit(raw, at: at) else {
      output.append(contentsOf: "\u{FFFD}".utf8)
      return raw.count
    }
    if (0xD800..<0xDC00).contains(unit), let low = codeUnit(raw, at: at + 6), (0xDC00..<0xE000).contains(low)
    {
      let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
      output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      return at + 12
    }
    let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
    output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    return at + 6
  }

  /// The UTF-16 code unit written as `\uXXXX` at `at`; nil if no such escape stands there.
  private static func codeUnit(_ raw: UnsafeBufferPointer<UInt8>, at: Int) -> UInt32? {
    guard at + 6 <= raw.count, raw[at] == UInt8(ascii: "\\"), raw[at + 1] == UInt8(ascii: "u") else {
      return nil
    }
    var unit: UInt32 = 0
    for index in at + 2..<at + 6 {
      guard let digit = ASCII.hexValue(raw[index]) else { return nil }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }
}
