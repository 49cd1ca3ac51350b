/// Hexadecimal digits, eight at a time: ids and traces stand in each answer and in each request, and digit by digit they would be
/// a hundredth of what an event costs.
enum HexDigits {
  /// The digits of a word, letters small, as eight bytes: the first digit is the lowest byte.
  static func ascii(_ word: UInt64) -> UInt64 {
    // Each digit's four bits to a byte of their own.
    var digits = word & 0xFFFF_FFFF
    digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF
    digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
    digits = (digits | digits << 4) & 0x0F0F_0F0F_0F0F_0F0F
    // A digit from 10 on carries into the upper four bits: it is a letter, which stand 39 further on.
    let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return (digits &+ 0x3030_3030_3030_3030 &+ letters &* 39).byteSwapped
  }

  /// Writes the eight digits of a word's lower half.
  static func write(_ word: UInt64, at place: Int, of text: UnsafeMutableRawBufferPointer) {
    text.storeBytes(of: ascii(word).littleEndian, toByteOffset: place, as: UInt64.self)
  }

  /// Writes the sixteen digits of a word.
  static func writeWhole(_ word: UInt64, at place: Int, of text: UnsafeMutableRawBufferPointer) {
    write(word >> 32, at: place, of: text)
    write(word, at: place + 8, of: text)
  }
}
