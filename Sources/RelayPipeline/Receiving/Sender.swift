import RelayCore
import RelayJSON

/// Who posted an envelope: its token was the source's, or the source asks for none.
struct Sender {
  /// The company of events that name none.
  let company: String?
  /// The token that came, wherever it stood.
  let token: JSONValue?
  /// Set if this is no envelope but the platform's check of the URL: what it wants printed back.
  let handshakeToken: String?

  /// - Parameters:
  ///   - lesson: What is known of a token that the source learns. Without it, such a source believes nobody.
  ///   - origin: Where the envelope came from: that is shown of who offers a token.
  ///   - now: The wall clock's time: a token that has ended is another's.
  /// - Throws: 400 for what is neither envelope nor handshake, 401 for a wrong token.
  init(
    _ envelope: ScannedEnvelope, body: [UInt8], source: Source, lesson: SourceLesson? = nil,
    from origin: (any RequestOrigin)? = nil, at now: Timestamp
  ) throws(Refusal) {
    token = envelope.sendersToken
    let text = token?.text(in: body)
    let isHandshake = envelope.isHandshake
    guard envelope.hasMessages || isHandshake else { throw .noMessages }
    if source.tokens.isEmpty {
      company = source.company
      if source.learnsToken {
        guard let text, !text.isEmpty else { throw .missingToken }
        guard let lesson, let origin else { throw .invalidToken }
        try lesson.check(text, isHandshake: isHandshake, from: origin)
      }
    } else {
      guard let text, !text.isEmpty else { throw .missingToken }
      guard let matching = source.token(equalTo: text), matching.counts(at: now) else { throw .invalidToken }
      company = matching.company ?? source.company
    }
    handshakeToken = isHandshake ? text : nil
  }

  /// What a person puts in by hand is believed, whatever token it holds: one that is the source's says the company.
  ///
  /// - Throws: 400 for what is no envelope.
  init(byHand envelope: ScannedEnvelope, body: [UInt8], source: Source) throws(Refusal) {
    guard envelope.hasMessages else { throw .noMessages }
    token = envelope.sendersToken
    company = token.flatMap { source.token(equalTo: $0.text(in: body)) }?.company ?? source.company
    handshakeToken = nil
  }
}

extension ScannedEnvelope {
  /// The token that came, wherever it stood.
  var sendersToken: JSONValue? {
    if let token, token.isToken { return token }
    if let messagesToken, messagesToken.isToken { return messagesToken }
    return nil
  }

  /// It is the platform's check of the URL.
  var isHandshake: Bool { messagesKind == nil && validToken?.kind == .true && sendersToken != nil }
}

extension Source {
  /// The token with this value. Its time depends on lengths alone: every token is compared to its end.
  fileprivate func token(equalTo text: String) -> Token? {
    var found: Token?
    for token in tokens where token.value.isSame(as: text) {
      found = token
    }
    return found
  }
}

extension JSONValue {
  fileprivate var isToken: Bool { kind == .string || kind == .number }

  /// The value as it was spelled, a string with its quotes.
  package func spelling(in document: [UInt8]) -> [UInt8] {
    kind == .string ? Array(document[range.lowerBound - 1...range.upperBound]) : Array(document[range])
  }
}
