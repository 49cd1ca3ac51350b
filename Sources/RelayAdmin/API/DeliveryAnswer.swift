import RelayCore
import RelayPipeline

/// A delivery, in `GET /api/v1/deliveries` and `GET /api/v1/events/{id}`.
package struct DeliveryAnswer: Decodable, Sendable, Equatable {
  package var id: Int64
  package var eventId: String
  package var type: String
  package var receivedAt: Timestamp
  package var destination: String
  package var route: String
  package var configHash: String
  package var run: Int
  /// `pending`, `delivered`, `dead` or `discarded`.
  package var state: String
  /// Why: of a dead one `permanent`, `exhausted` or `expired`, of a discarded one `overflow` or `person`.
  package var reason: String?
  package var attempts: Int
  package var dueAt: Timestamp?
  package var settledAt: Timestamp?
  /// What a pending one waits for.
  package var waiting: WaitAnswer?
  package var lastAttempt: AttemptAnswer?
  /// The first and the last nine.
  package var failures: [FailureAnswer]
  package var failureCount: Int

  init(_ report: DeliveryReport) {
    let record = report.record
    id = record.id.rawValue
    eventId = record.event.description
    type = record.type
    receivedAt = record.receivedAt
    destination = record.destination
    route = record.route
    configHash = record.configuration
    run = record.run
    state = DeliveryFilter.State(record.state).rawValue
    reason = record.deathReason?.description ?? record.discardReason?.description
    attempts = record.attempts
    dueAt = record.due
    settledAt = record.settledAt
    waiting = report.wait.map { WaitAnswer($0, destination: record.destination) }
    lastAttempt = record.lastAttempt.map { AttemptAnswer($0) }
    failures = record.failures.map { FailureAnswer($0) }
    failureCount = record.failureCount
  }
}

extension DeliveryAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("id", id)
      output.field("event_id", eventId)
      output.field("type", type)
      output.field("received_at", receivedAt)
      output.field("destination", destination)
      output.field("route", route)
      output.field("config_hash", configHash)
      output.field("run", run)
      output.field("state", state)
      output.field("reason", reason)
      output.field("attempts", attempts)
      output.field("due_at", dueAt)
      output.field("settled_at", settledAt)
      output.field("waiting", waiting)
      output.field("last_attempt", lastAttempt)
      output.field("failures", failures)
      output.field("failure_count", failureCount)
    }
  }
}

extension DeliveryFilter.State {
  init(_ state: DeliveryState) {
    switch state {
    case .fresh, .retrying, .waiting: self = .pending
    case .delivered: self = .delivered
    case .dead: self = .dead
    case .discarded: self = .discarded
    }
  }
}

/// A page of `GET /api/v1/deliveries`.
package struct DeliveriesAnswer: Decodable, Sendable, Equatable {
  package var deliveries: [DeliveryAnswer]
  /// What `after` is to be for the next page; nil: there is none.
  package var next: String?

  init(_ page: DeliveryReportPage) {
    deliveries = page.deliveries.map { DeliveryAnswer($0) }
    next = page.next?.description
  }
}

extension DeliveriesAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("deliveries", deliveries)
      output.field("next", next)
    }
  }
}
