/// Parts of regular expressions (ECMA-262) that the schema's forms are made of. Each says what the reader asks, and no more: what the
/// reader takes, the schema must not refuse.
enum TextPattern {
  /// What follows holds no line break and no other control character.
  static let oneLine = #"(?![\s\S]*[\u0000-\u001F\u007F])"#
  /// The same, where a tab may stand.
  static let oneLineWithTabs = #"(?![\s\S]*[\u0000-\u0008\u000A-\u001F\u007F])"#
  /// At least one character, whatever it is.
  static let something = #"[\s\S]"#
  /// A whole number above 0.
  static let positive = "0*[1-9][0-9]*"
  /// What `inet_pton` takes for an IPv4 address.
  static let ipv4 = #"(?:\#(octet)\.){3}\#(octet)"#
  private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

  /// What follows is none of these words.
  static func none(of words: [String]) -> String { "(?!(?:\(words.joined(separator: "|")))$)" }

  /// A word of ASCII, in whatever case.
  static func inAnyCase(_ word: String) -> String {
    word.map { $0.isLetter ? "[\($0.uppercased())\($0.lowercased())]" : String($0) }.joined()
  }

  /// A word of lower-case ASCII in a path, any letter of which may be percent-encoded.
  static func inPath(_ word: String) -> String {
    word.utf8.map { byte in
      "(?:\(Character(UnicodeScalar(byte)))|%\(inAnyCase(String(byte, radix: 16))))"
    }.joined()
  }

  /// A whole number in these bounds, perhaps with zeros before it: `0*(?:[1-9]|1[0-2])` for 1 to 12.
  static func number(in range: ClosedRange<Int>) -> String {
    var start = range.lowerBound
    var parts: [String] = []
    for end in ends(in: range) {
      parts.append(digits(from: start, to: end))
      start = end + 1
    }
    return "0*(?:\(parts.joined(separator: "|")))"
  }

  /// Where parts of the range end, so that in each every digit runs from one to another by itself: 9, 99, 120 for 7 to 120.
  private static func ends(in range: ClosedRange<Int>) -> [Int] {
    var ends: Set = [range.upperBound]
    var unit = 10
    // Upward the last digits become nines, downward from the end zeros: both stop where they would leave the range.
    while case let end = range.lowerBound / unit * unit + (unit - 1), end < range.upperBound {
      ends.insert(end)
      unit *= 10
    }
    unit = 10
    while case let end = (range.upperBound + 1) / unit * unit - 1, end >= range.lowerBound {
      ends.insert(end)
      unit *= 10
    }
    return ends.sorted()
  }

  /// Both have as many digits.
  private static func digits(from start: Int, to end: Int) -> String {
    zip(String(start), String(end)).map { $0 == $1 ? "\($0)" : "[\($0)-\($1)]" }.joined()
  }
}
