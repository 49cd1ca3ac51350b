import RelayCore

/// Removes the tables of days that are over. Confined to one thread.
///
/// A day goes as a whole, once all of it was settled longer ago than `retention`: so what is old stays up to a day longer. What is pending or
/// dead by then is moved out of it first, with its event. A day of deliveries goes before the day of their events. No insert waits for it: the
/// locks it takes are had at once or not at all, and what looks through all days waits for some milliseconds.
struct DayRemover {
  /// What is to go.
  struct Wish {
    /// What was settled by then.
    var cutoff: Timestamp
    /// Envelopes that were received before then.
    var envelopes: Timestamp
    /// The steady time.
    var now: Timestamp
    /// By the server's clock. Nothing of it goes, nor of what comes after it.
    var today: Day
    /// Deliveries of days before this one may be old, as far as the server's clock tells.
    var deliveries: Day
    /// Room is needed: no age is asked for.
    var isForRoom: Bool

    /// How long a day goes on for nodes whose commits were under way when it ended.
    private static let slack: Int64 = 600_000_000

    /// - Parameter tick: By the server's clock.
    init(_ rules: KeepingRules, now: Timestamp, tick: Int64, isForRoom: Bool) {
      cutoff = isForRoom ? .distantFuture : now.advanced(by: .zero - rules.retention)
      envelopes = now.advanced(by: .zero - rules.dedupe)
      self.now = now
      today = Day(tick: tick - Self.slack)
      deliveries = isForRoom ? today : min(today, Day(tick: tick - rules.retention.microseconds))
      self.isForRoom = isForRoom
    }
  }

  /// What has come of a round.
  enum Outcome: Equatable {
    /// Something has gone, or was moved.
    case changed
    /// Nothing may go now.
    case nothing
    /// Somebody is in the way.
    case busy
  }

  private let session: KeeperSession
  private let mover: DayMover
  private let statements: RetentionStatements
  private let kept: KeptStatements
  /// When a day that could not go is looked at again: a look may go along all of it.
  private var nextLooks: [Look: Timestamp] = [:]
  /// Days that were looked through: by when the last of their deliveries was settled. Nothing in them was open then.
  private var settled: [Day: Timestamp] = [:]

  private enum Look: Hashable {
    case events(Day), deliveries(Day), kept
  }

  private static let interval = Duration.seconds(3_600)
  /// How long a look along a whole day may take.
  private static let lookLimit = Duration.seconds(600)
  /// No commit has more deliveries than this many numbers.
  private static let mostOfACommit: Int64 = 100_000 << CommitBase.slotBits

  init(_ session: KeeperSession, tables: TableNames = TableNames()) {
    self.session = session
    mover = DayMover(session, tables: tables)
    statements = RetentionStatements(tables)
    kept = KeptStatements(tables)
  }

  /// Removes what may go now: a day of each kind at most.
  mutating func round(_ wish: Wish) throws(PostgresError) -> Outcome {
    var days = try statements.days(session)
    var outcomes: [Outcome] = []
    if let day = days.envelopes.first, day < wish.today, day.isOver(at: wish.envelopes) {
      outcomes.append(try drop(statements.dropEnvelopes(day)) { false })
    }
    for day in days.deliveries where day < wish.deliveries {
      let outcome = try look(.deliveries(day), wish) { (remover, next) throws(PostgresError) in
        try remover.removeDeliveries(of: day, wish, &next)
      }
      outcomes.append(outcome)
      if outcome != .nothing { break }
    }
    days = try statements.days(session)
    let present = Day(of: wish.now)
    for day in days.events
    where day < wish.today && (wish.isForRoom ? day < present : day.isOver(at: wish.cutoff)) {
      let outcome = try look(.events(day), wish) { (remover, next) throws(PostgresError) in
        try remover.removeEvents(of: day, beside: days.deliveries, wish, &next)
      }
      outcomes.append(outcome)
      if outcome != .nothing { break }
    }
    outcomes.append(
      try look(.kept, wish) { (remover, next) throws(PostgresError) in try remover.forgetKept(wish, &next) })
    return outcomes.contains(.changed) ? .changed : outcomes.contains(.busy) ? .busy : .nothing
  }

  /// - Parameter body: Where nothing may go, says when it is to be looked at again; nil: with the next round.
  private mutating func look(
    _ look: Look, _ wish: Wish, _ body: (inout DayRemover, inout Timestamp?) throws(PostgresError) -> Outcome
  ) throws(PostgresError) -> Outcome {
    if !wish.isForRoom, let next = nextLooks[look], next > wish.now,
      next <= wish.now.advanced(by: Self.interval)
    {
      return .nothing
    }
    var next: Timestamp?
    let outcome = try body(&self, &next)
    nextLooks[look] = next.map { min($0, wish.now.advanced(by: Self.interval)) }
    return outcome
  }

