import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Random work on a store and on its model, with failures and restarts: both must always agree, and the books must
/// say what the rows say.
struct WorkloadTests {
  @Test(arguments: 0..<10 as Range<UInt64>)
  func theStoreDoesWhatItsModelDoesAndHoldsNothingInTheEnd(seed: UInt64) throws {
    let workload = try Workload(seed: seed)
    for _ in 0..<150 {
      try workload.step()
      try workload.compare()
    }
    try workload.finish()
    #expect(workload.bench.claimed.isEmpty)
    #expect(workload.model.books.values.allSatisfy { $0.pending == 0 })
    try workload.compare()
  }
}

private final class Workload {
  let bench: SessionBench
  var model = StoreModel()
  private var random: SplitMix64
  private var fault: Fault?
  private var outcomes: [Settlement] = []
  private var now = 0
  private let destinations = ["crm", "bi", "audit"]

  init(seed: UInt64) throws {
    random = SplitMix64(seed: seed)
    bench = try SessionBench()
    try reorder("crm", by: .chat)
    try reorder("bi", by: .destination)
    try limit()
  }

  func step() throws {
    switch random.below(100) {
    case ..<45: try batch()
    case ..<62: try claim(limit: 1 + random.below(8))
    case ..<68: release()
    case ..<74:
      now += random.below(20) - 5
      bench.clock.set(.second(now))
    case ..<80: try change()
    case ..<84: try reorder(random.pick(destinations), by: random.pick(Ordering.allCases))
    case ..<88: toggleWithheld()
    case ..<93: try toggleFault()
    case ..<96: try limit()
    default: try restart()
    }
  }

  /// The rows, the books and what is claimed.
  func compare() throws {
    #expect(bench.claimed == Set(model.held.map(\.rawValue)))
    #expect(bench.session.destinations.all.books == model.books)
    for destination in bench.session.destinations.all {
      #expect(destination.backlogBytes == model.backlogBytes(destination.name))
    }
    let rows = try bench.session.connection.texts(
      """
      SELECT id || ' ' || max(state, 0) || ' ' || attempts || ' ' || counted || ' ' || ifnull(due, '-') || ' '
        || iif(state < 3, ifnull(order_key, '-'), '') FROM delivery ORDER BY id
      """)
    let expected = model.rows.map { row in
      "\(row.id) \(row.state.rawValue) \(row.attempts) \(row.counted) "
        + (row.due.map { row.state.isPending ? "\($0.microseconds)" : "-" } ?? "-") + " "
        + (row.state.isPending ? row.key ?? "-" : "")
    }
    #expect(rows == expected)
    let unlisted = try bench.session.connection.texts("SELECT id FROM delivery WHERE state = -1")
    let claimed = bench.session.claims.entries.filter { $0.value.state != .claimed }.keys
    #expect(Set(unlisted) == Set(claimed.map(\.description)))
    #expect(try bench.recount() == bench.storedBooks())
  }

