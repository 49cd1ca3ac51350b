import RelayCore
import Testing

@testable import RelayPipeline

/// When a destination that takes what it gets has something that it does not take.
@Suite struct StuckTests {
  private func status(_ change: (inout DestinationStatus) -> Void = { _ in }) -> DestinationStatus {
    var window = AttemptWindow(length: .seconds(300))
    (window.attempts, window.failed) = (1_000, 8)
    var status = DestinationStatus(name: "bi")
    (status.oldestPending, status.drain, status.attempts) = (.seconds(300), .seconds(1), [window])
    change(&status)
    status.lookForStuck()
    return status
  }

  /// Broken by a pace: it is that of what is not stuck.
  @Test func theOldestThatIsNotDueAndFailsIsRetriedAndDoesNotDrain() {
    #expect(status().oldestRetrying == .seconds(300))
    #expect(status().drain == nil)
    #expect(status { $0.oldestDue = .zero }.oldestRetrying == .seconds(300))
  }

  @Test func whatHeadsAnOrderInVainDoesNotDrain() {
    let stuck = status {
      $0.oldestPending = .seconds(1)
      $0.stuckHead = StuckHead(
        delivery: DeliveryID(rawValue: 1), event: EventID(high: 1, low: 1), kind: EventKind(type: "a"))
    }
    #expect(stuck.oldestRetrying == nil && stuck.drain == nil)
  }

  @Test(
    arguments: [
      { $0.oldestPending = .seconds(299) }, { $0.oldestPending = nil }, { $0.attempts[0].failed = 0 },
      // It waits for its turn.
      { $0.oldestDue = .seconds(1) },
      // What was received long ago may have been queued just now.
      { $0.replaying = 1 },
      // And what a person has retried is due at once.
      { $0.waits = PendingWaits() },
      // That is said already.
      { $0.isPaused = true }, { $0.isOrphaned = true }, { $0.circuit = .open },
    ] as [@Sendable (inout DestinationStatus) -> Void])
  func whatElseIsOldIsNot(change: @Sendable (inout DestinationStatus) -> Void) {
    let status = status(change)
    #expect(status.oldestRetrying == nil && status.drain == .seconds(1))
  }
}
