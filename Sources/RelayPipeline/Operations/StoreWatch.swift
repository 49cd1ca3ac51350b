import Logging
import RelayCore
import RelayThreads

/// What the store tells of itself: into the metrics, the log, and to whoever must act on it.
package final class StoreWatch: StoreObserver {
  private let metrics: RelayMetrics
  private let logger: Logger
  private let clock: any SteadyClock
  private let state = Locked(State())
  private let engine = Locked<DeliveryEngine?>(nil)
  private let gatherers = Locked<[any AnswerGathering]>([])
  private let overflows = Locked(LogSummary())
  private let readFailures = Locked(LogSummary())
  /// Brings the reason once the store is lost: nothing is written to it or read from it until another start.
  package let losses: AsyncStream<StoreError>
  private let loss: AsyncStream<StoreError>.Continuation
  /// What is told is told in the order in which it came to be so: two threads tell.
  private let telling = Locked(())

  private struct State: Sendable {
    var told = StoreCondition()
    var isHanging = false
    var logHeldSince: ContinuousClock.Instant?

    /// Both together: what others go by.
    var condition: StoreCondition {
      guard isHanging else { return told }
      var condition = told
      condition.refusal = told.refusal ?? StoreWatch.hanging
      condition.holdsSettlements = true
      return condition
    }
  }

  static let hanging = StoreError(
    code: .hanging,
    message: "the store does not answer; it goes on by itself when it does: look at its disk, or its server")

  package init(metrics: RelayMetrics, clock: any SteadyClock, logger: Logger) {
    self.metrics = metrics
    self.clock = clock
    self.logger = logger
    (losses, loss) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  /// Who is to stop attempts while outcomes can't be recorded.
  package func attach(_ engine: DeliveryEngine) {
    attach(gatherer: engine)
    telling.withLock { _ in
      self.engine.withLock { $0 = engine }
      engine.storeHolds(current.holdsSettlements)
    }
  }

  /// Who is to be woken once for all that a commit answers.
  package func attach(gatherer: any AnswerGathering) { gatherers.withLock { $0.append(gatherer) } }

  package var current: StoreCondition { state.withLock { $0.condition } }
  package var isHanging: Bool { state.withLock { $0.isHanging } }

  /// A reader from outside that keeps the log from being written over, and for how long it has; nil: there is none.
  package var logReader: (name: String, time: Duration)? {
    let (name, since) = state.withLock { ($0.told.logHolder, $0.logHeldSince) }
    guard let name, let since else { return nil }
    return (name, since.duration(to: .now))
  }

  package func storeCommitted(operations: Int, duration: Duration) {
    metrics.commit(duration, operations: operations)
  }

  package func storeBeginsToAnswer() {
    for gatherer in gatherers.withLock({ $0 }) { gatherer.beginGathering() }
  }
  package func storeHasAnswered() { for gatherer in gatherers.withLock({ $0 }) { gatherer.endGathering() } }

  package func storeOverflowed(destination: String, count: Int) {
    metrics.overflowed(destination, count)
    if let feed = engine.withLock({ $0 })?.feed, feed.isWatched {
      feed.tell(.discarded(count, destination: destination, reason: .overflow))
    }
    guard let leftOut = overflows.withLock({ $0.admit(destination, at: clock.now()) }) else { return }
    var metadata: Logger.Metadata = ["destination": "\(destination)", "deliveries": .number(count)]
    if leftOut > 0 { metadata["alike_since"] = .number(leftOut) }
    logger.error(
      "over max_backlog: new deliveries are discarded; retry or discard its dead letters, or raise max_backlog",
      metadata: metadata)
  }

  package func storeDiscardedDead(destination: String, count: Int) {
    metrics.discarded(destination, count)
    logger.notice(
      "dead letters are older than store.dead_retention: discarded",
      metadata: ["destination": "\(destination)", "deliveries": .number(count)])
  }

  package func storeReadFailed(_ error: StoreError) {
    metrics.storeReadErrors.add(1)
    guard let leftOut = readFailures.withLock({ $0.admit(error.message, at: clock.now()) }) else { return }
    var metadata: Logger.Metadata = ["reason": "\(error)"]
    if leftOut > 0 { metadata["alike_since"] = "\(leftOut)" }
    logger.error("the store can't be read", metadata: metadata)
  }

  package func storeKeepingFailed(_ error: StoreError) {
    logger.error(
      "the store can't keep itself: nothing old goes meanwhile, and it is tried again",
      metadata: ["reason": "\(error)"])
  }

  package func storeMigrates(_ step: StoreMigration) {
    switch step {
    case .copies(let schema, let copy, let bytes):
      logger.notice(
        "the store has the schema of an older release: it is copied before that is changed",
        metadata: ["schema": .number(schema), "copy": "\(copy)", "bytes": .number(bytes)])
    case .copying(let bytes, let total):
      logger.notice("copying the store", metadata: ["bytes": .number(bytes), "of": .number(total)])
    case .copied(let copy, let time):
      logger.notice(
        "the store is copied: the release before can go on with the copy; remove it when you need no way back",
        metadata: ["copy": "\(copy)", "took": "\(time)"])
    case .changes(let schema, let next):
      logger.notice(
        "the store's schema is being changed",
        metadata: ["schema": .number(schema), "becomes": .number(next)])
    case .changed(let schema, let time):
      logger.notice(
        "the store has this release's schema", metadata: ["schema": .number(schema), "took": "\(time)"])
    case .removed(let copy):
      logger.notice("an older copy of the store is removed", metadata: ["copy": "\(copy)"])
    }
  }

  package func storeConditionChanged(_ condition: StoreCondition) {
    change { state in
      if (state.told.logHolder == nil) != (condition.logHolder == nil) {
        state.logHeldSince = condition.logHolder == nil ? nil : .now
      }
      state.told = condition
    }
  }

  package func storeHangs(_ isHanging: Bool) {
    change { $0.isHanging = isHanging }
  }

  private func change(_ body: (inout State) -> Void) {
    telling.withLock { _ in
      let (before, now) = state.withLock { state in
        let before = state.condition
        body(&state)
        return (before, state.condition)
      }
      tell(now, before)
    }
  }

  private func tell(_ condition: StoreCondition, _ before: StoreCondition) {
    if condition.refusal?.message != before.refusal?.message { log(condition.refusal) }
    if let refusal = condition.refusal, refusal.code == .lost { loss.yield(refusal) }
    if condition.logHolder != before.logHolder { log(holder: condition.logHolder) }
    if condition.logFailure != before.logFailure { log(failure: condition.logFailure) }
    // One that is lost has told why nothing starts.
    if condition.lacksLease != before.lacksLease, condition.refusal?.code != .lost {
      log(condition.startLack)
    }
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

  private func log(_ lack: StartLack?) {
    if let lack {
      logger.error(
        "the store has not confirmed this relay's lease: no attempts start until it has",
        metadata: ["reason": "\(lack.text)"])
    } else {
      logger.notice("the store has confirmed this relay's lease: attempts start")
    }
  }

  private func log(holder: String?) {
    if let holder {
      logger.error(
        "a reader holds the store's log, which grows until the reader ends", metadata: ["reader": "\(holder)"]
      )
    } else {
      logger.notice("no reader holds the store's log any more")
    }
  }

  private func log(failure: String?) {
    if let failure {
      logger.error(
        "the store's log can't be moved into its file, and grows until it can",
        metadata: ["reason": "\(failure)"])
    } else {
      logger.notice("the store's log is moved into its file again")
    }
  }
}
