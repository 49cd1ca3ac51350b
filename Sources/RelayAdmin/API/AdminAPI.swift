import Logging
import RelayCore
import RelayPipeline

/// What each route does: reads what was asked, has it done, and says what came of it.
struct AdminAPI: Sendable {
  let operations: any RelayOperations
  let clock: any WallClock
  let logger: Logger
  private let copies = CopySlot()

  init(operations: any RelayOperations, clock: any WallClock, logger: Logger) {
    self.operations = operations
    self.clock = clock
    self.logger = logger
  }

  /// - Parameter body: Whole; empty if there was none.
  func answer(_ route: AdminRoute, query: String?, body: [UInt8]) async -> AdminResponse {
    do {
      return try await result(of: route, query: query, body: body)
    } catch let error as APIError {
      return AdminResponse(error)
    } catch let error as OperationError {
      return AdminResponse(APIError(error))
    } catch {
      logger.error("the admin API failed", metadata: ["reason": "\(error)"])
      return AdminResponse(APIError(500, "internal_error", "this failed inside the relay; see its log"))
    }
  }

  private func result(of route: AdminRoute, query: String?, body: [UInt8]) async throws -> AdminResponse {
    // An unknown parameter is a misspelt one: without it a filter would mean more than was meant.
    let items = try QueryItems(route.ignoresQuery ? nil : query, known: route.parameters)
    switch route {
    case .health: return .json(HealthAnswer(status: "ok"))
    case .readiness: return try await readiness()
    case .metrics:
      return AdminResponse(
        status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: await operations.metrics()
      )
    case .status: return .json(StatusAnswer(try await operations.status()))
    case .event(let id): return try await event(id)
    case .deliveries: return try await deliveries(items)
    case .backup:
      try ChangeBody.nothing(body)
      return AdminResponse(copy: try await copies.fill { try await operations.backup() })
    case .refusals: return .json(RefusalsAnswer(refusals: operations.refusedRequests()))
    case .retry: return try await change(.retry, body)
    case .discard: return try await change(.discard, body)
    case .pause(let destination): return try await pause(destination, body)
    case .resume(let destination): return try await resume(destination, body)
    case .reload: return try await reload(body)
    }
  }

  private func readiness() async throws(APIError) -> AdminResponse {
    switch await operations.readiness {
    case .ready: return .json(HealthAnswer(status: "ready"))
    case .notReady(let reason): throw APIError(503, "not_ready", reason)
    }
  }

  private func event(_ text: String) async throws -> AdminResponse {
    guard let id = EventID(text) else {
      throw APIError.invalidRequest(
        "'\(text.prefix(100))' is not an event's id: evt_ and a UUID, as the webhook-id header has it")
    }
    return .json(EventAnswer(try await report(of: id)))
  }

  private func report(of id: EventID) async throws -> EventReport {
    if let report = try await operations.event(id) { return report }
    throw APIError(
      404, "not_found",
      "the store has no event \(id): it was never accepted, was settled longer than store.retention ago, "
        + "or went nowhere while store.keep is routed")
  }

  private func deliveries(_ items: QueryItems) async throws -> AdminResponse {
    var items = items
    let limit = try Self.limit(items.take("limit"))
    let after = try Self.cursor(items.take("after"))
    let filter = try FilterReader.filter(items.items, now: clock.now())
    let page = try await operations.deliveries(filter, after: after, limit: limit)
    return .json(DeliveriesAnswer(page))
  }

  private static func limit(_ text: String?) throws(APIError) -> Int {
    guard let text else { return 50 }
    guard let limit = Int(text), (1...500).contains(limit) else {
      throw .invalidRequest("'limit' is '\(text.prefix(100))'; write a number from 1 to 500")
    }
    return limit
  }

  private static func cursor(_ text: String?) throws(APIError) -> DeliveryID? {
    guard let text else { return nil }
    guard let number = Int64(text), number > 0 else {
      throw .invalidRequest("'after' is '\(text.prefix(100))'; take it from the 'next' of the page before")
    }
    return DeliveryID(rawValue: number)
  }
}

extension AdminRoute {
  /// What may follow the `?`.
  fileprivate var parameters: [String] {
    switch self {
    case .deliveries: FilterReader.names + ["limit", "after"]
    case .health, .readiness, .metrics, .status, .event, .retry, .discard, .pause, .resume, .reload,
      .refusals,
      .backup:
      []
    }
  }

  /// Monitors add what they like to a URL, such as the time against caches.
  fileprivate var ignoresQuery: Bool { self == .health || self == .readiness || self == .metrics }
}

/// `GET /healthz` and `GET /readyz`.
private struct HealthAnswer: JSONWritable {
  let status: String

  func write(to output: inout JSONOutput) {
    output.object { $0.field("status", status) }
  }
}

extension AdminAPI {
  private func change(_ verb: ChangeVerb, _ body: [UInt8]) async throws -> AdminResponse {
    let request = try ChangeRequest(body, for: verb, now: clock.now())
    let selections = try await selections(request)
    if request.isDryRun {
      var counts = DeliveryCounts()
      for selection in selections { counts.add(try await operations.count(verb, selection)) }
      return .json(DryRunAnswer(counts))
    }
    var changed = 0
    for selection in selections {
      switch verb {
      case .retry: changed += try await operations.retry(selection)
      case .discard: changed += try await operations.discard(selection)
      }
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

  private func pause(_ destination: String, _ body: [UInt8]) async throws -> AdminResponse {
    let until = try ChangeBody.pauseEnd(body, now: clock.now())
    try await operations.pause(destination, until: until)
    return .json(PauseAnswer(name: destination, paused: true, pausedUntil: until))
  }

  private func resume(_ destination: String, _ body: [UInt8]) async throws -> AdminResponse {
    try ChangeBody.nothing(body)
    return .json(ResumeAnswer(destination, try await operations.resume(destination)))
  }

  private func reload(_ body: [UInt8]) async throws -> AdminResponse {
    try ChangeBody.nothing(body)
    return .json(ReloadAnswer(try await operations.reload()))
  }
}