  private func batch() throws {
    let envelopes = (0..<random.below(4)).map { _ in
      let to = destinations.filter { _ in random.chance(60) }
      let bytes: UInt64? = random.chance(70) ? UInt64(random.below(60)) : nil
      // The same bytes are of the same chat.
      let number = bytes ?? UInt64(random.below(5))
      let chat = number % 5 < 4 ? String(number % 5) : nil
      return bench.make.envelope(to: to, events: 1 + random.below(3), bytes: bytes, chat: chat)
    }
    let settlements = model.rows.filter { random.chance(model.held.contains($0.id) ? 30 : 2) }.map(settlement)
    outcomes += settlements
    var turns: [Delivery] = []
    let results = bench.write(envelopes, settle: settlements) { turns += $0 }
    let changes = outcomes.map { outcome in
      model.rows.contains { $0.id == outcome.delivery && $0.state.isPending }
    }.contains(true)
    let stores = envelopes.contains { envelope in
      guard var known = envelope.bytes.flatMap({ model.remembered[$0] }) else { return true }
      return !known.reroute(envelope).isEmpty
    }
    let fails = fault == .begin || fault == .commit && (changes || stores)
    if fails {
      for result in results { #expect(throws: StoreError.self) { try result.get() } }
      if envelopes.isEmpty || changes || fault == .begin { return }
    }
    // Of several calls' answers this sees the last one's; those that were held before are in the model alone.
    var expected: [DeliveryID] = []
    for outcome in outcomes {
      if let next = model.settle(outcome) {
        expected.removeAll { $0 == outcome.delivery }
        expected.append(next)
      } else {
        expected.removeAll { $0 == outcome.delivery }
      }
    }
    if outcomes.count == settlements.count {
      #expect(turns.map(\.id).filter { model.held.contains($0) } == expected)
    }
    outcomes = []
    if !fails { for (envelope, result) in zip(envelopes, results) { try note(envelope, try result.get()) } }
  }

  private func note(_ envelope: NewEnvelope, _ outcome: AppendOutcome) throws {
    switch outcome {
    case .duplicate(let first, let count, let rerouted):
      let bytes = try #require(envelope.bytes)
      #expect(first == model.remembered[bytes]?.firstEventID)
      #expect(count == model.remembered[bytes]?.hadDelivery.count)
      let places = model.remembered[bytes]?.reroute(envelope) ?? []
      #expect(rerouted.places == places)
      try note(
        places.map { (envelope.events[$0], first.advanced(by: $0)) }, handedOut: rerouted.deliveries)
    case .stored(let deliveries):
      if let bytes = envelope.bytes {
        let stored = StoreModel.Stored(
          firstEventID: envelope.firstEventID, hadDelivery: envelope.events.map { !$0.deliveries.isEmpty })
        #expect(model.remembered.updateValue(stored, forKey: bytes) == nil)
      }
      try note(envelope.events.map { ($0, $0.event.id) }, handedOut: deliveries)
    }
  }

  /// - Parameter events: With the ids under which they are stored.
  private func note(
    _ events: [(new: NewEnvelope.NewEvent, id: EventID)], handedOut deliveries: [Delivery]
  ) throws {
    var held: [String] = []
    for (new, event) in events {
      for delivery in new.deliveries {
        let id = try nextRow()
        if model.append(id, event, to: delivery.destination, chat: new.event.chat) {
          held.append("\(id) \(event) \(delivery.destination)")
        }
      }
    }
    #expect(deliveries.map { "\($0.id) \($0.event.id) \($0.destination)" } == held)
  }

  /// The first row that the model does not have.
  private func nextRow() throws -> DeliveryID {
    let last = model.rows.last?.id.rawValue ?? 0
    let next = try bench.session.connection.integer("SELECT min(id) FROM delivery WHERE id > \(last)")
    return DeliveryID(rawValue: try #require(next))
  }

  private func settlement(_ row: StoreModel.Row) -> Settlement {
    let due = Timestamp.second(now + random.below(20))
    let outcomes: [Settlement.Outcome] = [.delivered, .dead(.expired), .retry(at: due)]
    return model.delivery(row).settled(outcomes[random.below(3)])
  }

  private func claim(limit: Int) throws {
    for destination in destinations {
      let request = ClaimRequest(
        destination: destination, kind: random.chance(50) ? .fresh : .retrying, now: .second(now),
        limit: limit, byteLimit: .max)
      #expect(try ClaimShape(bench.session.claims.claim(request)) == ClaimShape(model.claim(request)))
    }
  }

  private func release() {
    let inFlight = Set(outcomes.map(\.delivery))
    for id in model.held.sorted() where !inFlight.contains(id) && random.chance(30) {
      model.release(id)
      bench.session.claims.giveBack([id])
    }
  }

  private func change() throws {
    guard fault == nil else { return }
    let destination = random.pick(destinations)
    let change: DeliveryChange = random.chance(70) ? .retry(at: .second(now)) : .discard
    let ids = random.chance(50) ? Set(model.rows.filter { _ in random.chance(20) }.map(\.id)) : nil
    let state =
      ids == nil && change != .discard && random.chance(40)
      ? random.pick([DeliveryFilter.State.discarded, .overflowed]) : nil
    let selection =
      ids.map { DeliverySelection.ids($0.sorted(by: >)) } ?? .filter(DeliveryFilter(state: state))
    // A discard of all would leave little to be seen.
    if change == .discard && ids == nil { return }
    let changed = try bench.change(change, selection, of: destination)
    #expect(changed == model.change(change, destination, ids: ids, state: state))
  }

  private func reorder(_ destination: String, by ordering: Ordering) throws {
    guard fault == nil else { return }
    try bench.reorder(destination, by: ordering)
    model.reorder(destination, by: ordering)
  }

  private func toggleWithheld() {
    let destination = random.pick(destinations)
    if model.heldDestinations.remove(destination) != nil {
      bench.session.destinations.resume([destination])
    } else {
      model.heldDestinations.insert(destination)
      bench.session.destinations.hold([destination])
    }
  }

  private func limit() throws {
    guard fault == nil else { return }
    model.maxBacklog = ["audit": (5 + random.below(30)) * StoreModel.bytes]
    try configure()
  }

  private func configure() throws {
    var configuration = StoreConfiguration.test
    configuration.maxBacklogBytes = model.maxBacklog
    try bench.configure(configuration)
    // Held outcomes went along; there are none without a fault.
    #expect(outcomes.isEmpty)
  }

  private func toggleFault() throws {
    let connection = bench.session.connection
    if let fault {
      try fault.end(connection)
      self.fault = nil
      try batch()
    } else {
      fault = random.chance(50) ? .begin : .commit
      try fault!.begin(connection)
    }
  }

  /// A crash: what was held is free, and outcomes that could not be recorded are lost.
  private func restart() throws {
    if fault != nil { try toggleFault() }
    try bench.reopen()
    outcomes = []
    model.held = []
    model.heldDestinations = []
    model.behind = []
    try configure()
  }

  /// The store works again, and everything is delivered: each in its turn.
  func finish() throws {
    if fault != nil { try toggleFault() }
    try batch()
    try restart()
    now += 1_000
    bench.clock.set(.second(now))
    for destination in destinations {
      for kind in ClaimRequest.Kind.allCases {
        let request = ClaimRequest(
          destination: destination, kind: kind, now: .second(now), limit: 10_000, byteLimit: .max)
        var turn = try bench.session.claims.claim(request).deliveries
        #expect(turn.map(\.id) == model.claim(request).deliveries.map(\.id))
        while let delivery = turn.popLast() {
          let next = bench.settle(delivery.settled(.delivered))
          #expect(next.first?.id == model.settle(delivery.settled(.delivered)))
          turn += next
        }
      }
    }
  }
}

extension SessionBench {
  /// What the rows come to, of each destination.
  func recount() throws -> [String] {
    try session.connection.texts(
      """
      SELECT t.name || ' ' || total(d.state < 3) || ' ' || total(d.state = 4) || ' ' || total(d.state = 3) || ' '
        || total(d.state = 5 AND d.reason = 5) || ' ' || total(d.state = 5 AND d.reason = 4) || ' '
        || total(iif(d.state < 3 OR d.state = 4, d.bytes, 0))
      FROM destination t LEFT JOIN delivery d ON d.destination = t.id GROUP BY t.id ORDER BY t.id
      """)
  }

  /// What the books say on disk.
  func storedBooks() throws -> [String] {
    try session.connection.texts(
      """
      SELECT name || ' ' || (pending + 0.0) || ' ' || (dead + 0.0) || ' ' || (delivered + 0.0) || ' '
        || (discarded + 0.0) || ' ' || (overflowed + 0.0) || ' ' || (backlog_bytes + 0.0)
      FROM destination ORDER BY id
      """)
  }
}

extension NewEnvelope {
  /// What a maker's number became, as far as these tests tell bytes apart.
  fileprivate var bytes: UInt64? {
    fingerprint.map { $0.hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
  }
}
