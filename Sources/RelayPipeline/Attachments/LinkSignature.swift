/// Finds the signatures of links to files in what others wrote: a receiver may repeat what it was sent, in any spelling.
///
/// They are recognized by their shape, as there is no list of them: each attempt has its own.
enum LinkSignature {
  static let key = Array("signature".utf8)
  /// Characters of a whole one.
  private static let length = 43
  /// Between the key and the signature: `=`, or what others make of it, such as `%253D` or `\u003d`.
  private static let longestGap = 10
  /// The most bytes that one takes with its key.
  static let longestSpelling = key.count + longestGap + length + 8

  /// - Parameter start: Where the bytes after the key begin.
  /// - Returns: What is to be masked; nil: no signature stands there. One that the text's end cuts is found too.
  static func range(in text: [UInt8], after start: Int) -> Range<Int>? {
    var position = start
    while position < text.count, position <= start + longestGap {
      let end = text[position...].firstIndex { !isDigit($0) } ?? text.count
      // Something has to stand between: `signatures` is a word.
      if position > start, end > position, end - position >= length || end == text.count {
        return position..<end
      }
      // A short run is a part of what is between, as in `&#61;`; what `=short&` is followed by is something else.
      guard end < text.count, (position == start ? "=%\\&" : "\\#;").utf8.contains(text[end]) else {
        return nil
      }
      position = end + 1
    }
    return nil
  }

  /// Of base64url.
  private static func isDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
