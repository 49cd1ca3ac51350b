/// What keeps a lane from starting anything until a certain time, whatever it holds: a person's pause, what its destination
/// asked for with `Retry-After`, and its rate.
struct StartGate: Sendable {
  private(set) var standing: Standing
  /// `Retry-After`: nothing is attempted before.
  private var retryAfterEnd: Timestamp?
  private var bucket: TokenBucket?

  /// - Parameter burstTime: As `TokenBucket` has it.
  init(standing: Standing, rate: Rate?, burstTime: Duration = TokenBucket.shortestBurst) {
    self.standing = standing
    bucket = rate.map { TokenBucket(rate: $0, burstTime: burstTime) }
  }

  /// From when on attempts may start; nil: not before a person lifts the pause.
  var opensAt: Timestamp? { opens(forEvents: 1) }

  /// From when on a request of so many events may start, or of as many as its rate ever allows at once.
  func opens(forEvents events: Int) -> Timestamp? {
    var start = Timestamp.epoch
    if let pausedUntil = standing.pausedUntil {
      guard pausedUntil != .distantFuture else { return nil }
      start = pausedUntil
    }
    if let retryAfterEnd { start = max(start, retryAfterEnd) }
    if let bucket { start = max(start, bucket.next(for: events)) }
    return start
  }

  /// When `Retry-After` is over; nil: it holds no longer.
  func retryAfterEnd(at now: Timestamp) -> Timestamp? { retryAfterEnd.flatMap { now < $0 ? $0 : nil } }

  /// Ends what has come to its end.
  mutating func advance(to now: Timestamp) {
    standing.endPause(at: now)
    if let end = retryAfterEnd, end <= now { retryAfterEnd = nil }
  }

  // MARK: The rate

  /// Lets time pass, for the rate.
  mutating func advanceRate(to now: Timestamp) { bucket?.advance(to: now) }

  func isRateUsedUp(at now: Timestamp, forEvents events: Int = 1) -> Bool {
    bucket.map { now < $0.next(for: events) } ?? false
  }

  /// How many events one request may hold, so that the rate goes for no more than its burst at once; nil: there is no rate.
  var eventsOfRate: Int? { bucket.map { $0.room } }

  /// How many may start at once where nothing did before; nil: there is no rate.
  var burst: Int? { bucket.map { Int($0.burst) } }

  /// An attempt starts that holds so many events.
  mutating func started(events: Int) { bucket?.take(events) }

  mutating func change(to rate: Rate?, burstTime: Duration = TokenBucket.shortestBurst) {
    guard let rate else { return bucket = nil }
    if bucket == nil {
      bucket = TokenBucket(rate: rate, burstTime: burstTime)
    } else {
      bucket!.change(to: rate, burstTime: burstTime)
    }
  }

  // MARK: Retry-After

  /// An answer asks for it. A shorter wait does not end a longer one.
  mutating func keepRetryAfter(_ wait: Duration, from now: Timestamp) {
    retryAfterEnd = max(retryAfterEnd ?? .epoch, now.advanced(by: wait))
  }

  mutating func endRetryAfter() { retryAfterEnd = nil }

  // MARK: Pauses

  mutating func restore(_ standing: Standing) { self.standing = standing }

  /// - Parameter end: By the steady clock; `distantFuture`: until it is lifted; nil: it is lifted.
  mutating func pause(until end: Timestamp?) { standing.pause(until: end) }

  /// - Returns: Whether the suspended time begins or ends now.
  mutating func setSuspended(_ isSuspended: Bool, at now: Timestamp) -> Bool {
    standing.setSuspended(isSuspended, at: now)
  }

  mutating func wallClockStepped(by step: Duration) { standing.wallClockStepped(by: step) }
}
