/// Percent encoding (RFC 3986, 2.1), as addresses and the relay's own headers have it.
extension String {
  /// With `%41` read as `A`. A `%` without two digits after it stays; what is no UTF-8 becomes U+FFFD.
  package var percentDecoded: String {
    guard utf8.contains(UInt8(ascii: "%")) else { return self }
    let bytes = Array(utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = PercentCoding.byte(encodedAt: index, in: bytes)
      decoded.append(byte ?? bytes[index])
      index += byte == nil ? 1 : 3
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  /// Fit to be one part of an address: a segment of its path, or a name or value of its query.
  package var percentEncoded: String {
    var encoded: [UInt8] = []
    for byte in utf8 {
      if PercentCoding.isUnreserved(byte) {
        encoded.append(byte)
      } else {
        PercentCoding.append(byte, to: &encoded)
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

/// One byte of it, for those who have bytes and rules of their own.
package enum PercentCoding {
  /// What the three bytes from `index` on stand for; nil: they are no percent encoding.
  package static func byte(encodedAt index: Int, in bytes: [UInt8]) -> UInt8? {
    guard bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
      let high = hexadecimal(bytes[index + 1]), let low = hexadecimal(bytes[index + 2])
    else { return nil }
    return high << 4 | low
  }

  /// Appends `%41` for `A`.
  package static func append(_ byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "%"))
    output.append(digit(byte >> 4))
    output.append(digit(byte & 15))
  }

  /// What never needs an encoding (RFC 3986, 2.3): letters, digits and `-._~`.
  package static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// 0 to 15; nil for what is no hexadecimal digit.
  package static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
