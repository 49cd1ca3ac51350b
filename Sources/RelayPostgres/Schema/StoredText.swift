/// How a text is written that may hold U+0000, which PostgreSQL's texts can't: U+0001 and a digit stand for U+0000 and U+0001. All other
/// texts, nearly all there are, are written as they are.
enum StoredText {
  private static let mark: UInt8 = 1
  private static let digits = (UInt8(ascii: "0"), UInt8(ascii: "1"))

  static func written(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 <= mark }) else { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      guard byte <= mark else {
        bytes.append(byte)
        continue
      }
      bytes.append(mark)
      bytes.append(byte == 0 ? digits.0 : digits.1)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func read(_ text: String) -> String {
    guard text.utf8.contains(mark) else { return text }
    var bytes: [UInt8] = []
    var isMarked = false
    for byte in text.utf8 {
      if isMarked {
        bytes.append(byte == digits.0 ? 0 : mark)
        isMarked = false
      } else if byte == mark {
        isMarked = true
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
