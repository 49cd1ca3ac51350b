import RelayCore
import RelayPipeline

/// Events that are sent again.
enum ReplayEndpoints {
  static let all: [Endpoint] = [
    .post(
      "/api/v1/events/replay",
      "Send stored events again, to named destinations or to where the routes send them now. It goes on by itself.",
      role: .operator, audit: .change,
      replies: [.init(status: 202, record: ReplayBegunAnswer.self), .init(record: ReplayCountAnswer.self)],
      problems: [
        .notFound("There is no such destination, or no such event: nothing is sent."),
        .init(409, "conflict", "A destination is no longer configured: nothing is sent."),
      ], replay),
    .get("/api/v1/replays", "Replays, newest first.", role: .viewer, replays),
    .get(
      "/api/v1/replays/{replay}", "A replay, and how far it is.", role: .viewer, problems: [unknown], one),
    .post(
      "/api/v1/replays/{replay}/cancel",
      "End a replay: it queues nothing more, and what it has queued and nobody has begun to send is discarded.",
      role: .operator, audit: .change, problems: [unknown], cancel),
  ]

  private static let unknown = Endpoint.Problem.notFound("There is no such replay (any more).")

  /// How long is counted: for whoever only wants to know, and before one begins.
  private static let countingTime = (dryRun: Duration.seconds(45), begin: Duration.seconds(5))

  private static func replay(_ call: Call<ReplayInput>) async throws -> AdminResponse {
    let plan = try call.input.plan(now: call.now)
    let isDryRun = call.input.isDryRun
    let count = try await call.relay.count(
      plan, within: isDryRun ? countingTime.dryRun : countingTime.begin)
    if plan.events == EventFilter(ids: plan.events.ids), count.matched < plan.events.ids.count,
      !count.isPartial
    {
      for id in plan.events.ids { _ = try await EventEndpoints.report(of: id, call.relay) }
    }
    if isDryRun { return try .json(ReplayCountAnswer(count), for: call.caller) }
    let begun = try await call.relay.replay(
      plan, expected: count.isPartial ? nil : count.total, who: call.caller.name, reason: call.reason)
    return try .json(ReplayBegunAnswer(begun), for: call.caller, status: 202)
  }

  private static func replays(_ call: Call<ReplaysInput>) async throws -> ReplaysAnswer {
    let limit = call.input.page.size
    return ReplaysAnswer(
      try await call.relay.replays(before: try call.input.page.cursor().map { Int($0) }, limit: limit),
      limit: limit,
      for: call.caller)
  }

  private static func one(_ call: Call<Nothing>) async throws -> ReplayAnswer {
    try answer(try await call.relay.replay(try number(call)), call)
  }

  private static func cancel(_ call: Call<Nothing>) async throws -> ReplayAnswer {
    try answer(try await call.relay.cancelReplay(try number(call)), call)
  }

  private static func number(_ call: Call<Nothing>) throws(APIError) -> Int {
    let text = call.name("replay")
    if let number = Int64(givenNumber: text) { return Int(number) }
    throw .invalidRequest("'\(text.prefix(100))' is not a replay's number; `replays` shows them")
  }

  private static func answer(
    _ report: ReplayReport?, _ call: Call<Nothing>
  ) throws(OperationError) -> ReplayAnswer {
    if let report { return ReplayAnswer(report, for: call.caller) }
    throw OperationError(
      code: .notFound,
      message:
        "there is no replay \(call.name("replay").prefix(20)) (any more); `replays` shows those that there are"
    )
  }
}
