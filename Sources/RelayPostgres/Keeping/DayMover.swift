import RelayCore

/// Moves what is pending or dead out of days that are to go, a few events in a transaction. Confined to one thread.
struct DayMover {
  private let session: KeeperSession
  private let statements: MoveStatements

  /// How many deliveries, or events, a step finds.
  static let step = 200
  /// How many steps are made at a time, so that what else is to be done need not wait.
  static let steps = 20

  /// What has come of it.
  enum Outcome: Equatable {
    /// Nothing is left that is to be moved, as far as it could be found; with how many were.
    case done(Int)
    /// There is more to be moved, now.
    case more
    /// Others are at it, or have locked what is to be moved.
    case busy
  }

  init(_ session: KeeperSession, tables: TableNames = TableNames()) {
    self.session = session
    statements = MoveStatements(tables)
  }

  /// What is pending or dead of a day's deliveries, and came by that time.
  func moveDeliveries(
    of day: Day, cameBy cutoff: Timestamp, today: Day
  ) throws(PostgresError) -> Outcome {
    var place = MoveStatements.Place()
    var count = 0
    for _ in 0..<Self.steps {
      let (found, next) = try statements.onShelves(
        day, cameBy: cutoff, after: place, limit: Self.step, session)
      guard let moved = try move(found, today: today) else { return .busy }
      count += moved
      guard let next else {
        let rest = try moveAll(today: today) { () throws(PostgresError) in
          try statements.unlisted(day, cameBy: cutoff, limit: Self.step, session)
        }
        guard case .done(let more) = rest else { return rest }
        return .done(count + more)
      }
      place = next
    }
    return .more
  }

  /// Events of which something came later, and is pending or dead.
  func moveLate(of day: Day, today: Day) throws(PostgresError) -> Outcome {
    try moveAll(today: today) { () throws(PostgresError) in
      try statements.late(day, limit: Self.step, session)
    }
  }

  /// What of a day's events has its deliveries at the beginning of the day after.
  func moveEvents(of day: Day, before last: Int64, in next: Day, today: Day) throws(PostgresError) -> Outcome
  {
    try moveAll(today: today) { () throws(PostgresError) in
      try statements.ofDayBefore(day, in: next, upTo: last, limit: Self.step, session)
    }
  }

  /// - Parameter find: What was moved it does not find again.
  private func moveAll(
    today: Day, _ find: () throws(PostgresError) -> [MoveStatements.Found]
  ) throws(PostgresError) -> Outcome {
    var count = 0
    for _ in 0..<Self.steps {
      let found = try find()
      guard !found.isEmpty else { return .done(count) }
      guard let moved = try move(found, today: today) else { return .busy }
      count += moved
      // What is of this very day is left there, and found each time.
      if found.count < Self.step { return .done(count) }
      if moved == 0 { return .busy }
    }
    return .more
  }

  /// - Returns: nil: another node is at it.
  private func move(_ found: [MoveStatements.Found], today: Day) throws(PostgresError) -> Int? {
    guard !found.isEmpty else { return 0 }
    var moved = 0
    let outcome = try session.alone { () throws(PostgresError) in
      moved = try statements.move(found, today: today, session)
      return moved > 0 ? .done : .nothing
    }
    return outcome == .elsewhere ? nil : moved
  }
}

@available(*, unavailable)
extension DayMover: Sendable {}
