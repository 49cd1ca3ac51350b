import RelayCore
import RelayStoring

/// Reads what other nodes have stored: for destinations of this one, and what tells envelopes that come again. Lets go of what this one has told
/// them. Confined to the store's thread.
final class NewsReader {
  private let session: StoreSession
  private let signal: LeaseSignal
  private let statements: NewsStatements
  private var cursor = NewsCursor()
  private var askedAt = ContinuousClock.now
  /// All that there were then are read; nil: nobody knows.
  private var completeAt: ContinuousClock.Instant?
  /// Some were removed unread since this was last taken: all that there is of deliveries has to be looked at.
  private var hasGap = false
  private var nextForgetting = ContinuousClock.now

  private static let forgettingInterval = Duration.seconds(10)
  /// No commit takes longer.
  private static let longestCommit = Duration.seconds(600)

  init(_ session: StoreSession, _ signal: LeaseSignal, _ tables: TableNames) {
    self.session = session
    self.signal = signal
    statements = NewsStatements(tables)
  }

  /// What was stored before is found by walks that begin at the beginning, and by reading all envelopes; news tell of what comes after.
  func begin() throws(StoreError) {
    askedAt = .now
    var pipeline = Pipeline()
    statements.ends(in: &pipeline)
    for (slot, sequence) in NewsStatements.ends(try session.connection.read(pipeline)[0]) {
      if slot == session.slot {
        session.newsLog.resume(from: sequence)
      } else {
        cursor.skip(to: sequence, of: slot)
      }
    }
    completeAt = askedAt
  }

  /// Whether all news are read that were there so long ago.
  func isComplete(within time: Duration) -> Bool {
    completeAt.map { ContinuousClock.now - $0 < time } ?? false
  }

  /// Nobody knows any more which are read: all is asked for before anything is stored.
  func doubt() { completeAt = nil }

  /// Adds the question to others.
  func ask(in pipeline: inout Pipeline) {
    askedAt = .now
    statements.newer(than: cursor, for: session.slot, keysOf: session.lanes.owned, in: &pipeline)
  }

  /// Makes deliveries of others claimable, lets those of order keys have their turn, and knows their envelopes from then on.
  ///
  /// - Parameter rows: What `ask` has brought.
  /// - Returns: Whether there is no more.
  func act(on rows: Rows) throws(StoreError) -> Bool {
    let (news, lanes, host) = (NewsStatements.news(rows), session.lanes, signal.host)
    guard let last = news.last else {
      completeAt = askedAt
      return true
    }
    var next = cursor
    var isGap = false
    var came: Set<DestinationRowID> = []
    var replayed: Set<DestinationRowID> = []
    var keys: Set<OrderKey> = []
    for row in news {
      if !next.add(row) { isGap = true }
      session.raise(above: row.base)
      let first = DeliveryID(rawValue: CommitBase.number(row.base, slot: 0))
      for destination in row.destinations where lanes.owns(destination) {
        session.claims.othersStored(from: first, of: destination, .live)
        came.insert(destination)
      }
      for destination in row.replayed where lanes.owns(destination) {
        session.claims.othersStored(from: first, of: destination, .replay)
        replayed.insert(destination)
      }
      keys.formUnion(row.keys.lazy.filter { lanes.owns($0.destination) })
      session.learn(row.envelopes)
    }
    if !keys.isEmpty { try session.promote(keys) }
    if isGap || news.contains(where: \.hasMoreEnvelopes) { try readEnvelopes(at: last.readAt) }
    cursor = next
    hasGap = hasGap || isGap
    if isGap {
      for destination in lanes.owned {
        session.claims.beginAnew(destination)
        came.insert(destination)
      }
    }
    if !came.isEmpty { host?.deliveriesCame(for: came.map(name), replayed: false) }
    if !replayed.isEmpty { host?.deliveriesCame(for: replayed.map(name), replayed: true) }
    let counts = news.reduce(into: [Int16: Int]()) { $0[$1.slot, default: 0] += 1 }
    let isLastPage = counts.values.allSatisfy { $0 < NewsStatements.page }
    if isLastPage { completeAt = askedAt }
    return isLastPage
  }

  /// Those that were stored since all was known, whatever the news say.
  ///
  /// - Parameter time: The server's, in microseconds.
  private func readEnvelopes(at time: Int64) throws(StoreError) {
    let ago = completeAt.map { ContinuousClock.now - $0 + Self.longestCommit }
    let tick = CommitBase.tick(at: Timestamp(microseconds: time))
    try session.readEnvelopes(after: ago.map { max(0, tick - $0.microseconds) } ?? 0)
  }

  /// Whether there was a gap since the last call.
  func takeGap() -> Bool {
    defer { hasGap = false }
    return hasGap
  }

  private func name(_ row: DestinationRowID) -> String { session.destinations[row].name }

  /// Now and then: what this node has told a minute ago or earlier is removed.
  func forget() throws(StoreError) {
    guard ContinuousClock.now >= nextForgetting, session.newsLog.last > 0 else { return }
    nextForgetting = .now.advanced(by: Self.forgettingInterval)
    var pipeline = Pipeline()
    statements.forget(of: session.slot, before: session.newsLog.last, in: &pipeline)
    _ = try session.connection.run(pipeline)
  }
}

@available(*, unavailable)
extension NewsReader: Sendable {}
