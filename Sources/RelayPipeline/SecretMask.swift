import RelayCore

/// Takes secrets out of a refused body before anybody may look at it.
///
/// The body may be anything, so it is not parsed: whatever stands after a key `"token"` goes, and every occurrence
/// of the source's tokens.
enum SecretMask {
  static let mask = Array("[secret]".utf8)
  private static let key = Array(#""token""#.utf8)

  /// - Returns: At most the first `limit` bytes of the body, masked.
  static func mask(_ body: [UInt8], upTo limit: Int, secrets: [Secret]) -> [UInt8] {
    let secrets = secrets.map { Array($0.reveal.utf8) }.filter { !$0.isEmpty }
    var masked: [UInt8] = []
    var position = 0
    // A secret that begins before the limit is found whole, though it may end behind it.
    while position < body.count && masked.count < limit {
      let rest = body[position...]
      if let secret = secrets.first(where: { rest.starts(with: $0) }) {
        masked += mask
        position += secret.count
      } else if rest.starts(with: key), let value = valueRange(in: body, after: position + key.count) {
        masked += body[position..<value.lowerBound]
        masked += mask
        position = value.upperBound
      } else {
        masked.append(body[position])
        position += 1
      }
    }
    return Array(masked.prefix(limit))
  }

  /// Where the value behind a colon stands; nil: there is no colon.
  private static func valueRange(in body: [UInt8], after start: Int) -> Range<Int>? {
    var position = skipSpace(in: body, from: start)
    guard position < body.count, body[position] == UInt8(ascii: ":") else { return nil }
    position = skipSpace(in: body, from: position + 1)
    let first = position
    if position < body.count, body[position] == UInt8(ascii: "\"") {
      position += 1
      while position < body.count, body[position] != UInt8(ascii: "\"") {
        position += body[position] == UInt8(ascii: "\\") ? 2 : 1
      }
      return first..<min(body.count, position + 1)
    }
    while position < body.count, !",}] \t\r\n".utf8.contains(body[position]) { position += 1 }
    return first..<position
  }

  private static func skipSpace(in body: [UInt8], from start: Int) -> Int {
    body[min(start, body.count)...].firstIndex { !" \t\r\n".utf8.contains($0) } ?? body.count
  }
}
