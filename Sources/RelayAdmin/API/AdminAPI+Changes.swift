import RelayCore
import RelayPipeline

extension AdminAPI {
  func change(_ verb: ChangeVerb, _ body: [UInt8]) async throws -> AdminResponse {
    let request = try ChangeRequest(body, for: verb, now: clock.now())
    let selections = try await selections(request)
    if request.isDryRun {
      var counts = DeliveryCounts()
      for selection in selections { counts.add(try await operations.count(verb, selection)) }
      return .json(DryRunAnswer(counts))
    }
    var changed = 0
    for selection in selections {
      changed += try await verb == .retry ? operations.retry(selection) : operations.discard(selection)
    }
    return .json(ChangedAnswer(changed: changed))
  }

  private func selections(_ request: ChangeRequest) async throws -> [DeliverySelection] {
    switch request.selection {
    case .filters(let filters): return filters.map { .filter($0) }
    case .ids(var ids, let events):
      for event in events {
        let deliveries = try await report(of: event).deliveries
        ids += deliveries.map(\.record).filter { $0.state == .dead && !ids.contains($0.id) }.map(\.id)
      }
      return ids.isEmpty ? [] : [.ids(ids)]
    }
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
