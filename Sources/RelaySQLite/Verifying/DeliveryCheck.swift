import RelayCore
import RelayStoring

/// Goes through all deliveries once: whether each says what it can say, and whether the books say what all of them come to.
final class DeliveryCheck {
  private let deliveries: Statement
  private let destinations: Statement
  private let firstUnlisted: Int64
  private var sums: [Int64: DeliverySums] = [:]
  private var rows = StoreVerification.Check(
    "deliveries",
    advice:
      "keep a \(SQLiteVerifier.copy) and report this; a delivery that is named may be discarded by its number"
  )
  private var books = StoreVerification.Check.books(keep: SQLiteVerifier.copy)

  init(_ connection: Connection) throws(StoreError) {
    deliveries = try connection.prepare(
      """
      SELECT d.id, d.destination, d.state, d.settled IS NULL, d.reason, d.due IS NULL, d.revisit IS NULL, d.bytes,
        d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries, d.run
      FROM delivery d LEFT JOIN event e ON e.id = d.event ORDER BY d.id
      """)
    destinations = try connection.prepare(
      "SELECT id, name, pending, dead, delivered, discarded, overflowed, backlog_bytes, replaying FROM destination ORDER BY id"
    )
    firstUnlisted = try connection.integer("SELECT first FROM unlisted") ?? 0
  }

  func run() throws(StoreError) -> [StoreVerification.Check] {
    var count = 0
    while try deliveries.step() {
      count += 1
      look()
    }
    rows.count = count
    while try destinations.step() { compareBooks() }
    return [rows, books]
  }

  private func look() {
    let (id, state) = (deliveries.integer(0), deliveries.integer(2))
    let reason = deliveries.optionalInteger(4).map { Int($0) }
    guard let kind = DeliveryState(stored: state) else {
      return rows.found("delivery \(id) has the state \(state), which nothing has")
    }
    if state == ArrivalState.unlisted.rawValue, id < firstUnlisted {
      rows.found("delivery \(id) is pending, and no index leads to it")
    }
    if kind.isPending != (deliveries.integer(3) != 0) {
      rows.found(
        "delivery \(id) is \(kind), and \(kind.isPending ? "settled" : "says not when it was settled")")
    }
    if kind == .retrying, deliveries.integer(5) != 0 {
      rows.found("delivery \(id) is to be tried again at no time")
    }
    if kind == .dead, deliveries.integer(6) != 0 {
      rows.found("delivery \(id) is dead, and store.dead_retention will not find it")
    }
    if !kind.goesWith(reason: reason) {
      rows.found("delivery \(id) is \(kind), and its reason is \(reason ?? 0)")
    }
    // A replay's stand elsewhere.
    if deliveries.integer(9) == 0, deliveries.optionalInteger(8) == 0 {
      rows.found("delivery \(id) is not where its event says that its deliveries are")
    }
    let isReplaying = state < ArrivalState.unlisted.rawValue
    if kind.isPending, isReplaying != (deliveries.integer(9) != 0) {
      rows.found("delivery \(id) is of run \(deliveries.integer(9)), and stands in the wrong queue")
    }
    if isReplaying { sums[deliveries.integer(1), default: DeliverySums()].replaying += 1 }
    add(kind, reason, bytes: Int(deliveries.integer(7)), to: deliveries.integer(1))
  }

  private func add(_ state: DeliveryState, _ reason: Int?, bytes: Int, to destination: Int64) {
    var sum = sums[destination] ?? DeliverySums()
    switch state {
    case .fresh, .retrying, .waiting: sum.pending += 1
    case .delivered: sum.delivered += 1
    case .dead: sum.dead += 1
    case .discarded:
      if reason == DiscardReason.overflow.rawValue { sum.overflowed += 1 } else { sum.discarded += 1 }
    }
    if state.isPending || state == .dead { sum.backlogBytes += bytes }
    sums[destination] = sum
  }

  private func compareBooks() {
    func said(_ column: Int32) -> Int { Int(destinations.integer(column)) }
    let sums = DeliverySums(
      pending: said(2), replaying: said(8), dead: said(3), delivered: said(4), discarded: said(5),
      overflowed: said(6), backlogBytes: said(7))
    books.compare(
      booksOf: destinations.text(1) ?? "?", sums,
      with: self.sums[destinations.integer(0)] ?? DeliverySums())
  }
}

@available(*, unavailable)
extension DeliveryCheck: Sendable {}
