import RelayTestSupport

/// Small damage to a document, of the kinds that find a parser's edges.
enum Mutation {
  private static let snippets: [[UInt8]] =
    [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\u00e9", "0", "-", "1e5", "1E999", ".",
      "e", "+",
      "null", "tru", "\n", " ", "\t", "{}", "[]", "\"\"", "\"a\":", "12345678901234567890123", "é", "😀",
    ].map { Array($0.utf8) } + [
      [0x00], [0x1F], [0x80], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90], [0xFF], [0xEF, 0xBB, 0xBF],
    ]

  static func apply(to document: inout [UInt8], _ random: inout SplitMix64) {
    let at = random.below(document.count + 1)
    let length = min(random.below(random.chance(80) ? 3 : 60), document.count - at)
    switch random.below(6) {
    case 0: document.insert(contentsOf: snippets[random.below(snippets.count)], at: at)
    case 1: document.removeSubrange(at..<at + length)
    case 2: document.replaceSubrange(at..<at + length, with: snippets[random.below(snippets.count)])
    case 3: if at < document.count { document[at] = UInt8(truncatingIfNeeded: random.next()) }
    case 4: if at < document.count { document[at] ^= 1 << UInt8(random.below(8)) }
    default: document.insert(contentsOf: document[at..<at + length], at: random.below(document.count + 1))
    }
  }
}
