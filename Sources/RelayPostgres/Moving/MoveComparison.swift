import RelayCore
import RelayStoring

/// Compares what was moved with where it comes from: both are read as wholes and in order, and give counts and checksums of the same
/// values. Confined to one thread.
struct MoveComparison {
  let origin: any StoreOrigin
  let ask: MoveConnection
  let names: MoveNames
  /// Of earlier ones none were moved.
  let envelopesFrom: Timestamp
  let pages: StoreMover.Pages

  /// What one side holds.
  private struct Side {
    var events = RowDigest()
    var deliveries = RowDigest()
    var failures = 0
    var replayed = 0
    var envelopes = RowDigest()
    var audit = RowDigest()
    var replays = RowDigest()

    mutating func add(_ delivery: MovedDelivery) {
      delivery.add(to: &deliveries)
      failures += delivery.failures.count
      replayed += delivery.isReplayed ? 1 : 0
    }

    var counts: MovedCounts {
      MovedCounts(
        events: events.count, deliveries: deliveries.count, failures: failures, replayed: replayed)
    }
  }

  private let moved = MovedStatements(TableNames())

  init(
    origin: any StoreOrigin, ask: MoveConnection, names: MoveNames, envelopesFrom: Timestamp,
    pages: StoreMover.Pages
  ) {
    self.origin = origin
    self.ask = ask
    self.names = names
    self.envelopesFrom = envelopesFrom
    self.pages = pages
  }

  /// - Throws: `failing`, where they are not the same.
  func compare() throws(StoreError) -> MovedCounts {
    var problems = try origin.state().differences(from: moved.state(names, ask))
    let (there, here) = (try originSide(), try movedSide())
    func compare(_ what: String, _ side: KeyPath<Side, RowDigest>) {
      let (a, b) = (there[keyPath: side], here[keyPath: side])
      if a != b { problems.append("\(what) (\(a.count), \(a), and \(b.count), \(b))") }
    }
    compare("events", \.events)
    compare("deliveries", \.deliveries)
    compare("envelopes", \.envelopes)
    compare("entries of the audit", \.audit)
    compare("replays", \.replays)
    // What the walks have come to is all that there is.
    let counted = try origin.counts()
    if counted != there.counts {
      problems.append("rows that no walk leads to (\(counted), and \(there.counts))")
    }
    guard problems.isEmpty else {
      throw StoreError(
        code: .failing,
        message:
          "what was moved is not what the origin holds: \(problems.joined(separator: "; ")). The origin is as it was: look at "
          + "it with `huggy-relay store verify`, and report this with what that says")
    }
    return here.counts
  }

  private func originSide() throws(StoreError) -> Side {
    var side = Side()
    var place = ArrivalPlace()
    while true {
      let page = try origin.arrivals(after: place, limit: pages.rows, byteLimit: pages.bytes)
      guard !page.arrivals.isEmpty else { break }
      for arrival in page.arrivals {
        switch arrival {
        case .event(let event): event.add(to: &side.events)
        case .delivery(let delivery, isFirst: _): side.add(delivery)
        }
      }
      place = page.end
    }
    var row: Int64 = 0
    while true {
      let page = try origin.envelopes(after: row, receivedFrom: envelopesFrom, limit: pages.rows)
      guard !page.envelopes.isEmpty else { break }
      for envelope in page.envelopes { envelope.add(to: &side.envelopes) }
      row = page.end
    }
    var last = AuditID(rawValue: 0)
    while true {
      let entries = try origin.audit(after: last, limit: pages.rows)
      guard let end = entries.last else { break }
      for entry in entries { entry.add(to: &side.audit) }
      last = end.id
    }
    for replay in try origin.replays() { replay.add(to: &side.replays) }
    return side
  }

  private func movedSide() throws(StoreError) -> Side {
    var side = Side()
    var number: Int64 = 0
    while true {
      let page = try moved.events(after: number, limit: Self.bodiesInPage, names, ask)
      guard !page.events.isEmpty else { break }
      for event in page.events { event.add(to: &side.events) }
      number = page.last
    }
    var id: Int64 = 0
    while true {
      let page = try moved.deliveries(after: id, limit: pages.rows, names, ask)
      guard !page.deliveries.isEmpty else { break }
      for delivery in page.deliveries { side.add(delivery) }
      id = page.last
    }
    var envelope: Int64 = .min
    while true {
      let page = try moved.envelopes(after: envelope, limit: Self.envelopesInPage, names, ask)
      guard !page.envelopes.isEmpty else { break }
      for envelope in page.envelopes { envelope.add(to: &side.envelopes) }
      envelope = page.last
    }
    var last = AuditID(rawValue: 0)
    while true {
      let entries = try moved.audit(after: last, limit: pages.rows, ask)
      guard let end = entries.last else { break }
      for entry in entries { entry.add(to: &side.audit) }
      last = end.id
    }
    for replay in try moved.replays(ask) { replay.add(to: &side.replays) }
    return side
  }

  /// No index leads to them: each page looks at all.
  private static let envelopesInPage = 100_000
  /// A page is in memory as a whole, and a body may have some MiB.
  private static let bodiesInPage = 256
}

@available(*, unavailable)
extension MoveComparison: Sendable {}