  // MARK: Deliveries

  private mutating func removeDeliveries(
    of day: Day, _ wish: Wish, _ next: inout Timestamp?
  ) throws(PostgresError) -> Outcome {
    let moved = try mover.moveDeliveries(of: day, cameBy: wish.cutoff, today: wish.today)
    guard case .done(let count) = moved else { return moved == .more ? .changed : .busy }
    if !wish.isForRoom {
      let last = try lastSettled(in: day)
      guard let last else {
        next = wish.now.advanced(by: Self.interval)
        return count > 0 ? .changed : .nothing
      }
      guard last <= wish.cutoff else {
        next = wish.now.advanced(by: wish.cutoff.duration(to: last))
        return count > 0 ? .changed : .nothing
      }
    }
    let outcome = try drop(statements.dropDeliveries(day)) { () throws(PostgresError) in
      try session.run(statements.isOpen(day))[0].bool(0)
    }
    if outcome != .busy { settled[day] = nil }
    return outcome
  }

  /// nil: something is pending or dead.
  private mutating func lastSettled(in day: Day) throws(PostgresError) -> Timestamp? {
    if let last = settled[day] { return last }
    let (isOpen, last) = try statements.standing(day, within: Self.lookLimit, session)
    guard !isOpen else { return nil }
    settled[day] = last ?? .epoch
    return last ?? .epoch
  }

  // MARK: Events

  private func removeEvents(
    of day: Day, beside deliveries: [Day], _ wish: Wish, _ next: inout Timestamp?
  ) throws(PostgresError) -> Outcome {
    var count = 0
    if let numbers = try statements.numbers(day, session) {
      let (first, last) = (Day(numbered: numbers.lowerBound), Day(numbered: numbers.upperBound))
      // Their deliveries go first.
      guard !deliveries.contains(where: { $0 >= first && ($0 < last || first == last && $0 == last) }) else {
        return .nothing
      }
      let end = numbers.upperBound + Self.mostOfACommit
      if deliveries.contains(last) {
        let moved = try mover.moveEvents(of: day, before: end, in: last, today: wish.today)
        guard case .done(let some) = moved else { return moved == .more ? .changed : .busy }
        count += some
        var parameters = Parameters()
        parameters.add(end)
        parameters.add(wish.cutoff)
        if last < wish.today, try session.run(statements.stays(day, in: last), parameters)[0].bool(0) {
          next = wish.now.advanced(by: Self.interval)
          return count > 0 ? .changed : .nothing
        }
      }
    }
    let moved = try mover.moveLate(of: day, today: wish.today)
    guard case .done(let some) = moved else { return moved == .more ? .changed : .busy }
    count += some
    var parameters = Parameters()
    parameters.add(wish.cutoff)
    let staysLate = statements.staysLate(day)
    guard try !session.run(staysLate, parameters)[0].bool(0) else {
      next = wish.now.advanced(by: Self.interval)
      return count > 0 ? .changed : .nothing
    }
    return try drop(statements.dropEvents(day), andThen: statements.forgetReplayed(day)) {
      () throws(PostgresError) in
      try session.run(staysLate, parameters)[0].bool(0)
    }
  }

  // MARK: What was kept

  private func forgetKept(_ wish: Wish, _ next: inout Timestamp?) throws(PostgresError) -> Outcome {
    var place = EventID(high: 0, low: 0)
    var count = 0
    for _ in 0..<DayMover.steps {
      var page: (next: EventID?, gone: Int) = (nil, 0)
      let outcome = try session.alone { () throws(PostgresError) in
        page = try kept.forget(settledBy: wish.cutoff, after: place, limit: DayMover.step, session)
        return page.gone > 0 ? .done : .nothing
      }
      if outcome == .elsewhere { return .busy }
      count += page.gone
      guard let last = page.next else {
        next = wish.now.advanced(by: Self.interval)
        return count > 0 ? .changed : .nothing
      }
      place = last
    }
    return .changed
  }

  // MARK: Dropping

  /// - Parameter stays: Asked under the locks: whether something has come up since that stays.
  private func drop(
    _ drop: RetentionStatements.Drop, andThen rest: Statement? = nil,
    unless stays: () throws(PostgresError) -> Bool
  ) throws(PostgresError) -> Outcome {
    let outcome = try session.alone { () throws(PostgresError) in
      guard try session.locks(drop.close) else { return .busy }
      guard try !stays() else { return .busy }
      guard try session.locks(drop.closeWholes) else { return .busy }
      _ = try session.run(drop.drop)
      if let rest { _ = try session.run(rest) }
      return .done
    }
    return outcome == .done ? .changed : .busy
  }
}

@available(*, unavailable)
extension DayRemover: Sendable {}

extension Day {
  /// All of it was before this.
  fileprivate func isOver(at time: Timestamp) -> Bool { self < Day(of: time) }
}
