import RelayCore
import RelaySystem
import RelayThreads

/// Starts what a test gives it, and keeps what came of it.
final class ScriptedDriver: TransportDriver {
  struct Log: Sendable {
    /// Each attempt's, in the order in which they ended.
    var finished: [FinishedAttempt] = []
    var results: [DeliveryID: AttemptResult] = [:]
    var turns = 0
    /// When the first turn came at or after the deadline.
    var cameBackAt: Timestamp?
  }

  private struct Plan {
    var next = TransportTurn()
    var deadline: Timestamp?
    var onTurn: (@Sendable ([FinishedAttempt]) -> Void)?
  }

  let log = Watched(Log())
  private let plan = Locked(Plan())
  private let clock = MachineClock()

  /// Adds to what the next turn returns.
  func plan(_ change: (inout TransportTurn) -> Void) {
    plan.withLock { change(&$0.next) }
  }

  /// Every turn until then returns this deadline.
  func comeBack(at deadline: Timestamp) {
    plan.withLock { $0.deadline = deadline }
  }

  /// Called in each turn, on the transport's thread.
  func onTurn(_ action: (@Sendable ([FinishedAttempt]) -> Void)?) {
    plan.withLock { $0.onTurn = action }
  }

  func turn(finished: [FinishedAttempt]) -> TransportTurn {
    let now = clock.now()
    let (turn, isDue, onTurn) = plan.withLock { plan in
      var turn = plan.next
      plan.next = TransportTurn()
      let isDue = plan.deadline.map { $0 <= now } ?? false
      if isDue { plan.deadline = nil }
      turn.deadline = plan.deadline
      return (turn, isDue, plan.onTurn)
    }
    onTurn?(finished)
    log.update { log in
      log.turns += 1
      log.finished += finished
      for attempt in finished { log.results[attempt.delivery] = attempt.result }
      if isDue { log.cameBackAt = now }
    }
    return turn
  }
}

/// The machine's wall clock, but for what a test sets it ahead of the steady one.
struct MachineClock: SteadyClock {
  var wallOffset = Duration.zero

  func now() -> Timestamp { Timestamp(microseconds: wallClockMicroseconds()) }
  func reading() -> ClockReading {
    let now = now()
    return ClockReading(steady: now, wall: now.advanced(by: wallOffset))
  }
  var history: ClockHistory { ClockHistory() }
  func resume(from kept: KeptClock?) {}
  func kept() -> KeptClock {
    KeptClock(boot: nil, sinceBoot: .zero, steady: now(), history: history)
  }
}
