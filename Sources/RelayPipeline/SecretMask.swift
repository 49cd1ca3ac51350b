import RelayCore

/// Takes secrets out of a refused body before anybody may look at it.
///
/// The body may be anything, so it is not parsed: whatever stands after a key `"token"` goes, and every occurrence
/// of the source's tokens. That takes a while where there are many of them, so it is done when somebody looks.
struct SecretMask {
  static let mask = Array("[secret]".utf8)
  private static let key = Array(#""token""#.utf8)

  /// By their first bytes, so that a place that begins none of them costs one look.
  private var secrets = [[[UInt8]]](repeating: [], count: 256)

  init(_ secrets: [Secret]) {
    for secret in secrets {
      let bytes = Array(secret.reveal.utf8)
      if let first = bytes.first { self.secrets[Int(first)].append(bytes) }
    }
  }

  /// What `masked` needs of a body: a secret that begins before the limit is there whole, though it may end behind it.
  static func excerpt(of body: [UInt8], upTo limit: Int, secrets: [Secret]) -> [UInt8] {
    let longest = secrets.reduce(0) { max($0, $1.reveal.utf8.count) }
    return Array(body.prefix(limit + max(longest, key.count)))
  }

  /// - Parameter excerpt: Of a body, with this limit and these secrets.
  /// - Returns: At most its first `limit` bytes, masked.
  func masked(_ excerpt: [UInt8], upTo limit: Int) -> [UInt8] {
    var masked: [UInt8] = []
    var position = 0
    // What begins behind the limit may be the first part of a secret.
    while position < min(excerpt.count, limit) && masked.count < limit {
      let rest = excerpt[position...]
      if let secret = secrets[Int(excerpt[position])].first(where: { rest.starts(with: $0) }) {
        masked += Self.mask
        position += secret.count
      } else if rest.starts(with: Self.key),
        let value = Self.valueRange(in: excerpt, after: position + Self.key.count)
      {
        masked += excerpt[position..<value.lowerBound]
        masked += Self.mask
        position = value.upperBound
      } else {
        masked.append(excerpt[position])
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
