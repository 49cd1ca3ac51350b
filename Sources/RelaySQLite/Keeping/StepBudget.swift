/// What one step of housekeeping may cost, so that it holds up nobody's commit.
struct StepBudget {
  /// Events that may yet be deleted.
  private(set) var events: Int
  /// Rows that may yet be looked at.
  private(set) var rows: Int
  /// What may yet be deleted, near enough.
  private(set) var bytes: Int
  private let deadline: ContinuousClock.Instant?

  /// - Parameters:
  ///   - bytes: No more than this need go.
  ///   - time: nil: as long as it takes.
  init(events: Int = 200, rows: Int = 2_000, bytes: Int = .max, time: Duration? = .milliseconds(3)) {
    self.events = events
    self.rows = rows
    self.bytes = bytes
    deadline = time.map { ContinuousClock.now.advanced(by: $0) }
  }

  var isSpent: Bool {
    events <= 0 || rows <= 0 || bytes <= 0 || deadline.map { ContinuousClock.now >= $0 } ?? false
  }

  mutating func spend(rows: Int) {
    self.rows -= rows
  }

  /// - Parameter bytes: Of the event's body.
  mutating func spend(eventOf bytes: Int, deliveries: Int) {
    events -= 1
    rows -= deliveries
    // What rows and indexes cost beside it.
    self.bytes -= bytes + 200 + 150 * deliveries
  }
}
