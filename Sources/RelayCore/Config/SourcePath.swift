/// The path of a source, however it is spelled.
package enum SourcePath {
  /// Doubled slashes and one at the end are left out, and percent-encoded unreserved characters (RFC 3986, 2.3) decoded,
  /// once: `/huggy/`, `//huggy` and `/hugg%79` are all `/huggy`.
  ///
  /// A dot stays encoded, since `/./` and `/../` mean something to others; so does a slash, which would be another path.
  ///
  /// - Parameter path: Without its query.
  package static func canonical(_ path: String) -> String {
    let bytes = Array(path.utf8)
    var canonical: [UInt8] = []
    canonical.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      var byte = bytes[place]
      var isEncoded = false
      if byte == UInt8(ascii: "%"), let decoded = unreserved(encodedAt: place, in: bytes) {
        (byte, isEncoded) = (decoded, true)
      }
      if byte != slash || canonical.last != slash { canonical.append(byte) }
      place += isEncoded ? 3 : 1
    }
    if canonical.count > 1, canonical.last == slash { canonical.removeLast() }
    return String(decoding: canonical, as: UTF8.self)
  }

  private static let slash = UInt8(ascii: "/")

  private static func unreserved(encodedAt place: Int, in bytes: [UInt8]) -> UInt8? {
    guard place + 2 < bytes.count, let high = hexadecimal(bytes[place + 1]),
      let low = hexadecimal(bytes[place + 2])
    else { return nil }
    let byte = high << 4 | low
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
      return byte
    default: return nil
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
