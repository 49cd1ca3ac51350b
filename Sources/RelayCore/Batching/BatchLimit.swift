/// How many events a destination's requests may hold at present, where larger ones have failed in a way that their size may
/// explain: many receivers answer 500, or close the connection, beyond what they take.
///
/// Two such failures in a row make the next ones half as large, and every further one halves again. So the circuit counts none of
/// them before one event alone has failed: then the size was not why, and until something succeeds every failure counts. What
/// goes well for a while is doubled.
struct BatchLimit: Sendable, Equatable {
  /// nil: as many as `batch` says.
  private(set) var events: Int?
  /// One event alone has failed, and nothing has succeeded since: it is not the size.
  private(set) var isExcluded = false
  private var failures = 0
  private var successes = 0
  /// How many successes in a row double it. It grows when what was doubled fails, so that a limit that is there to stay is seldom
  /// tried.
  private var successesWanted = Self.firstSuccesses
  /// It was doubled, and nothing has failed since.
  private var isRaised = false

  private static let firstSuccesses = 32
  private static let mostSuccesses = 4_096

  /// A request failed in such a way.
  mutating func failed(events: Int) {
    guard !isExcluded else { return }
    guard events > 1 else {
      self = BatchLimit()
      return isExcluded = true
    }
    failures += 1
    successes = 0
    guard failures >= 2 || isRaised else { return }
    let half = max(1, events / 2)
    guard self.events.map({ half < $0 }) ?? true else { return }
    if isRaised { successesWanted = min(Self.mostSuccesses, successesWanted * 2) }
    isRaised = false
    self.events = half
  }

  /// A request succeeded.
  ///
  /// - Parameter most: How many `batch` allows.
  mutating func succeeded(events: Int, of most: Int) {
    if isExcluded { isExcluded = false }
    if failures > 0 && (events > 1 || self.events == 1) { failures = 0 }
    guard let limit = self.events, events >= limit else { return }
    successes += 1
    guard successes >= successesWanted else { return }
    successes = 0
    isRaised = true
    self.events = limit * 2 < most ? limit * 2 : nil
  }
}
