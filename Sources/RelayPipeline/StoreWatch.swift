import Logging
import RelayCore
import RelayThreads

/// What the store tells of itself: into the metrics, the log, and to whoever must act on it.
public final class StoreWatch: StoreObserver {
  private let metrics: RelayMetrics
  private let logger: Logger
  private let clock: any SteadyClock
  private let condition = Locked(StoreCondition())
  private let engine = Locked<DeliveryEngine?>(nil)
  private let overflows = Locked(LogSummary())

  public init(metrics: RelayMetrics, clock: any SteadyClock, logger: Logger) {
    self.metrics = metrics
    self.clock = clock
    self.logger = logger
  }

  /// Who is to stop attempts while outcomes can't be recorded.
  public func attach(_ engine: DeliveryEngine) {
    self.engine.withLock { $0 = engine }
    engine.storeHolds(current.holdsSettlements)
  }

  public var current: StoreCondition { condition.withLock { $0 } }

  public func storeCommitted(operations: Int, duration: Duration) {
    metrics.commit(duration, operations: operations)
  }

  public func storeAnswers(_ answers: () -> Void) {
    if let engine = engine.withLock({ $0 }) { engine.gathering(answers) } else { answers() }
  }

  public func storeOverflowed(destination: String, count: Int) {
    metrics.overflowed(destination, count)
    guard let leftOut = overflows.withLock({ $0.admit(destination, at: clock.now()) }) else { return }
    var metadata: Logger.Metadata = ["destination": "\(destination)", "deliveries": .number(count)]
    if leftOut > 0 { metadata["alike_since"] = .number(leftOut) }
    logger.error(
      "over max_backlog: new deliveries are discarded; retry or discard its dead letters, or raise max_backlog",
      metadata: metadata)
  }

  public func storeConditionChanged(_ condition: StoreCondition) {
    let before = self.condition.withLock { current in
      defer { current = condition }
      return current
    }
    if condition.refusal?.message != before.refusal?.message { log(condition.refusal) }
    guard condition.holdsSettlements != before.holdsSettlements else { return }
    engine.withLock { $0 }?.storeHolds(condition.holdsSettlements)
    if condition.holdsSettlements {
      logger.error("outcomes can't be recorded: no attempts start until they can")
    } else {
      logger.notice("outcomes are recorded again")
    }
  }

  private func log(_ refusal: StoreError?) {
    if let refusal {
      logger.error("the store takes no envelopes: senders get 503", metadata: ["reason": "\(refusal)"])
    } else {
      logger.notice("the store takes envelopes again")
    }
  }
}
