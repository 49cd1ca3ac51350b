import RelayCore
import RelayStoring
import RelayTestSupport

@testable import RelaySQLite

/// A store with random events, of which all that may happen to events happens, and its runs, which are small.
final class IndexBench {
  let shape = RunShape(smallBits: 4, largeBits: 6)
  let bench: KeepingBench
  private var random: SplitMix64
  private var second = 10
  private var nextID: UInt64 = 0

  private static let types = ["createdChat", "ClosedChat", "receivedMessage"]
  private static let companies: [String?] = [nil, "15691", "6618", "X"]
  private static let channels: [String?] = [nil, "whatsapp", "WhatsAppOfficial", "widget"]

  init(seed: UInt64) throws {
    bench = try KeepingBench()
    random = SplitMix64(seed: seed)
    try bench.execute(
      "INSERT INTO source VALUES (2, 'other'); INSERT INTO route VALUES (2, 'noise'), (3, 'late')")
  }

  // MARK: What happens

  func change() throws {
    try addEvents()
    if random.chance(50) { try reroute() }
    if random.chance(30) { try storeLater() }
    if random.chance(30) { try replay() }
    if random.chance(60) { try prune() }
    try settle()
    for _ in 0..<random.below(12) { if try !makeRun() { break } }
  }

  func addEvents() throws {
    for _ in 0..<20 + random.below(40) {
      second += random.below(3)
      try addEvent(received: second, isLate: false)
    }
  }

  private func addEvent(received: Int, isLate: Bool) throws {
    let hash = isLate ? "NULL" : "x'07'"
    let time = Timestamp.second(received).microseconds
    let id = EventID(high: UInt64(time) << 8 | 0x7000, low: 0x8000_0000_0000_0000 | nextID)
    nextID += 1
    func text(_ value: String?) -> String { value.map { "'\($0)'" } ?? "NULL" }
    let routes = (1...3).filter { _ in random.chance(40) }.map(String.init).joined(separator: " ")
    let deliveries = isLate ? 1 : random.pick([0, 0, 1, 1, 2, 3])
    let chat = random.chance(20) ? nil : String(random.below(12))
    let body = "{\"n\":\(random.below(9)),\"name\":\"a\(random.below(5))\\u00e7\"}"
    try bench.execute(
      """
      INSERT INTO envelope (source, configuration, received, first_event, accepted, hash)
        VALUES (\(1 + random.below(2)), 1, \(time), x'\(hex(id))', 1, \(hash));
      INSERT INTO event (uuid, envelope, type, company, channel, chat, routes, dropped, body)
        VALUES (x'\(hex(id))', (SELECT max(id) FROM envelope), '\(random.pick(Self.types))',
          \(text(random.pick(Self.companies))), \(text(random.pick(Self.channels))), \(text(chat)), '\(routes)',
          \(deliveries == 0 ? random.below(2) : 0), CAST('\(body)' AS BLOB));
      """)
    let row = try bench.connection.integer("SELECT max(id) FROM event")!
    if let previous = bench.session.order.add(id, row: RowID(rawValue: row)) {
      try bench.execute("INSERT INTO straggler VALUES (x'\(hex(id))', \(row), \(previous))")
    }
    bench.session.order.commit()
    try addDeliveries(deliveries, to: row, arrived: isLate ? second : nil)
  }

