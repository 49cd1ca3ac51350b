import Glibc
import RelayCore
import RelayStoring

/// Moves all that a store holds into one in PostgreSQL, which must be empty: page by page, each with how far it has come in one
/// transaction. So a move that was cut off at any place goes on there, and nothing is lost or doubled. At the end both are read as wholes,
/// and compared.
///
/// As long as it is not done, no relay takes the store that is being filled (`StoreMover.refuseUnfinished`).
package struct StoreMover {
  /// What has come of it.
  package enum Outcome: Sendable, Equatable {
    case moved(MovedCounts)
    /// It was done before; nothing was looked at.
    case doneBefore
  }

  /// How far it is, for people.
  package struct Report: Sendable, Equatable {
    /// In a few words.
    package var step: String
    /// How many events were moved by this run, while it moves them.
    package var events = 0
  }

  /// How much is moved with a transaction.
  package struct Pages: Sendable {
    package var rows: Int
    /// Of bodies.
    package var bytes: Int

    package init(rows: Int = 2_000, bytes: Int = 4 << 20) {
      self.rows = rows
      self.bytes = bytes
    }
  }

  private let address: DatabaseAddress
  private let node: NodeIdentity
  private let rules: MoveRules
  private let pages: Pages
  private let report: (Report) throws(StoreError) -> Void

  /// Of connecting, and of each call that asks little.
  private static let shortTime = Duration.seconds(10)
  /// Of a page.
  private static let pageTime = Duration.seconds(600)
  /// How often it tries to take the store, and how long after each other.
  private static let attempts = 5
  private static let pause = Duration.milliseconds(300)

  /// - Parameters:
  ///   - node: What relays that find it at work are told of it.
  ///   - report: Called after each transaction. What it throws ends the move there: another one goes on.
  package init(
    to address: DatabaseAddress, as node: NodeIdentity, _ rules: MoveRules, pages: Pages = Pages(),
    report: @escaping (Report) throws(StoreError) -> Void
  ) {
    self.address = address
    self.node = node
    self.rules = rules
    self.pages = pages
    self.report = report
  }

  /// - Throws: `inUse`, where a relay, or another move, has the store; `cannotOpen`, where it holds something else, or the origin has
  ///   changed since an earlier run; `unreachable`; `failing`, also where both are not the same in the end.
  package func move(_ origin: any StoreOrigin) throws(StoreError) -> Outcome {
    let opener = SessionOpener(
      address: try ServerAddress(address), applicationName: "huggy-relay migrate", limit: Self.shortTime)
    let writer = try hold(opener)
    defer {
      try? writer.withdraw()
      writer.close()
    }
    let ask = MoveConnection(connection: writer.connection, limit: Self.pageTime)
    try ask.allowTime()
    let progress = try begin(origin, ask, writer)
    guard progress.step != .done else { return .doneBefore }
    var move = StoreMove(from: origin, ask, progress, pages)
    while move.step < .comparing {
      try move.goOn()
      try report(Report(step: move.step.words, events: move.eventCount))
    }
    return .moved(try move.compareAndEnd())
  }

  /// Takes the store, so that no relay and no other move can. The server may take a moment to see that a run which was killed is gone.
  private func hold(_ opener: SessionOpener) throws(StoreError) -> WriterSession {
    for attempt in 1...Self.attempts {
      let writer: WriterSession
      do throws(NodeError) {
        writer = try WriterSession(opener, as: node)
      } catch {
        throw StoreError(opening: error)
      }
      guard writer.holding.withLock({ $0.slot }) != Int(NumberedPage.slot) else { return writer }
      try? writer.withdraw()
      writer.close()
      if attempt < Self.attempts { usleep(UInt32(Self.pause.microseconds)) }
    }
    throw inUse()
  }

  /// Where the move goes on, or its beginning.
  private func begin(
    _ origin: any StoreOrigin, _ ask: MoveConnection, _ writer: WriterSession
  ) throws(StoreError) -> MoveProgress {
    let statements = MoveProgressStatements(TableNames())
    let found = try ask.ask { (connection, limit) throws(PostgresError) in
      try statements.read(connection, within: limit)
    }
    if let found {
      guard found.origin == origin.mark else { throw refusal(Self.changed) }
      // A run may have ended between its word and its look.
      guard try isAlone(ask, writer) else { throw inUse() }
      return found
    }
    let isUsed = try ask.ask { (connection, limit) throws(PostgresError) in
      try statements.holdsSomething(connection, within: limit)
    }
    guard !isUsed else { throw refusal(Self.used) }
    let tick = try ask.run(DayTableStatements.time)[0].integer(0)
    let progress = MoveProgress(
      origin: origin.mark, at: tick, clock: try origin.state().clock?.steady, rules)
    var pipeline = Pipeline()
    statements.begin(progress, in: &pipeline)
    try ask.run(pipeline)
    guard try isAlone(ask, writer) else {
      _ = try ask.run(statements.cancel)
      throw inUse()
    }
    return progress
  }

  /// Whether no relay has come while the store was found empty: one that comes later sees that it is being filled, refuses it, and is gone
  /// a moment later.
  private func isAlone(_ ask: MoveConnection, _ writer: WriterSession) throws(StoreError) -> Bool {
    for attempt in 1...Self.attempts {
      let others = try ask.ask { (_, _) throws(PostgresError) in try writer.others() }
      guard !others.isEmpty else { return true }
      if attempt < Self.attempts { usleep(UInt32(Self.pause.microseconds)) }
    }
    return false
  }

  private func inUse() -> StoreError {
    StoreError(
      code: .inUse,
      message: "a relay has the store at \(address.shown) open, or another move fills it: end it first")
  }

  private func refusal(_ why: String) -> StoreError {
    StoreError(code: .cannotOpen, message: "the store at \(address.shown) \(why)")
  }

  private static let used =
    "is not empty: what is moved would be mixed with what it holds. Name another database; or, if nothing in it is needed, remove "
    + "it with DROP SCHEMA \(Schema.name) CASCADE"
  private static let changed =
    "was filled, or begun to be, from another store than this one is now: a relay has run on the file since, or it is another file. If "
    + "no relay has run on the database since, remove what was moved with DROP SCHEMA \(Schema.name) CASCADE, and begin anew"

  /// Whoever opens a store that is being filled would go on with a part of it.
  ///
  /// - Throws: `cannotOpen`.
  static func refuseUnfinished(_ connection: StoreConnection) throws(StoreError) {
    guard try MoveProgressStatements(TableNames()).isUnfinished(connection) else { return }
    throw StoreError(
      code: .cannotOpen,
      message:
        "this store is being filled from another one, and not all is moved yet: run `huggy-relay store migrate` with the same "
        + "--config and --to until it says that all is moved; or, to do without what was moved, remove it with DROP SCHEMA \(Schema.name) CASCADE"
    )
  }
}

@available(*, unavailable)
extension StoreMover: Sendable {}

extension MoveProgress.Step {
  /// What is being done.
  fileprivate var words: String {
    switch self {
    case .state: "names, books and what people have decided"
    case .arrivals: "events and deliveries"
    case .envelopes: "what tells envelopes that come again"
    case .audit: "the audit"
    case .replays: "replays"
    case .comparing: "comparing"
    case .done: "done"
    }
  }
}
