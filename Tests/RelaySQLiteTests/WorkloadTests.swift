import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Random work on a store and on its model, with failures and restarts: both must always agree.
struct WorkloadTests {
  @Test(arguments: 0..<8 as Range<UInt64>)
  func theStoreDoesWhatItsModelDoesAndHoldsNothingInTheEnd(seed: UInt64) throws {
    let workload = try Workload(seed: seed)
    for _ in 0..<100 { try workload.step() }
    try workload.finish()
    #expect(workload.bench.session.claimed.isEmpty)
    #expect(try workload.bench.session.pendingCounts() == workload.model.counts)
    #expect(workload.model.counts.values.allSatisfy { $0.pending == 0 })
  }
}

private final class Workload {
  let bench: SessionBench
  var model = StoreModel()
  private var random: SplitMix64
  private var fault: Fault?
  private var outcomes: [Settlement] = []
  private var now = 0

  init(seed: UInt64) throws {
    random = SplitMix64(seed: seed)
    bench = try SessionBench()
  }

  func step() throws {
    switch random.below(100) {
    case ..<55: try batch()
    case ..<75: try claim(limit: 1 + random.below(8))
    case ..<82: release()
    case ..<88: now += random.below(20) - 5
    case ..<94: try toggleFault()
    case ..<97: try restart()
    default: #expect(try bench.session.pendingCounts() == model.counts)
    }
    #expect(bench.session.claimed == Set(model.held.map(\.rawValue)))
  }

  private func batch() throws {
    let envelopes = (0..<random.below(4)).map { _ in
      let destinations = ["crm", "bi", "audit"].filter { _ in random.chance(60) }
      let bytes: UInt64? = random.chance(70) ? UInt64(random.below(25)) : nil
      return bench.make.envelope(to: destinations, events: 1 + random.below(3), bytes: bytes)
    }
    let settlements = model.rows.filter { random.chance(model.held.contains($0.id) ? 30 : 3) }.map(settlement)
    outcomes += settlements
    let results = bench.write(envelopes, settle: settlements)
    let changes = outcomes.map { model.rows.contains(pending: $0.delivery) }.contains(true)
    let stores = envelopes.contains { $0.bytes.map { model.remembered[$0] == nil } ?? true }
    if let fault, fault == .begin || changes || stores {
      for result in results { #expect(throws: StoreError.self) { try result.get() } }
      if envelopes.isEmpty || changes || fault == .begin { return }
    } else {
      for (envelope, result) in zip(envelopes, results) { try note(envelope, try result.get()) }
    }
    for outcome in outcomes {
      _ = model.settle(outcome)
      model.held.remove(outcome.delivery)
    }
    outcomes = []
  }

  private func note(_ envelope: NewEnvelope, _ outcome: AppendOutcome) throws {
    switch outcome {
    case .duplicate(let first, _):
      #expect(first == envelope.bytes.flatMap { model.remembered[$0] })
    case .stored(let deliveries):
      if let bytes = envelope.bytes {
        #expect(model.remembered.updateValue(envelope.firstEventID, forKey: bytes) == nil)
      }
      let expected = envelope.events.flatMap { event in
        event.deliveries.map { (event.event.id, $0.destination) }
      }
      #expect(deliveries.map(\.event.id) == expected.map(\.0))
      #expect(deliveries.map(\.destination) == expected.map(\.1))
      for delivery in deliveries {
        #expect(model.rows.last.map { $0.id < delivery.id } ?? true)
        let (event, destination) = (delivery.event.id, delivery.destination)
        model.rows.append(.init(id: delivery.id, event: event, destination: destination))
        model.held.insert(delivery.id)
      }
    }
  }

  private func settlement(_ row: StoreModel.Row) -> Settlement {
    let due = Timestamp.second(now + random.below(20))
    let outcomes: [Settlement.Outcome] = [.delivered, .dead(.expired), .retry(at: due)]
    return model.delivery(row).settled(outcomes[random.below(3)])
  }

  private func claim(limit: Int) throws {
    for destination in ["crm", "bi", "audit"] {
      let request = ClaimRequest(
        destination: destination, kind: random.chance(50) ? .fresh : .retrying, now: .second(now),
        limit: limit, byteLimit: .max)
      #expect(try ClaimShape(bench.session.claim(request)) == ClaimShape(model.claim(request)))
    }
  }

  private func release() {
    let inFlight = Set(outcomes.map(\.delivery))
    for id in model.held.sorted() where !inFlight.contains(id) && random.chance(30) {
      model.held.remove(id)
      bench.session.claimed.remove(id.rawValue)
    }
  }

  private func toggleFault() throws {
    let connection = bench.session.connection
    if let fault {
      try fault.end(connection)
      self.fault = nil
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
  }

  /// The store works again, and everything is delivered.
  func finish() throws {
    if fault != nil { try toggleFault() }
    try batch()
    now += 1_000
    for _ in 0..<6 { try claim(limit: 10_000) }
    let rest = model.held.sorted().map { id in model.rows.first { $0.id == id }! }
    for settlement in rest.map({ model.delivery($0).settled(.delivered) }) {
      _ = bench.write(settle: [settlement])
      _ = model.settle(settlement)
      model.held.remove(settlement.delivery)
    }
  }
}

extension [StoreModel.Row] {
  fileprivate func contains(pending id: DeliveryID) -> Bool { contains { $0.id == id && $0.state.isPending } }
}

extension NewEnvelope {
  /// What a maker's number became, as far as these tests tell bytes apart.
  fileprivate var bytes: UInt64? {
    fingerprint.map { $0.hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
  }
}
