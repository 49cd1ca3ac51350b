import RelayCore

extension SigningSecret {
  /// Reads `whsec_` and base64 (the standard alphabet, padding optional) of 24 to 64 bytes; nil for anything
  /// else.
  public init?(encoded text: String) {
    guard text.hasPrefix(Self.prefix),
      let key = Self.base64Decoded(text.dropFirst(Self.prefix.count)),
      Self.keySizes.contains(key.count)
    else { return nil }
    self.init(key: key)
  }

  private static func base64Decoded(_ text: Substring) -> [UInt8]? {
    var digits = Array(text.utf8)
    let length = digits.count
    while digits.last == UInt8(ascii: "=") { digits.removeLast() }
    let padding = length - digits.count
    // A group of one digit can't be; padding fills the last group or is left out.
    guard digits.count % 4 != 1, padding == 0 || (padding <= 2 && length % 4 == 0) else { return nil }
    var bytes: [UInt8] = []
    var word: UInt32 = 0
    var bits = 0
    for digit in digits {
      guard let value = base64Value(of: digit) else { return nil }
      word = word << 6 | value
      bits += 6
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
    }
    return bytes
  }

  private static func base64Value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
