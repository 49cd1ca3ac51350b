import RelayCore

/// Goes through all deliveries once: whether each says what it can say, and whether the books say what all of them come to.
final class DeliveryCheck {
  private struct Sums {
    var pending = 0
    var replaying = 0
    var dead = 0
    var delivered = 0
    var discarded = 0
    var overflowed = 0
    var bytes = 0
  }

  private let deliveries: Statement
  private let destinations: Statement
  private let firstUnlisted: Int64
  private var sums: [Int64: Sums] = [:]
  private var rows = StoreVerification.Check(
    "deliveries",
    advice:
      "keep a copy of the store and report this; a delivery that is named may be discarded by its number")
  private var books = StoreVerification.Check(
    "books",
    advice:
      "counts and max_backlog are off by so much, and nothing is lost; keep a copy of the store and report this"
  )

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
    if !Self.fits(reason, kind) { rows.found("delivery \(id) is \(kind), and its reason is \(reason ?? 0)") }
    // A replay's stand elsewhere.
    if deliveries.integer(9) == 0, deliveries.optionalInteger(8) == 0 {
      rows.found("delivery \(id) is not where its event says that its deliveries are")
    }
    let isReplaying = state < ArrivalState.unlisted.rawValue
    if kind.isPending, isReplaying != (deliveries.integer(9) != 0) {
      rows.found("delivery \(id) is of run \(deliveries.integer(9)), and stands in the wrong queue")
    }
    if isReplaying { sums[deliveries.integer(1), default: Sums()].replaying += 1 }
    add(kind, reason, bytes: Int(deliveries.integer(7)), to: deliveries.integer(1))
  }

  private static func fits(_ reason: Int?, _ state: DeliveryState) -> Bool {
    switch state {
    case .dead: reason.flatMap(DeathReason.init) != nil
    case .discarded: reason.flatMap(DiscardReason.init) != nil
    case .fresh, .retrying, .waiting, .delivered: reason == nil
    }
  }

  private func add(_ state: DeliveryState, _ reason: Int?, bytes: Int, to destination: Int64) {
    var sum = sums[destination] ?? Sums()
    switch state {
    case .fresh, .retrying, .waiting: sum.pending += 1
    case .delivered: sum.delivered += 1
    case .dead: sum.dead += 1
    case .discarded:
      if reason == DiscardReason.overflow.rawValue { sum.overflowed += 1 } else { sum.discarded += 1 }
    }
    if state.isPending || state == .dead { sum.bytes += bytes }
    sums[destination] = sum
  }

  /// Of what is settled the books count also what has gone since.
  private func compareBooks() {
    let name = destinations.text(1) ?? "?"
    let sum = sums[destinations.integer(0)] ?? Sums()
    func compare(_ what: String, _ column: Int32, _ found: Int, isExact: Bool) {
      let said = Int(destinations.integer(column))
      guard isExact ? said != found : said < found else { return }
      books.found("\(name): the books say \(said) \(what), and there are \(found)")
    }
    compare("pending", 2, sum.pending, isExact: true)
    compare("pending of replays", 8, sum.replaying, isExact: true)
    compare("dead", 3, sum.dead, isExact: true)
    compare("bytes of backlog", 7, sum.bytes, isExact: true)
    compare("delivered", 4, sum.delivered, isExact: false)
    compare("discarded", 5, sum.discarded, isExact: false)
    compare("overflowed", 6, sum.overflowed, isExact: false)
    books.count = (books.count ?? 0) + 1
  }
}

@available(*, unavailable)
extension DeliveryCheck: Sendable {}
