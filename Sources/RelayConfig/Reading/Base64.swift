/// Base64 (RFC 4648, section 4), with or without its padding.
enum Base64 {
  static func bytes(_ text: String) -> [UInt8]? {
    var digits = Array(text.utf8)
    let padded = digits.count
    while digits.last == UInt8(ascii: "="), padded - digits.count < 2 { digits.removeLast() }
    if digits.count != padded, padded % 4 != 0 { return nil }
    guard digits.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    var (bits, count): (UInt32, Int) = (0, 0)
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      (bits, count) = (bits << 6 | value, count + 6)
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case 0x41...0x5A: UInt32(digit) - 0x41
    case 0x61...0x7A: UInt32(digit) - 0x61 + 26
    case 0x30...0x39: UInt32(digit) - 0x30 + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
