/// How many events a destination's requests may hold at present, where larger ones have failed in a way that their size may
/// explain: many receivers answer 500, or close the connection, beyond what they take.
///
/// Two such failures in a row make the next ones half as large, and every further one halves again. So the circuit counts none of
/// them before one event alone has failed. What goes well for a while is doubled.
struct BatchLimit: Sendable, Equatable {
  /// nil: as many as `batch` says.
  private(set) var events: Int?
  private var failures = 0
  private var successes = 0
  /// How many successes in a row double it. It grows with each failure after that, so that a limit that is there to stay is
  /// seldom tried.
  private var successesWanted = Self.firstSuccesses

  private static let firstSuccesses = 32
  private static let mostSuccesses = 4_096

  /// A request of several events failed.
  mutating func failed(events: Int) {
    failures += 1
    successes = 0
    guard failures >= 2, events > 1 else { return }
    let half = max(1, events / 2)
    guard self.events.map({ half < $0 }) ?? true else { return }
    if self.events != nil { successesWanted = min(Self.mostSuccesses, successesWanted * 2) }
    self.events = half
  }

  /// A request succeeded.
  ///
  /// - Parameter most: How many `batch` allows.
  mutating func succeeded(events: Int, of most: Int) {
    if failures > 0 && (events > 1 || self.events == 1) { failures = 0 }
    guard let limit = self.events, events >= limit else { return }
    successes += 1
    guard successes >= successesWanted else { return }
    successes = 0
    // One failure is enough to go back.
    failures = 1
    self.events = limit * 2 < most ? limit * 2 : nil
  }
}
