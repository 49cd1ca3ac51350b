import RelayCore
import RelayPipeline

/// What a pending delivery waits for. What does not apply is left out.
package struct WaitAnswer: Decodable, Sendable, Equatable {
  enum CodingKeys: String, CodingKey {
    case reason = "for"
    case until, since, lastFailure, deliveryId, pausedAt, message
  }

  /// `in_flight`, `order`, `retry`, `pause`, `circuit`, `retry_after`, `orphaned`, `store` or `turn`.
  package var reason: String
  /// When it ends by itself.
  package var until: Timestamp?
  /// When the circuit opened.
  package var since: Timestamp?
  /// What the circuit is open for.
  package var lastFailure: String?
  /// The delivery of its order key that comes first.
  package var deliveryId: Int64?
  /// Where the configuration pauses the destination, as `FILE:LINE`.
  package var pausedAt: String?
  /// A sentence for people.
  package var message: String

  init(_ wait: DeliveryWait, destination: String) {
    message = wait.sentence(destination: destination)
    switch wait {
    case .inFlight: reason = "in_flight"
    case .order(let first):
      reason = "order"
      deliveryId = first?.rawValue
    case .retry(let at):
      reason = "retry"
      until = at
    case .paused(let until, let place):
      reason = "pause"
      self.until = until?.unlessForever
      pausedAt = place
    case .circuit(let since, let failure):
      reason = "circuit"
      self.since = since
      lastFailure = failure
    case .held(let until):
      reason = "retry_after"
      self.until = until
    case .orphaned: reason = "orphaned"
    case .store: reason = "store"
    case .turn: reason = "turn"
    }
  }
}

extension WaitAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("for", reason)
      if let until { output.field("until", until) }
      if let since { output.field("since", since) }
      if let lastFailure { output.field("last_failure", lastFailure) }
      if let deliveryId { output.field("delivery_id", deliveryId) }
      if let pausedAt { output.field("paused_at", pausedAt) }
      output.field("message", message)
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
    case .turn: "it is its turn soon: others of \(destination) come first, or its rate is used up"
    }
  }
}
