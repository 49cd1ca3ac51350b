import RelayText

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
    var index = 0
    while index < bytes.count {
      var byte = bytes[index]
      var isEncoded = false
      if byte == UInt8(ascii: "%"), let decoded = unreserved(encodedAt: index, in: bytes) {
        (byte, isEncoded) = (decoded, true)
      }
      if byte != slash || canonical.last != slash { canonical.append(byte) }
      index += isEncoded ? 3 : 1
    }
    if canonical.count > 1, canonical.last == slash { canonical.removeLast() }
    return String(decoding: canonical, as: UTF8.self)
  }

  private static let slash = UInt8(ascii: "/")

  private static func unreserved(encodedAt index: Int, in bytes: [UInt8]) -> UInt8? {
    guard let byte = PercentCoding.byte(encodedAt: index, in: bytes), PercentCoding.isUnreserved(byte),
      byte != UInt8(ascii: ".")
    else { return nil }
    return byte
  }
}
