import Logging
import RelayCore
import RelayText

/// Carries out what people do to sources, and says how they are.
final class SourceDesk: Sendable {
  struct Parts: Sendable {
    let active: ActiveConfiguration
    let asked: PatientStore
    let receiver: Receiver
    let metrics: RelayMetrics
    let silence: SilenceWatch
    let logger: Logger
  }

  private let parts: Parts

  init(_ parts: Parts) {
    self.parts = parts
  }

  /// In the configuration's order.
  var statuses: [SourceStatus] { parts.active.configuration.sources.map(status) }

  private func status(_ source: Source) -> SourceStatus {
    let counts = parts.metrics.source(source.name)
    let learning = source.learnsToken ? parts.receiver.lessons.lesson(of: source.name).status : nil
    return SourceStatus(
      name: source.name, path: source.path,
      token: learning?.state ?? (source.tokens.isEmpty ? .none : .configured),
      lastHandshake: counts.lastHandshakeAt, lastEnvelope: counts.lastAcceptedAt, refused: counts.refused,
      refusals: counts.refusals, learning: learning, silence: parts.silence.silence(of: source))
  }

  // MARK: Tokens

  func learnToken(of name: String, for duration: Duration) throws(OperationError) -> SourceStatus {
    let source = try learner(name)
    parts.receiver.lessons.lesson(of: name).open(for: duration)
    return status(source)
  }

  func confirmToken(of name: String, candidate: String) async throws(OperationError) -> SourceStatus {
    let source = try learner(name)
    let lesson = parts.receiver.lessons.lesson(of: name)
    let token: LearnedToken
    do throws(TokenLesson.ConfirmError) {
      token = try lesson.confirmed(candidate)
    } catch {
      throw Self.refusal(error, candidate: candidate, source: name)
    }
    try await keep(token, of: name)
    parts.logger.notice("a token was learned", metadata: ["source": "\(name)", "candidate": "\(candidate)"])
    return status(source)
  }

  func forgetToken(of name: String) async throws(OperationError) -> SourceStatus {
    let source = try source(name)
    try await keep(nil, of: name)
    parts.logger.notice("a learned token was forgotten", metadata: ["source": "\(name)"])
    return status(source)
  }

  /// What is believed changes in the store's completion: it is what the store holds, also where that comes too late for
  /// whoever asked.
  private func keep(_ token: LearnedToken?, of name: String) async throws(OperationError) {
    let lesson = parts.receiver.lessons.lesson(of: name)
    try await parts.asked.ask { store async throws(StoreError) in
      try await store.keepToken(token, of: name) { lesson.learn(token) }
    }
  }

  private static func refusal(
    _ error: TokenLesson.ConfirmError, candidate: String, source: String
  ) -> OperationError {
    switch error {
    case .noCandidate:
      OperationError(
        code: .notFound,
        message:
          "\(source) has no candidate \(candidate.prefix(100)); `huggy-relay token list` shows those that there are"
      )
    case .ambiguous:
      OperationError(
        code: .conflict,
        message: "handshakes with different tokens have come to \(source), so that neither can be believed: "
          + "find out who else knows its path, then begin anew with `huggy-relay token learn \(source)`")
    }
  }

  // MARK: Envelopes

  func publish(_ envelope: [UInt8], to name: String, again: Bool) async throws(OperationError) -> IngestReply
  {
    _ = try source(name)
    let limit = parts.active.configuration.server.maxBodyBytes
    guard envelope.count <= limit else { return Refusal.tooLarge(limitBytes: limit).reply }
    let reply: IngestReply? = await withCheckedContinuation { continuation in
      let isKnown = parts.receiver.publish(envelope, to: name, again: again) {
        continuation.resume(returning: $0)
      }
      if !isKnown { continuation.resume(returning: nil) }
    }
    guard let reply else { throw unknown(name) }
    parts.logger.notice(
      "an envelope was put in by hand", metadata: ["source": "\(name)", "status": .number(reply.status)])
    return reply
  }

  // MARK: Names

  private func source(_ name: String) throws(OperationError) -> Source {
    if let source = parts.active.configuration.sources.first(where: { $0.name == name }) { return source }
    throw unknown(name)
  }

  private func learner(_ name: String) throws(OperationError) -> Source {
    let source = try source(name)
    guard source.learnsToken else {
      throw OperationError(
        code: .conflict,
        message:
          "sources.\(name) has \(source.tokens.isEmpty ? "no token" : "a token in the configuration"): "
          + "write `token: learn` there and reload, to have one learned")
    }
    return source
  }

  private func unknown(_ name: String) -> OperationError {
    let names = parts.active.configuration.sources.map(\.name)
    let hint =
      NearestName.question(name, among: names) ?? "; the configuration has \(names.joined(separator: ", "))"
    return OperationError(code: .notFound, message: "there is no source \(name.prefix(100))\(hint)")
  }
}
