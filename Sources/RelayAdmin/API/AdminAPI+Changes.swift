import RelayCore

extension AdminAPI {
  func retry(_ body: [UInt8]) async throws -> AdminResponse {
    let selection = try ChangeBody.selection(body, states: [.dead], verb: "retried", now: clock.now())
    return .json(ChangedAnswer(changed: try await operations.retry(selection)))
  }

  func discard(_ body: [UInt8]) async throws -> AdminResponse {
    let selection = try ChangeBody.selection(
      body, states: [.pending, .dead], verb: "discarded", now: clock.now())
    return .json(ChangedAnswer(changed: try await operations.discard(selection)))
  }

  func pause(_ destination: String, _ body: [UInt8]) async throws -> AdminResponse {
    let until = try ChangeBody.pauseEnd(body, now: clock.now())
    try await operations.pause(destination, until: until)
    return .json(PauseAnswer(name: destination, paused: true, pausedUntil: until))
  }

  func resume(_ destination: String, _ body: [UInt8]) async throws -> AdminResponse {
    try ChangeBody.nothing(body)
    return .json(ResumeAnswer(destination, try await operations.resume(destination)))
  }

  func reload(_ body: [UInt8]) async throws -> AdminResponse {
    try ChangeBody.nothing(body)
    return .json(ReloadAnswer(try await operations.reload()))
  }
}
