import RelayCore
import RelayJSON

/// Takes secrets out of what others wrote, a refused body or a destination's answer, before anybody may look at it.
///
/// It may be anything, so it is not parsed: whatever stands after a key `"token"` goes, the signatures of links to files, and every
/// occurrence of the secrets. That takes a while where there are many of them, so a body is masked when somebody looks.
struct SecretMask: Sendable {
  static let word = "[secret]"
  static let mask = Array(word.utf8)
  private static let key = Array(#""token""#.utf8)

  /// By their first bytes, so that a place that begins none of them costs one look.
  private var secrets = [[[UInt8]]](repeating: [], count: 256)
  private var longest = max(SecretMask.key.count, LinkSignature.longestSpelling)

  init(_ secrets: [Secret]) {
    for secret in secrets {
      add(Array(secret.reveal.utf8))
      // As others' JSON may have it.
      let escaped = Self.escaped(secret.reveal)
      if escaped != secret.reveal { add(Array(escaped.utf8)) }
    }
  }

  private mutating func add(_ secret: [UInt8]) {
    guard let first = secret.first else { return }
    secrets[Int(first)].append(secret)
    longest = max(longest, secret.count)
  }

  /// With `/` as `\/`, and whatever is not ASCII as `\uXXXX`.
  private static func escaped(_ text: String) -> String {
    text.utf16.map { unit in
      if unit == 0x2F { return #"\/"# }
      return unit < 0x80 ? String(UnicodeScalar(UInt8(unit))) : JSONWriter.escape(unit)
    }.joined()
  }

  /// A path, or a header's value.
  func masked(_ text: String) -> String {
    String(decoding: masked(Array(text.utf8), upTo: .max), as: UTF8.self)
  }

  /// What `masked` needs of a body: a secret that begins before the limit is there whole, though it may end behind it.
  func excerpt(of body: [UInt8], upTo limit: Int) -> [UInt8] { Array(body.prefix(limit + longest)) }

  /// What a failed attempt was answered, as far as it is kept: destinations echo what they were sent.
  func masked(_ answer: AttemptResult.Response) -> AttemptResult.Response {
    guard case .status(let status, let body, let retryAfter) = answer, status >= 300, !body.isEmpty else {
      return answer
    }
    // Where the answer was cut, its end may be the first part of a secret.
    let cut = body.count < AttemptResult.keptAnswerBytes ? 0 : longestBeginning(atTheEndOf: body)
    let whole = Array(body.dropLast(cut))
    return .status(status, body: masked(whole, upTo: .max), retryAfter: retryAfter)
  }

  /// The same for the answer's headers.
  func masked(_ evidence: AttemptEvidence) -> AttemptEvidence {
    var evidence = evidence
    evidence.answerHeaders = evidence.answerHeaders.map { lines in
      masked(excerpt(of: lines, upTo: AttemptEvidence.keptAnswerBytes), upTo: AttemptEvidence.keptAnswerBytes)
    }
    return evidence
  }

  /// What a failed attempt is kept with, without the token of the envelope that it sent (`forward_token`): where that was learned,
  /// the configuration does not know it, and no list of secrets holds it.
  static func hiding(_ token: [UInt8], in attempt: AttemptResult) -> AttemptResult {
    // With its quotes, where it is a text.
    let spelling = token.first == UInt8(ascii: "\"") ? Array(token.dropFirst().dropLast()) : token
    guard !attempt.isSuccess, spelling.count >= shortestToken else { return attempt }
    // A destination may say it as it came, or as it has read it.
    let text = JSONValue(kind: .string, range: 0..<spelling.count, hasEscapes: true).text(in: spelling)
    var mask = SecretMask([Secret(text)])
    mask.add(spelling)
    var attempt = attempt
    attempt.response = mask.masked(attempt.response)
    attempt.evidence = attempt.evidence.map { mask.masked($0) }
    return attempt
  }

  /// A shorter one keeps nobody out, and is in many a word.
  private static let shortestToken = 8

  /// How many of the last bytes begin a secret that is longer.
  private func longestBeginning(atTheEndOf body: [UInt8]) -> Int {
    secrets.joined().reduce(0) { longest, secret in
      guard secret.count > longest + 1 else { return longest }
      let lengths = (longest + 1..<secret.count).reversed()
      return lengths.first { body.suffix($0).elementsEqual(secret.prefix($0)) } ?? longest
    }
  }

  /// - Parameter excerpt: Of a body, with this limit.
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
      } else if rest.starts(with: LinkSignature.key),
        let signature = LinkSignature.range(in: excerpt, after: position + LinkSignature.key.count)
      {
        masked += excerpt[position..<signature.lowerBound]
        masked += Self.mask
        position = signature.upperBound
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

extension Configuration {
  /// What a sender or a destination may say that nobody is to see: all tokens, credentials, and header values that are long
  /// enough to be secrets.
  var toldSecrets: [Secret] {
    let tokens = sources.flatMap(\.tokens).map(\.value) + server.admins.map(\.value)
    return tokens + destinations.flatMap(\.toldSecrets) + notify.flatMap(\.toldSecrets)
  }
}

extension NoticeReceiver {
  /// A receiver may repeat what it was called by: the whole address, or what follows its host.
  var toldSecrets: [Secret] {
    let text = url.reveal
    guard let scheme = text.firstRange(of: "://") else { return [url] }
    let tail = text[scheme.upperBound...].drop { !"/?".contains($0) }
    return [url] + (tail.utf8.count >= Self.shortestSecretTail ? [Secret(String(tail))] : [])
  }

  private static let shortestSecretTail = 8
}

extension Destination {
  private static let shortestSecretHeader = 16

  fileprivate var toldSecrets: [Secret] {
    var told = headers.map(\.value).filter { $0.reveal.utf8.count >= Self.shortestSecretHeader }
    switch authorization {
    case .bearer(let token): told.append(token)
    case .basic(let username, let password):
      told += [password, Secret(Base64.text(Array("\(username):\(password.reveal)".utf8)))]
    case .oauth2(let client): told += client.toldSecrets
    case nil: break
    }
    return told + URLMask.secrets(of: url.reveal)
  }
}
