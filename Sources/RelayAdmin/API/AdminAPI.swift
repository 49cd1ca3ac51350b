import Logging
import RelayCore
import RelayPipeline

/// What each endpoint does: reads what was asked, has it done, and says what came of it.
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
  func answer(_ endpoint: Endpoint, query: String?, body: [UInt8]) async -> AdminResponse {
    do {
      return try await result(of: endpoint, query: query, body: body)
    } catch let error as APIError {
      return AdminResponse(error)
    } catch let error as OperationError {
      return AdminResponse(APIError(error))
    } catch {
      logger.error("the admin API failed", metadata: ["reason": "\(error)"])
      return AdminResponse(APIError(500, "internal_error", "this failed inside the relay; see its log"))
    }
  }

  private func result(of endpoint: Endpoint, query: String?, body: [UInt8]) async throws -> AdminResponse {
    // An unknown parameter is a misspelt one: without it a filter would mean more than was meant.
    let items = try QueryItems(endpoint.ignoresQuery ? nil : query, known: endpoint.parameters)
    switch endpoint {
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
    case .rejections: return .json(RejectionsAnswer(rejections: operations.rejections()))
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

  func report(of id: EventID) async throws -> EventReport {
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

extension Endpoint {
  /// What may follow the `?`.
  fileprivate var parameters: [String] {
    self == .deliveries ? FilterReader.names + ["limit", "after"] : []
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
