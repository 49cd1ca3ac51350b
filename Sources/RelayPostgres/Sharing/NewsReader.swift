import RelayCore
import RelayStoring

/// Reads what other nodes have stored for destinations of this one, and lets go of what this one has told them. Confined to the store's thread.
final class NewsReader {
  private let session: StoreSession
  private let statements: NewsStatements
  private var cursor = NewsCursor()
  private var nextForgetting = ContinuousClock.now

  private static let forgettingInterval = Duration.seconds(10)

  init(_ session: StoreSession, _ tables: TableNames) {
    self.session = session
    statements = NewsStatements(tables)
  }

  /// What was stored before is found by walks that begin at the beginning; news tell of what comes after.
  func begin() throws(StoreError) {
    var pipeline = Pipeline()
    statements.ends(in: &pipeline)
    for (slot, sequence) in NewsStatements.ends(try session.connection.read(pipeline)[0]) {
      if slot == session.slot {
        session.newsLog.resume(from: sequence)
      } else {
        cursor.skip(to: sequence, of: slot)
      }
    }
  }

  /// Adds the question to others.
  func ask(in pipeline: inout Pipeline) {
    statements.newer(than: cursor, for: session.slot, keysOf: session.lanes.owned, in: &pipeline)
  }

  /// Makes deliveries of others claimable, and lets those of order keys have their turn.
  ///
  /// - Parameter rows: What `ask` has brought.
  /// - Returns: Whether there is no more; and whether some were removed unread, so that all there is has to be looked at.
  func act(on rows: Rows, _ host: (any LaneHost)?) throws(StoreError) -> (isLastPage: Bool, isGap: Bool) {
    let (news, lanes) = (NewsStatements.news(rows), session.lanes)
    guard !news.isEmpty else { return (true, false) }
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
    }
    if !keys.isEmpty { try session.promote(keys) }
    cursor = next
    if isGap {
      for destination in lanes.owned {
        session.claims.beginAnew(destination)
        came.insert(destination)
      }
    }
    if !came.isEmpty { host?.deliveriesCame(for: came.map(name), replayed: false) }
    if !replayed.isEmpty { host?.deliveriesCame(for: replayed.map(name), replayed: true) }
    let counts = news.reduce(into: [Int16: Int]()) { $0[$1.slot, default: 0] += 1 }
    return (counts.values.allSatisfy { $0 < NewsStatements.page }, isGap)
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
