/// Keeps attempts to a rate: in any window of time at most `rate` of it, and a burst of 100 ms worth, or of a longer time (at least one).
///
/// Whole numbers only. Each attempt adds `rate.interval` (in microseconds) to a debt, each microsecond takes
/// `rate.count` off it; the debt never passes the burst's.
package struct TokenBucket: Sendable, Equatable {
  private(set) var rate: Rate
  /// The burst is what the rate lets through in this time.
  private(set) var burstTime: Duration
  private var debt: Int64 = 0
  private var asOf = Timestamp.epoch

  package static let shortestBurst = Duration.milliseconds(100)

  package init(rate: Rate, burstTime: Duration = shortestBurst) {
    self.rate = rate
    self.burstTime = burstTime
  }

  private var cost: Int64 { max(1, rate.interval.microseconds) }
  private var leak: Int64 { Int64(max(1, rate.count)) }
  var burst: Int64 { max(1, leak * burstTime.microseconds / cost) }

  /// Lets time pass. A clock that goes back pays no debt, and adds none.
  package mutating func advance(to now: Timestamp) {
    let elapsed = max(0, asOf.duration(to: now).microseconds)
    let (paid, isLong) = elapsed.multipliedReportingOverflow(by: leak)
    debt = isLong ? 0 : max(0, debt - paid)
    asOf = now
  }

  /// When the next attempt may start, as of the last `advance`.
  package var next: Timestamp { next(for: 1) }

  /// When so many may start at once, or as many as the burst allows, as of the last `advance`.
  func next(for count: Int) -> Timestamp {
    let excess = debt + cost * min(Int64(max(1, count)), burst) - burst * cost
    return excess <= 0 ? asOf : asOf.advanced(by: .microseconds((excess + leak - 1) / leak))
  }

  /// How many attempts may start at once, as of the last `advance`, without going beyond the burst; at least one.
  var room: Int { Int(max(1, burst - (debt + cost - 1) / cost)) }

  package mutating func take(_ count: Int = 1) { debt += cost * Int64(count) }

  /// The attempts that are owed stay owed, as far as the new burst goes.
  package mutating func change(to rate: Rate, burstTime: Duration = shortestBurst) {
    guard rate != self.rate || burstTime != self.burstTime else { return }
    let owed = Double(debt) / Double(cost)
    (self.rate, self.burstTime) = (rate, burstTime)
    debt = Int64(min(owed, Double(burst)) * Double(cost))
  }
}
