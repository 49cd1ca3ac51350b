import RelayCore
import RelayThreads

/// Wakes the store's thread when attempts may start, or no longer: what it tells of its condition is another thing then. And passes on all
/// that becomes of the node to who tells people.
final class LeaseSignal: NodeObserver {
  private let wake: @Sendable () -> Void
  private let observer: (any NodeObserver)?
  private let hasAnswered = Monitor(false)

  init(wake: @escaping @Sendable () -> Void, observer: (any NodeObserver)?) {
    self.wake = wake
    self.observer = observer
  }

  func nodeChanged(_ event: NodeEvent) {
    observer?.nodeChanged(event)
    switch event {
    case .mayStart, .unreachable, .leaseLost, .slotLost:
      hasAnswered.update { $0 = true }
      wake()
    // They matter once destinations are shared out among relays.
    case .leaseHeld, .reachable, .nodesChanged, .sessionsEnded, .notEnded, .heard, .timeToLook, .clockOff,
      .clockRight:
      break
    }
  }

  /// Waits until the first heartbeat was confirmed, or has failed.
  func waitForAnswer(atMost time: Duration) {
    _ = hasAnswered.wait(timeout: time) { $0 ? true : nil }
  }
}
