/// What is counted of one receiver of notices.
final class NoticeMetrics: Sendable {
  /// The raw values are those of the metric's label.
  enum Outcome: String, Sendable, CaseIterable {
    /// Answered with a 2xx.
    case sent
    /// It was not: a notice is sent again, a heartbeat is not.
    case failed
    /// Too many waited.
    case dropped
  }

  let requests = CounterSet<Outcome>()

  func ended(isTaken: Bool) { requests.add(to: isTaken ? .sent : .failed) }
  func dropped(_ count: Int) { requests.add(count, to: .dropped) }
}
