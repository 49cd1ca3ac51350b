extension Lexer {
  /// Steps over the run of non-ASCII characters that starts at `start`: table 3-7 of the Unicode standard, so
  /// no overlong form, no surrogate, nothing above U+10FFFF.
  func endOfNonASCII(_ start: Int) throws(ScanError) -> Int {
    var at = start
    repeat {
      let lead = bytes[at]
      let second: ClosedRange<UInt8>
      let length: Int
      switch lead {
      case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
      case 0xE0: (length, second) = (3, 0xA0...0xBF)
      case 0xED: (length, second) = (3, 0x80...0x9F)
      case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
      case 0xF0: (length, second) = (4, 0x90...0xBF)
      case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
      case 0xF4: (length, second) = (4, 0x80...0x8F)
      default: throw invalid("invalid UTF-8", at: at)
      }
      guard at + length <= bytes.count, second.contains(bytes[at + 1]) else {
        throw invalid("invalid UTF-8", at: at)
      }
      for index in at + 2..<at + length where bytes[index] & 0xC0 != 0x80 {
        throw invalid("invalid UTF-8", at: at)
      }
      at += length
    } while at < bytes.count && bytes[at] >= 0x80
    return at
  }
}
