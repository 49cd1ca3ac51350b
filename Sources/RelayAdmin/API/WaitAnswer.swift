import RelayCore
import RelayPipeline

/// What a pending delivery waits for. What does not apply is left out.
package struct WaitAnswer: Answer {
  @Field(
    "What it waits for.",
    .words {
      [
        "in_flight", "order", "retry", "pause", "circuit", "retry_after", "orphaned", "store", "batch",
        "turn",
      ]
    })
  package var `for`: String
  @Field("When it ends by itself.", .leftOutIfNil) package var until: Timestamp?
  @Field("When the circuit opened.", .leftOutIfNil) package var since: Timestamp?
  @Field("What the circuit is open for, or what the delivery that comes first failed with.", .leftOutIfNil)
  package var lastFailure: String?
  @Field("The delivery of its order key that comes first.", .leftOutIfNil) package var deliveryId: Int64?
  @Field("The event of that delivery; only where one event is asked for.", .leftOutIfNil)
  package var eventId: String?
  @Field("The same: how many attempts it has had.", .leftOutIfNil) package var attempts: Int?
  @Field("The same: when its next attempt is due.", .leftOutIfNil) package var dueAt: Timestamp?
  @Field("Where the configuration pauses the destination, as `FILE:LINE`.", .leftOutIfNil)
  package var pausedAt: String?
  @Field("The same in a sentence, for people.") package var message: String
}

extension WaitAnswer {
  init(_ wait: DeliveryWait, of report: DeliveryReport) {
    self.init()
    let destination = report.record.destination
    message = wait.sentence(destination: destination)
    if let first = report.first {
      eventId = first.event.description
      attempts = first.attempts
      dueAt = first.due
      lastFailure = first.lastAttempt.flatMap { $0.status.map { "status \($0)" } ?? $0.error }
      message += "; it is of \(first.event)"
      if let lastFailure { message += ", attempts: \(first.attempts), the last failed (\(lastFailure))" }
    }
    switch wait {
    case .inFlight: self.for = "in_flight"
    case .order(let first):
      self.for = "order"
      deliveryId = first?.rawValue
    case .retry(let at):
      self.for = "retry"
      until = at
    case .paused(let until, let place):
      self.for = "pause"
      self.until = until?.unlessForever
      pausedAt = place
    case .circuit(let since, let failure):
      self.for = "circuit"
      self.since = since
      lastFailure = failure
    case .held(let until):
      self.for = "retry_after"
      self.until = until
    case .orphaned: self.for = "orphaned"
    case .store: self.for = "store"
    case .batch(let until):
      self.for = "batch"
      self.until = until
    case .turn: self.for = "turn"
    }
  }
}

extension DeliveryWait {
  fileprivate func sentence(destination: String) -> String {
    switch self {
    case .inFlight: "an attempt is under way"
    case .order(let first?): "delivery \(first) comes before it: \(destination) gets this order key in order"
    case .order(nil): "an earlier delivery comes before it: \(destination) gets this order key in order"
    case .retry(let at): "the last attempt failed; the next one is at \(at)"
    case .paused(_, let place?): "\(destination) is paused by \(place)"
    case .paused(let until?, nil) where until != .distantFuture: "\(destination) is paused until \(until)"
    case .paused: "\(destination) is paused until somebody resumes it"
    case .circuit(let since, let failure):
      "\(destination) is failing\(since.map { " since \($0)" } ?? "")\(failure.map { " (\($0))" } ?? "")"
        + ": it is probed now and then, and gets its backlog when it answers"
    case .held(let until): "\(destination) asked to be left alone until \(until) (Retry-After)"
    case .orphaned:
      "\(destination) is no longer configured: this waits until it is again, or until somebody discards it"
    case .store: "the store can't write: nothing is attempted until it can"
    case .batch(let until):
      "others may come that go in the same request: it waits for them until \(until) at the latest (batch.max_wait)"
    case .turn: "it is its turn soon: others of \(destination) come first, or its rate is used up"
    }
  }
}
