import RelayCore
import RelayPipeline

/// What a person does to a destination.
enum DestinationEndpoints {
  static let all: [Endpoint] = [
    .post(
      "/api/v1/destinations/{destination}/pause",
      "Stop attempts to a destination; its deliveries go on queueing. Stays over restarts.", role: .operator,
      audit: .change, problems: [.notFound("There is no such destination.")], pause),
    .post(
      "/api/v1/destinations/{destination}/resume",
      "End a destination's pause, or its hold (`Retry-After`); begin anew with fresh connections.",
      role: .operator, audit: .change,
      problems: [
        .notFound("There is no such destination."), .init(409, "conflict", "The configuration pauses it."),
      ], resume),
  ]

  private static func pause(_ call: Call<PauseInput>) async throws -> PauseAnswer {
    let name = call.name("destination")
    if let until = call.input.until, until <= call.now {
      throw APIError.invalidRequest("'until' (\(until)) is past: it is \(call.now)")
    }
    try await call.relay.pause(name, until: call.input.until)
    return PauseAnswer(name: name, pausedUntil: call.input.until)
  }

  private static func resume(_ call: Call<Nothing>) async throws -> ResumeAnswer {
    let name = call.name("destination")
    return ResumeAnswer(name, try await call.relay.resume(name))
  }
}
