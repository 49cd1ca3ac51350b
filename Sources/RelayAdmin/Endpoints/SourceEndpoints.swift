import RelayCore
import RelayPipeline

/// What a person does to a source, and the one request that tries a destination.
enum SourceEndpoints {
  static let all: [Endpoint] = [
    .post(
      "/api/v1/sources/{source}/token",
      "Have a source's token learned from a handshake, confirm the one that came, or forget it.",
      role: .admin,
      audit: .change,
      problems: [
        .notFound("There is no such source, or no such candidate."),
        .init(
          409, "conflict",
          "The source's token is not to be learned; or handshakes with different tokens have come."),
      ], token),
    .post(
      "/api/v1/sources/{source}/publish", "Take an envelope as its source would have sent it.",
      role: .operator,
      audit: .change, replies: [.init(record: PublishAnswer.self)],
      problems: [
        .notFound("There is no such source."), .init(400, "invalid_json", "It is no JSON."),
        .init(400, "invalid_envelope", "It is no envelope."),
        .init(413, "too_large", "It is larger than `server.max_body`, or holds too many events."),
        .init(415, "unsupported_media_type", "It is in a form that the ingest does not read."),
      ], maxBodyBytes: maxEnvelopeBytes, publish),
    .post(
      "/api/v1/destinations/{destination}/test",
      "Send one request to a destination, outside its queue, and say what came of it.", role: .operator,
      audit: .change,
      problems: [
        .notFound("There is no such destination."),
        .init(400, "invalid_sample", "What it is to be tried with holds no such event."),
        .init(409, "conflict", "Too many tests are under way."),
      ], maxBodyBytes: maxEnvelopeBytes, test),
  ]

  /// As a string in JSON it may be longer than the envelope itself.
  private static let maxEnvelopeBytes = 32 << 20

  private static func token(_ call: Call<TokenInput>) async throws -> SourceAnswer {
    let source = call.name("source")
    switch try call.input.wish() {
    case .learn(let duration):
      return SourceAnswer(try await call.relay.learnToken(of: source, for: duration))
    case .confirm(let candidate):
      return SourceAnswer(try await call.relay.confirmToken(of: source, candidate: candidate))
    case .forget: return SourceAnswer(try await call.relay.forgetToken(of: source))
    }
  }

  /// Answered as a sender is, in the receiver's own words.
  private static func publish(_ call: Call<PublishInput>) async throws -> AdminResponse {
    let reply = try await call.relay.publish(
      Array(call.input.envelope.utf8), to: call.name("source"), again: call.input.again ?? false)
    return AdminResponse(
      status: reply.status, contentType: reply.contentType, body: reply.body,
      headers: reply.headers.map { AdminResponse.Header($0.name, $0.value) })
  }

  private static func test(_ call: Call<TestInput>) async throws -> TestAnswer {
    TestAnswer(try await call.relay.test(call.name("destination"), with: try call.input.sample()))
  }
}
