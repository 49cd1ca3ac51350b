import Logging
import RelayCore

/// One line for a failed attempt, one for a dead letter, one for a circuit's change; many alike are summed up. No
/// payloads.
struct DeliveryLog {
  private let logger: Logger
  private var summary = LogSummary()

  init(logger: Logger) {
    self.logger = logger
  }

  mutating func attempt(_ settlement: Settlement, of delivery: Delivery, isProbe: Bool, at now: ClockReading)
  {
    switch settlement.outcome {
    case .delivered: return
    case .retry(let due):
      line(
        .warning, isProbe ? "probe failed" : "attempt failed", settlement, delivery, now,
        isProbe ? [:] : ["next": "\(due.advanced(by: now.offset))"])
    case .dead(let reason):
      line(.error, "dead letter", settlement, delivery, now, ["reason": "\(reason)"])
    }
  }

  func clock(_ change: ClockComparison.Change) {
    switch change {
    case .off(let offset):
      logger.error(
        "this machine's clock is not its destinations': set it (NTP); they may refuse what is signed",
        metadata: ["ahead": "\(offset.signedSeconds)"])
    case .right: logger.notice("this machine's clock agrees with its destinations'")
    case .destinationOff(let destination, let offset):
      logger.warning(
        "a destination's clock is not ours, and others' agree with ours: it may refuse what is signed",
        metadata: ["destination": "\(destination)", "ours_ahead": "\(offset.signedSeconds)"])
    case .destinationRight(let destination):
      logger.notice(
        "a destination's clock agrees with ours again", metadata: ["destination": "\(destination)"])
    }
  }

  func circuit(_ change: CircuitChange, of destination: String) {
    var metadata: Logger.Metadata = ["destination": "\(destination)"]
    switch change {
    case .opened(let failure):
      metadata["failure"] = "\(failure)"
      logger.error("circuit open: deliveries wait, probes go on", metadata: metadata)
    case .recovering:
      logger.notice("circuit recovering: the destination answers again", metadata: metadata)
    case .closed:
      logger.notice("circuit closed", metadata: metadata)
    }
  }

  private mutating func line(
    _ level: Logger.Level, _ message: Logger.Message, _ settlement: Settlement, _ delivery: Delivery,
    _ now: ClockReading, _ more: Logger.Metadata
  ) {
    let outcome = settlement.attempt.words
    guard
      let leftOut = summary.admit(
        "\(message) \(delivery.destination) \(settlement.attempt.kind)", at: now.steady)
    else {
      return
    }
    var metadata: Logger.Metadata = [
      "destination": "\(delivery.destination)", "event": "\(delivery.event.id)",
      "delivery": .number(delivery.id.rawValue), "attempt": .number(settlement.attempts),
      "outcome": "\(outcome)",
    ]
    if settlement.attempt.events > 1 { metadata["events"] = .number(settlement.attempt.events) }
    if let trace = delivery.event.envelope.trace { metadata["trace"] = "\(trace.traceID)" }
    if let peer = settlement.attempt.peer { metadata["peer"] = "\(peer)" }
    metadata.merge(more) { _, new in new }
    if leftOut > 0 { metadata["alike_since"] = .number(leftOut) }
    logger.log(level: level, message, metadata: metadata)
  }
}

extension AttemptResult {
  /// The status, or what went wrong.
  fileprivate var words: String {
    switch response {
    case .status(let code, _, _): "status \(code)"
    case .failure(let failure): "\(failure)"
    }
  }

  /// What makes two results alike.
  fileprivate var kind: String {
    switch response {
    case .status(let code, _, _): "\(code)"
    case .failure(let failure): failure.kind.rawValue
    }
  }
}
