import Foundation

/// Where Foundation's JSONSerialization is known to differ from the grammar, and so from the scanner.
///
/// It refuses numbers beyond a Double's range and surrogate escapes without their other half. It accepts a comma
/// after the last element or member, a byte order mark, and guesses UTF-16 or UTF-32 from zeros among the first
/// bytes.
enum KnownDifference {
  /// Whether the two disagree on `document` only because of these: without them both must accept it.
  static func explains(_ document: [UInt8], bothAccept: ([UInt8]) -> Bool) -> Bool {
    if document.prefix(4).contains(0) { return true }
    let without = withoutDifferences(document)
    return without != document && bothAccept(without)
  }

  private static func withoutDifferences(_ document: [UInt8]) -> [UInt8] {
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = document.starts(with: byteOrderMark) ? document.dropFirst(3) : document[...]
    // As Latin-1, each byte is a character: also what is no UTF-8 survives.
    var text = String(bytes: bytes, encoding: .isoLatin1) ?? ""
    let high = #"\\u[dD][89abAB][0-9a-fA-F]{2}"#
    let low = #"\\u[dD][c-fC-F][0-9a-fA-F]{2}"#
    for (pattern, replacement) in [
      (high + "(?!" + low + ")", "A"), ("(?<!" + high + ")" + low, "A"),
      (#",([ \n\r\t]*[}\]])"#, "$1"), (#"([0-9])[eE]\+?[0-9]{3,}"#, "$1"),
    ] {
      text = text.replacingOccurrences(of: pattern, with: replacement, options: .regularExpression)
    }
    return text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
  }
}
