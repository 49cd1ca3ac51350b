/// What every key of a link to a file begins with: `"file`. An envelope without these bytes holds no link, and nothing more is
/// asked of it.
package enum FileMark {
  /// Whether it stands anywhere in the bytes. Its first and its last byte are looked for at once, sixteen places at a time.
  package static func stands(in bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { stands(in: $0) }
  }

  private static let mark: [UInt8] = Array("\"file".utf8)

  private static func stands(in bytes: UnsafeRawBufferPointer) -> Bool {
    let end = bytes.count - 5
    let (firsts, lasts) = (
      SIMD16(repeating: UInt8(ascii: "\"")), SIMD16(repeating: UInt8(ascii: "e"))
    )
    var at = 0
    // Both reads stay within the bytes.
    while at + 15 <= end {
      let begins = bytes.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self) .== firsts
      let ends = bytes.loadUnaligned(fromByteOffset: at + 4, as: SIMD16<UInt8>.self) .== lasts
      if any(begins .& ends) {
        for place in at..<at + 16 where isMark(at: place, in: bytes) { return true }
      }
      at += 16
    }
    while at <= end {
      if isMark(at: at, in: bytes) { return true }
      at += 1
    }
    return false
  }

  private static func isMark(at place: Int, in bytes: UnsafeRawBufferPointer) -> Bool {
    for index in 0..<5 where bytes[place + index] != mark[index] { return false }
    return true
  }
}
