import RelayCore
import RelayPipeline

/// The rules that run, and others that are tried. Nothing of it changes anything.
enum RulesEndpoints {
  /// A configuration of the largest size, each of whose characters is escaped twice over.
  private static let maxBodyBytes = 4 << 20

  private static let wrong = Endpoint.Problem(
    422, "invalid_configuration",
    "The configuration is wrong, or its routes hold references; `errors` has each error with its place.")

  static let all: [Endpoint] = [
    .get("/api/v1/config", "The configuration that the relay goes by, with its defaults.", role: .reader) {
      (call: Call<Nothing>) in ConfigAnswer(call.relay.configuration())
    },
    .post(
      "/api/v1/config/diff", "What a reload would change, and what needs a restart. Changes nothing.",
      role: .operator, audit: .nothing, problems: [wrong], maxBodyBytes: maxBodyBytes
    ) { (call: Call<ConfigDifferenceInput>) in
      ConfigDifferenceAnswer(try await call.relay.difference(to: call.input.configuration))
    },
    .post(
      "/api/v1/explain", "Where an event goes, and why: each route's verdict. Sends nothing.", role: .reader,
      audit: .reading,
      problems: [
        wrong, .notFound("The store does not have the event, or no longer."),
        .init(409, "conflict", "The event's body is gone, or a source would refuse the envelope."),
      ], maxBodyBytes: maxBodyBytes, explain),
    .get(
      "/api/v1/samples", "An envelope with an event of a documented type, made up: to try rules with.",
      role: .viewer
    ) { (call: Call<SampleInput>) in
      var answer = SampleAnswer()
      answer.types = call.relay.sampleTypes
      answer.envelope = try call.input.type.map { String(decoding: try call.relay.sample($0), as: UTF8.self) }
      return answer
    },
    .post(
      "/api/v1/backtest",
      "What other routes would make of stored events: a part of them each time, with where to go on. Sends nothing.",
      role: .operator, audit: .reading, problems: [wrong], maxBodyBytes: maxBodyBytes
    ) { (call: Call<BacktestInput>) in
      BacktestAnswer(try await call.relay.backtest(try call.input.request(now: call.now)))
    },
  ]

  private static func explain(_ call: Call<ExplainInput>) async throws -> ExplainAnswer {
    let input = call.input
    guard input.configuration == nil || call.caller.role >= .operator else {
      throw APIError(
        403, "forbidden_role",
        "rules that are handed in are for the role \(Role.operator.rawValue); \(call.caller.name) has the role "
          + "\(call.caller.role.rawValue): leave 'configuration' out")
    }
    switch (input.event, input.envelope) {
    case (let text?, nil):
      guard let id = EventID(text) else {
        throw APIError.invalidRequest("'\(text.prefix(100))' is not an event's id: evt_ and a UUID")
      }
      guard let report = try await call.relay.explain(id, by: input.configuration) else {
        throw EventEndpoints.unknown(id)
      }
      return ExplainAnswer(report)
    case (nil, let envelope?):
      return ExplainAnswer(
        try await call.relay.explain(envelope: envelope.bytes, by: input.configuration))
    case (nil, nil), (_?, _?):
      throw APIError.invalidRequest("give either 'event', an event's id, or 'envelope'")
    }
  }
}
