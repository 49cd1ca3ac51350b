import RelayJSON

/// A body that is not taken: its answer, and so its reason.
struct Refusal: Error {
  let reply: IngestReply

  init(reply: IngestReply) {
    self.reply = reply
  }

  init(_ error: ScanError, in body: [UInt8]) {
    switch error.code {
    case .invalidJSON:
      reply =
        ForeignBody(body)?.reply(offset: error.offset)
        ?? .error(400, "invalid_json", error.message, offset: error.offset)
    case .notAnObject:
      reply = .error(400, "invalid_envelope", error.message, offset: error.offset)
    case .tooManyEvents:
      reply = .error(413, "too_large", "an envelope holds at most \(IngestRules.maxEvents) events")
    }
  }

  static let noMessages = Refusal(
    reply: .error(400, "invalid_envelope", "the envelope has no object `messages`", offset: 0))

  static let invalidToken = Refusal(
    reply: .error(401, "invalid_token", "the envelope's token is not the one of this source"))

  static let missingToken = Refusal(
    reply: .error(
      401, "missing_token",
      "the envelope has no token, and this source asks for one: `token` beside `messages`, as text"))

  static let tooManyDeliveries = Refusal(
    reply: .error(
      413, "too_large",
      "the envelope's events would make more than \(IngestRules.maxDeliveries) deliveries"))
}
