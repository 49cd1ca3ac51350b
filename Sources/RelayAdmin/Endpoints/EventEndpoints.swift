import RelayCore
import RelayPipeline

/// Events in the store.
enum EventEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/events/{event}", "An event: its body, the routes that matched it, and what became of it.",
      role: .viewer, audit: .reading, problems: [.notFound("The store does not have it, or no longer.")],
      event)
  ]

  private static func event(_ call: Call<Nothing>) async throws -> EventAnswer {
    EventAnswer(try await report(of: try call.event(), call.relay))
  }

  static func report(of id: EventID, _ relay: any RelayOperations) async throws -> EventReport {
    if let report = try await relay.event(id) { return report }
    throw unknown(id)
  }

  static func unknown(_ id: EventID) -> APIError {
    APIError(
      404, "not_found",
      "the store has no event \(id): it was never accepted, was settled longer than store.retention ago, "
        + "or went nowhere while store.keep is routed")
  }
}

extension Endpoint.Problem {
  static func notFound(_ meaning: String) -> Endpoint.Problem {
    Endpoint.Problem(404, "not_found", meaning)
  }
}