  private func hex(_ id: EventID) -> String {
    func word(_ value: UInt64) -> String {
      let digits = String(value, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    return word(id.high) + word(id.low)
  }

  private func addDeliveries(_ count: Int, to row: Int64, arrived: Int?) throws {
    let first = (try bench.connection.integer("SELECT max(id) FROM delivery") ?? 0) + 1
    // No event comes with two to the same.
    let offset = random.below(3)
    for place in 0..<count {
      let state = random.pick([0, 1, 2, 3, 3, 3, 3, 4, 5])
      let arrived = arrived.map { String(Timestamp.second($0).microseconds) } ?? "NULL"
      try bench.execute(
        """
        INSERT INTO delivery (event, destination, route, run, state, attempts, since, arrived)
          VALUES (\(row), \(1 + (offset + place) % 3), 1, 0, \(state), 0, 0, \(arrived))
        """)
    }
    if count > 0 {
      try bench.execute(
        "UPDATE event SET first_delivery = \(first), deliveries = \(count), dropped = 0 WHERE id = \(row)")
    }
  }

  /// What never had a delivery gets some, by another route.
  private func reroute() throws {
    let rows = try bench.ids("SELECT id FROM event WHERE deliveries = 0 ORDER BY id")
    for row in rows where random.chance(10) {
      try bench.execute("UPDATE event SET routes = trim(routes || ' 3') WHERE id = \(row)")
      try addDeliveries(1 + random.below(2), to: row, arrived: second)
    }
  }

  /// What was not stored when it came.
  private func storeLater() throws {
    for _ in 0..<1 + random.below(3) { try addEvent(received: random.below(second), isLate: true) }
  }

  /// A delivery of its own run, which stands elsewhere than those that came with the event.
  private func replay() throws {
    // Of some that stand together, mostly.
    let rows = try bench.ids("SELECT id FROM event ORDER BY id")
    let (start, share) = (random.below(rows.count + 1), random.pick([3, 3, 60, 100]))
    for row in rows.dropFirst(start).prefix(share == 3 ? rows.count : 20) where random.chance(share) {
      let delivery = (try bench.connection.integer("SELECT max(id) FROM delivery") ?? 0) + 1
      try bench.execute(
        """
        INSERT INTO delivery (id, event, destination, route, run, state, attempts, since)
          VALUES (\(delivery), \(row), \(1 + random.below(3)), 1, 1, \(random.pick([-4, -3, -2, 3, 4, 5])), 0, 0);
        INSERT INTO replayed VALUES (\(row), \(delivery));
        """)
    }
  }

  private func prune() throws {
    let rows = try bench.ids("SELECT id FROM event ORDER BY id")
    let gone = random.below(rows.count / 4 + 1)
    // Some of the oldest stay.
    for row in rows.prefix(gone) where !random.chance(3) {
      try bench.execute(
        """
        DELETE FROM delivery WHERE event = \(row);
        DELETE FROM replayed WHERE event = \(row);
        DELETE FROM straggler WHERE event = \(row);
        DELETE FROM event WHERE id = \(row);
        """)
    }
  }

  /// The newest are in no index.
  private func settle() throws {
    for delivery in try bench.ids("SELECT id FROM delivery WHERE state < 3") where random.chance(40) {
      try bench.execute("UPDATE delivery SET state = \(random.pick([3, 4, 5])) WHERE id = \(delivery)")
    }
    let last = try bench.connection.integer("SELECT max(id) FROM delivery") ?? 0
    try bench.execute(
      """
      UPDATE delivery SET state = 0 WHERE state = -1;
      UPDATE unlisted SET first = \(last - 5);
      UPDATE delivery SET state = -1 WHERE id >= \(last - 5) AND state = 0;
      """)
  }

  // MARK: Runs

  /// - Returns: Whether there was something to do.
  func makeRun() throws -> Bool {
    let source = try IndexSource(bench.connection, shape)
    let progress = try source.progress()
    switch progress.step(next: try source.event(from: progress.end)) {
    case .rest: return false
    case .drop(let runs): try apply(IndexChange(removed: runs))
    case .build(let run): try apply(IndexChange(added: try source.build(run, unless: { false })))
    case .merge(let large, let small):
      var merge = RunMerge(large, shape)
      for run in small { _ = merge.add(try source.run(run)) }
      try apply(IndexChange(added: merge.finish(), removed: small))
    }
    return true
  }

  func makeAllRuns() throws { while try makeRun() {} }

  func apply(_ change: IndexChange) throws { try finish(IndexJob(change) { _ in }) }

  func finish(_ job: IndexJob) throws {
    while true {
      let isLast = try bench.session.transactions.run { () throws(StoreError) in
        try job.step(bench.session)
      }
      job.committed()
      if isLast { return }
    }
  }

  func runs() throws -> [RunID] {
    try bench.ids("SELECT id FROM event_run ORDER BY id").map(RunID.init(rawValue:))
  }

  func leftovers() throws -> [RunID] {
    try IndexSource(bench.connection, shape).leftovers(beside: try runs())
  }

  func hasLeftovers() throws -> Bool { try !leftovers().isEmpty }

  /// Those that there are when all is done.
  func expectedRuns() throws -> [RunID] {
    let last = try bench.connection.integer("SELECT max(id) FROM event")!
    let large = (0..<(last + 1) >> Int64(shape.largeBits)).map { RunID(.large, $0) }
    let from = Int64(large.count) << Int64(shape.largeBits - shape.smallBits)
    let small = (from..<(last + 1) >> Int64(shape.smallBits)).map { RunID(.small, $0) }
    return (large + small).sorted { $0.rawValue < $1.rawValue }
  }

  // MARK: Questions

  /// One that looks up what is few, or not.
  func session() throws -> LookupSession {
    try LookupSession(path: bench.path, shape: shape, fewest: random.pick([0, 8, 1_000]))
  }

  func filter() -> EventFilter {
    var filter = EventFilter()
    func pattern(_ texts: [String], ignoringCase: Bool = false) -> WildcardPattern {
      WildcardPattern(random.pick(texts), ignoringCase: ignoringCase)
    }
    if random.chance(25) {
      filter.types = [pattern(["CREATEDCHAT", "*Chat", "nothing"], ignoringCase: true)]
    }
    if random.chance(25) {
      filter.companies = random.chance(30) ? [.null] : [.text(pattern(["15691", "*6*", "?", "none"]))]
    }
    if random.chance(25) {
      filter.channels =
        random.chance(30) ? [.null] : [.text(pattern(["WhatsApp", "whats*", "widget"], ignoringCase: true))]
    }
    if random.chance(20) { filter.chats = [String(random.below(12)), String(random.below(14))] }
    if random.chance(15) { filter.sources = [pattern(["huggy", "o*", "stranger"])] }
    if random.chance(25) { filter.routes = [pattern(["all", "noise", "late", "l*", "stranger"])] }
    if random.chance(30) { filter.destinations = [pattern(["crm", "bi", "*", "a*", "stranger"])] }
    if random.chance(40) {
      filter.outcomes = (0...random.below(2)).map { _ in random.pick(EventOutcome.allCases) }
    }
    if random.chance(15) {
      filter.text = BodyCondition(random.pick(["Ç", "a3ç", "name", "n=4", "name=a?*", "gone=null"]))
    }
    if random.chance(20) { filter.since = .second(random.below(second)) }
    if random.chance(20) { filter.until = .second(random.below(second + 5)) }
    return filter
  }

  /// Through all pages.
  func pages(
    _ session: LookupSession, _ filter: EventFilter, _ order: EventPageRequest.Order
  ) throws -> [EventID] {
    var found: [EventID] = []
    var after: EventCursor?
    let budget = LookupBudget(rows: 1 + random.below(60), time: .seconds(60))
    let limit = 1 + random.below(9)
    repeat {
      let request = EventPageRequest(filter: filter, order: order, after: after, limit: limit)
      let page = try session.events(request, budget: budget)
      found += page.events.map(\.id)
      // Each comes further.
      if let next = page.next, let after { precondition(order == .newestFirst ? next < after : next > after) }
      after = page.next
    } while after != nil
    return found
  }

  /// By asking each.
  func reference(_ filter: EventFilter, _ order: EventPageRequest.Order) throws -> [EventID] {
    let records = try RecordReader(bench.connection)
    var matcher = EventMatcher(filter)
    let rows = try bench.ids("SELECT id FROM event ORDER BY id")
    var found: [EventID] = []
    for row in order == .newestFirst ? rows.reversed() : rows {
      let event = try records.event(RowID(rawValue: row), ClockHistory())!
      let traits = EventMatcher.Traits(
        id: event.id, type: event.type, company: event.company, channel: event.channel, chat: event.chat,
        source: event.source, receivedAt: event.receivedAt)
      if matcher.holds(traits), matcher.holds(routes: event.routes), matcher.holds(body: event.body),
        matcher.holds(
          isDropped: event.isDropped, deliveries: event.deliveries.map { ($0.destination, $0.state) })
      {
        found.append(event.id)
      }
    }
    return found
  }
}

extension KeepingBench {
  func ids(_ sql: String) throws -> [Int64] {
    let query = try connection.prepare(sql)
    var ids: [Int64] = []
    while try query.step() { ids.append(query.integer(0)) }
    return ids
  }
}
