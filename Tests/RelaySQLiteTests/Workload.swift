import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Random work on a store and on its model: what each of the two did is compared after each step.
final class Workload {
  let bench: SessionBench
  var model = StoreModel()
  /// Envelopes by their bytes.
  private var remembered: [UInt64: Remembered] = [:]
  private var random: SplitMix64
  private var fault: Fault?
  private var outcomes: [Settlement] = []
  private var now = 0
  private var runs = 0
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
    case ..<43: try batch()
    case ..<60: try claim()
    case ..<66: release()
    case ..<72:
      now += random.below(20) - 5
      bench.clock.set(.second(now))
    case ..<74: suspend()
    case ..<80: try change()
    case ..<84: try reorder(random.pick(destinations), by: random.pick(Ordering.allCases))
    case ..<88: toggleHold()
    case ..<91: try replay()
    case ..<93: try toggleFault()
    case ..<96: try limit()
    default: try restart()
    }
  }

  /// The rows, the books and what is claimed.
  func compare() throws {
    #expect(bench.claimed == Set(model.claimed.map(\.rawValue)))
    #expect(bench.session.destinations.all.books == model.books)
    for destination in bench.session.destinations.all {
      #expect(destination.backlogBytes == model.backlogBytes(destination.name))
      #expect(destination.suspended == model.suspended[destination.name] ?? SuspendedTime())
    }
    let rows = try bench.session.connection.texts(
      """
      SELECT id || ' ' || run || ' ' || CASE state WHEN -1 THEN 0 ELSE iif(state < 0, state + 4, state) END || ' ' || attempts || ' ' || counted || ' ' || since || ' '
        || ifnull(probed, '-') || ' ' || ifnull(reason, '-') || ' ' || iif(state < 3, ifnull(due, '-'), '-') || ' '
        || iif(state < 3, ifnull(order_key, '-'), '') FROM delivery ORDER BY id
      """)
    #expect(rows == model.inOrderOfArrival.map(\.text))
    let unlisted = try bench.session.connection.texts("SELECT id FROM delivery WHERE state = -1")
    let claimed = bench.session.claims.entries.filter { $0.value.state != .claimed }.keys
    #expect(Set(unlisted) == Set(claimed.map(\.description)))
    #expect(try bench.recount() == bench.storedBooks())
  }

  private func batch() throws {
    let envelopes = (0..<random.below(4)).map { _ in
      let to = destinations.filter { _ in random.chance(60) }
      let bytes: UInt64? = random.chance(70) ? UInt64(random.below(60)) : nil
      // The same bytes are of the same chat, and as long.
      let number = bytes ?? UInt64(random.below(60))
      let chat = number % 5 < 4 ? String(number % 5) : nil
      return bench.make.envelope(
        to: to, events: 1 + random.below(3), bytes: bytes, at: .second(max(0, now)), chat: chat,
        body: Array(repeating: 0x20, count: 2 + Int(number % 3) * 700))
    }
    let settlements = model.inOrderOfArrival.filter { random.chance($0.isClaimed ? 30 : 2) }.map(settlement)
    outcomes += settlements
    // What replays have queued comes last.
    outcomes = DeliveryQueue.allCases.flatMap { queue in outcomes.filter { $0.queue == queue } }
    var turns: [Delivery] = []
    let results = bench.write(envelopes, settle: settlements) { turns += $0 }
    let changes = outcomes.map { outcome in
      model.rows[outcome.delivery]!.isPending
    }.contains(true)
    let stores = envelopes.contains { envelope in
      guard var known = envelope.bytes.flatMap({ remembered[$0] }) else { return true }
      return !known.reroute(envelope).isEmpty
    }
    let fails = fault == .begin || fault == .commit && (changes || stores)
    if fails {
      for result in results { #expect(throws: StoreError.self) { try result.get() } }
      if envelopes.isEmpty || changes || fault == .begin { return }
    }
    // Several calls have an answer each, and this sees the last one's; what the others have claimed, the model says.
    var expected: [Delivery] = []
    for outcome in outcomes {
      expected.removeAll { $0.id == outcome.delivery }
      if let next = model.settle(outcome, now: .second(now)) { expected.append(next) }
    }
    if outcomes.count == settlements.count {
      #expect(turns.filter { model.rows[$0.id]!.isClaimed }.map(\.text) == expected.map(\.text))
    }
    outcomes = []
    if !fails { for (envelope, result) in zip(envelopes, results) { try note(envelope, try result.get()) } }
  }

  private func note(_ envelope: NewEnvelope, _ outcome: AppendOutcome) throws {
    switch outcome {
    case .duplicate(let first, let count, let rerouted):
      let bytes = try #require(envelope.bytes)
      #expect(first == remembered[bytes]?.firstEventID)
      #expect(count == remembered[bytes]?.hadDelivery.count)
      let places = remembered[bytes]?.reroute(envelope) ?? []
      #expect(rerouted.places == places)
      try note(
        places.map { (envelope.events[$0], first.advanced(by: $0)) }, handedOut: rerouted.deliveries)
    case .stored(let deliveries):
      if let bytes = envelope.bytes {
        let stored = Remembered(
          firstEventID: envelope.firstEventID, hadDelivery: envelope.events.map { !$0.deliveries.isEmpty })
        #expect(remembered.updateValue(stored, forKey: bytes) == nil)
      }
      try note(envelope.events.map { ($0, $0.event.id) }, handedOut: deliveries)
    }
  }

  /// - Parameter events: With the ids under which they are stored.
  private func note(
    _ events: [(new: NewEnvelope.NewEvent, id: EventID)], handedOut deliveries: [Delivery]
  ) throws {
    var claimed: [Delivery] = []
    var row = model.rows.keys.max() ?? DeliveryID(rawValue: 0)
    for (new, id) in events {
      let context = new.event.envelope
      let event = Event(
        id: id, envelope: context, type: new.event.type, rawType: new.event.rawType, company: nil,
        channel: nil, chat: new.event.chat, body: new.event.body)
      for delivery in new.deliveries {
        row = try nextRow(after: row)
        let arriving = Delivery(id: row, event: event, destination: delivery.destination, since: .epoch)
        if let taken = model.append(arriving, receivedAt: context.receivedAt) { claimed.append(taken) }
      }
    }
    #expect(deliveries.map(\.text) == claimed.map(\.text))
  }

  private func nextRow(after last: DeliveryID) throws -> DeliveryID {
    let next = try bench.session.connection.integer("SELECT min(id) FROM delivery WHERE id > \(last)")
    return DeliveryID(rawValue: try #require(next))
  }

  private func settlement(_ row: StoreModel.Row) -> Settlement {
    let due = Timestamp.second(now + random.below(20))
    let outcome: Settlement.Outcome = random.pick([
      .delivered, .dead(random.pick(DeathReason.allCases)), .retry(at: due),
    ])
    let isProbe = random.chance(20)
    var settlement = row.delivery.settled(
      outcome, countedAttempts: row.delivery.countedAttempts + (isProbe ? 0 : 1),
      probedAt: isProbe ? .second(now) : row.delivery.probedAt)
    settlement.runLimit = random.pick([1, 1, 4])
    return settlement
  }

  private func claim() throws {
    for destination in destinations {
      let kind = random.pick(ClaimRequest.Kind.allCases)
      let isBeyond = kind == .fresh && random.chance(30)
      // What lies beyond is brought in by a transaction of its own.
      let bringsIn = kind == .retrying && fault == nil && random.chance(30)
      try claim(
        ClaimRequest(
          destination: destination, queue: isBeyond ? .live : random.pick(DeliveryQueue.allCases), kind: kind,
          now: .second(now), latestDue: bringsIn ? .second(now + random.below(10)) : .distantFuture,
          limit: 1 + random.below(8),
          byteLimit: random.chance(40) ? 1 + random.below(6_000) : .max,
          after: isBeyond ? model.rows.keys.sorted().randomElement(using: &random) : nil,
          runLimit: isBeyond ? 1 : random.pick([1, 1, 3, 6])))
    }
  }

  private func claim(_ request: ClaimRequest) throws {
    #expect(try bench.session.claims.claim(request).text == model.claim(request).text)
    guard let (destination, latest) = bench.session.claims.takeRetriesTooFarOff() else { return }
    try bench.run(BringInJob(destination, to: latest))
  }

  private func release() {
    let inFlight = Set(outcomes.map(\.delivery))
    for id in model.claimed.sorted() where !inFlight.contains(id) && random.chance(30) {
      model.release(id)
      bench.session.claims.giveBack([id])
    }
  }

  private func suspend() {
    guard fault == nil else { return }
    let suspended = SuspendedTime(
      ended: .seconds(random.below(100)), since: random.chance(50) ? .second(now - random.below(10)) : nil)
    let destination = random.pick(destinations)
    model.setSuspended(suspended, of: destination)
    bench.writer.setSuspended(suspended, of: destination)
    bench.writer.write()
  }

  private func change() throws {
    guard fault == nil else { return }
    let destination = random.pick(destinations)
    let change: DeliveryChange = random.chance(70) ? .retry(at: .second(now)) : .discard
    let ids = random.chance(50) ? Set(model.rows.keys.sorted().filter { _ in random.chance(20) }) : nil
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

  /// A replay queues some of what is there; or waits for room, and is cancelled then. Now and then an earlier one is.
  private func replay() throws {
    guard fault == nil else { return }
    if runs > 0 && random.chance(30) { return try cancel(1 + random.below(runs)) }
    runs += 1
    let begun = try bench.begin(at: .second(now))
    #expect(begun.id == runs)
    let events = Dictionary(
      model.inOrderOfArrival.filter { _ in random.chance(15) }.map {
        ($0.delivery.event.id, $0.delivery.event)
      },
      uniquingKeysWith: { first, _ in first }
    ).values.sorted { $0.id < $1.id }
    var (entries, queued): ([ReplayStep.Entry], [Delivery]) = ([], [])
    for event in events {
      let to = destinations.filter { _ in random.chance(50) }
      entries.append(
        ReplayStep.Entry(
          event: event.id, source: event.envelope.source, chat: event.chat, bytes: event.footprint,
          targets: to.map { ReplayStep.Target(destination: $0) }))
      queued += to.map {
        Delivery(id: DeliveryID(rawValue: 0), event: event, destination: $0, run: runs, since: .epoch)
      }
    }
    let step = ReplayStep(replay: runs, entries: entries, cursor: "\(runs)", isLast: true, ahead: 20)
    let answer = bench.queue(step)
    guard let parted = model.parted(fromReplayOf: queued, ahead: 20) else {
      #expect(answer() == nil)
      #expect(try bench.end(runs)?.walk == .cancelled)
      #expect(try answer()?.get().queued == 0)
      return
    }
    queued.removeAll { parted.contains($0.destination) }
    let replay = try #require(try answer()?.get())
    #expect(replay.queued == queued.count)
    #expect(Set(replay.cursors.parted.keys) == parted)
    // What was parted would go on by a step of its own.
    if !parted.isEmpty { #expect(try bench.end(runs)?.walk == .cancelled) }
    var row = model.rows.keys.max() ?? DeliveryID(rawValue: 0)
    let placed = try queued.map { delivery in
      row = try nextRow(after: row)
      return Delivery(
        id: row, event: delivery.event, destination: delivery.destination, run: delivery.run, since: .epoch)
    }
    model.queue(placed, at: .second(now))
  }

  private func cancel(_ run: Int) throws {
    _ = try bench.end(run)
    for destination in destinations {
      let changed = try bench.change(.discard, .replay(run), of: destination)
      #expect(changed == model.change(.discard, destination, ids: nil, run: run))
    }
  }

  private func reorder(_ destination: String, by ordering: Ordering) throws {
    guard fault == nil else { return }
    try bench.reorder(destination, by: ordering)
    model.reorder(destination, by: ordering)
  }

  /// They nest.
  private func toggleHold() {
    let destination = random.pick(destinations)
    if model.isHeld(destination) && random.chance(70) {
      model.resume(destination)
      bench.session.destinations.resume([destination])
    } else {
      model.hold(destination)
      bench.session.destinations.hold([destination])
    }
  }

  private func limit() throws {
    guard fault == nil else { return }
    model.maxBacklog = ["audit": (5 + random.below(30)) * 1_024]
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

  /// A crash: what was claimed is free, and outcomes that could not be recorded are lost.
  private func restart() throws {
    if fault != nil { try toggleFault() }
    try bench.reopen()
    outcomes = []
    model.openAnew()
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
      for (queue, kind) in DeliveryQueue.allCases.flatMap({ queue in
        ClaimRequest.Kind.allCases.map { (queue, $0) }
      }) {
        let request = ClaimRequest(
          destination: destination, queue: queue, kind: kind, now: .second(now), limit: 10_000,
          byteLimit: .max)
        var turn = try bench.session.claims.claim(request).deliveries
        #expect(turn.map(\.id) == model.claim(request).deliveries.map(\.id))
        while let delivery = turn.popLast() {
          let next = bench.settle(delivery.settled(.delivered))
          let expected = model.settle(delivery.settled(.delivered), now: .second(now))
          #expect(next.map(\.text) == [expected].compactMap { $0?.text })
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
      SELECT t.name || ' ' || total(d.state < 3) || ' ' || total(d.state < -1) || ' ' || total(d.state = 4) || ' ' || total(d.state = 3) || ' '
        || total(d.state = 5 AND d.reason = 5) || ' ' || total(d.state = 5 AND d.reason = 4) || ' '
        || total(iif(d.state < 3 OR d.state = 4, d.bytes, 0))
      FROM destination t LEFT JOIN delivery d ON d.destination = t.id GROUP BY t.id ORDER BY t.id
      """)
  }

  /// What the books say on disk.
  func storedBooks() throws -> [String] {
    try session.connection.texts(
      """
      SELECT name || ' ' || (pending + 0.0) || ' ' || (replaying + 0.0) || ' ' || (dead + 0.0) || ' ' || (delivered + 0.0) || ' '
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

/// An envelope that was stored: its first event, and which of its events have had a delivery.
private struct Remembered: Equatable {
  var firstEventID: EventID
  var hadDelivery: [Bool]

  /// The events that go out now, by their places.
  mutating func reroute(_ again: NewEnvelope) -> [Int] {
    let places = hadDelivery.indices.filter {
      !hadDelivery[$0] && $0 < again.events.count && !again.events[$0].deliveries.isEmpty
    }
    for place in places { hadDelivery[place] = true }
    return places
  }
}
