import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Events that were routed anew when their envelope came again, and what becomes of them later.
struct RerouteTests {
  private let bench: SessionBench

  init() throws {
    bench = try SessionBench()
    try bench.configure(configuration)
  }

  private var configuration: StoreConfiguration {
    StoreConfiguration(
      names: .test, retention: .seconds(100), dedupe: .seconds(50), maxBytes: .max, maxBacklogBytes: [:])
  }

  /// Three events of which one was stored; the others are routed as the envelope comes again.
  private func rerouted() throws -> (stored: Delivery, anew: [Delivery]) {
    var first = bench.make.envelope(events: 3, bytes: 1)
    first.events = [first.events[1]]
    let stored = try bench.stored(first).only
    // Stands between them, and stays.
    _ = try bench.stored(bench.make.envelope(to: ["bi"]))
    let twin = bench.make.envelope(events: 3, bytes: 1, at: .second(9))
    bench.clock.set(.second(9))
    guard case .duplicate(_, _, let rerouted) = try bench.write([twin])[0].get() else {
      throw UnexpectedDuplicate()
    }
    #expect(rerouted.places == [0, 2])
    return (stored, rerouted.deliveries)
  }

  /// All that retention does by then. What is the newest stays, so there is something newer.
  private func keep(at second: Int) throws {
    _ = try bench.stored(bench.make.envelope(to: ["bi"], at: .second(9)))
    bench.clock.set(.second(second))
    while bench.keeper.step() {}
  }

  private func claim(_ kind: ClaimRequest.Kind = .fresh) throws -> [DeliveryID] {
    try bench.session.claims.claim(
      ClaimRequest(destination: "crm", kind: kind, now: .second(9_999), limit: 9, byteLimit: .max)
    ).ids
  }

  @Test func theyOutliveTheEventsThatTheirEnvelopeCameWith() throws {
    let (stored, anew) = try rerouted()
    _ = bench.settle(stored.settled(.delivered), anew[1].settled(.dead(.permanent)))
    try keep(at: 5_000)
    #expect(try bench.session.connection.texts("SELECT id FROM event") == ["2", "3", "4", "5"])
    #expect(try bench.count("envelope") == 3)
    try bench.reopen()
    try bench.configure(configuration)
    #expect(try claim() == [anew[0].id])
    let lookup = try LookupSession(path: bench.home.path)
    let records = try lookup.deliveries(DeliveryFilter(destination: "crm"), after: nil, limit: 9).deliveries
    #expect(records.map(\.id) == [anew[1].id, anew[0].id])
    // As its envelope was received, though it was routed later.
    #expect(records.map(\.receivedAt) == [.second(0), .second(0)])
    #expect(try bench.change(.retry(at: .second(5_000)), .ids([anew[1].id])) == 1)
    #expect(try claim(.retrying) == [anew[1].id])
    let event = try #require(try lookup.event(anew[0].event.id))
    #expect(event.deliveries.map(\.id) == [anew[0].id])
  }

  /// What went out by the old rules says so.
  @Test func eachEventNamesTheConfigurationThatRoutedIt() throws {
    var other = StoreConfiguration.test
    other.names.configuration = "c2"
    var first = bench.make.envelope(events: 2, bytes: 1)
    first.events[1].deliveries = []
    let stored = try bench.stored(first).only
    try bench.configure(other)
    var twin = bench.make.envelope(events: 2, bytes: 1)
    twin.configuration = "c2"
    guard case .duplicate(_, _, let rerouted) = try bench.write([twin])[0].get() else {
      throw UnexpectedDuplicate()
    }
    let lookup = try LookupSession(path: bench.home.path)
    #expect(try lookup.event(stored.event.id)?.configuration == "c1")
    let again = try #require(try lookup.event(rerouted.deliveries.only.event.id))
    #expect(again.configuration == "c2" && again.deliveries.map(\.configuration) == ["c2"])
  }

  @Test func theyGoWithTheirRowsOnceTheyAreSettledAndOld() throws {
    let (stored, anew) = try rerouted()
    _ = bench.settle(stored.settled(.delivered), anew[0].settled(.delivered), anew[1].settled(.delivered))
    try keep(at: 5_000)
    #expect(try bench.session.connection.texts("SELECT id FROM event") == ["2", "5"])
    #expect(try bench.session.connection.texts("SELECT first_row FROM envelope") == ["2", "5"])
  }

  @Test func whatOfAnEnvelopeIsLeftAfterAllOfItWentNowhereOutlivesIt() throws {
    var first = bench.make.envelope(events: 2, bytes: 1)
    first.events = []
    #expect(try bench.stored(first).isEmpty)
    let twin = bench.make.envelope(events: 2, bytes: 1, at: .second(9))
    _ = try bench.write([twin])[0].get()
    try keep(at: 5_000)
    try bench.reopen()
    #expect(try claim().count == 2)
  }

  // MARK: Found by time

  /// Envelopes every ten seconds, of which every third is routed anew later, some of them stored before and some not.
  @Test func whatWasRoutedAnewIsFoundByTheTimeOfItsReceipt() throws {
    var received: [(delivery: DeliveryID, second: Int)] = []
    var left: [(bytes: UInt64, second: Int)] = []
    for place in 0..<60 {
      let second = place * 10
      bench.clock.set(.second(second))
      if place % 3 == 0 {
        var first = bench.make.envelope(to: [], events: 2, bytes: UInt64(place), at: .second(second))
        if place % 2 == 0 { first.events = [] }
        _ = try bench.stored(first)
        left.append((UInt64(place), second))
      } else {
        let held = try bench.stored(bench.make.envelope(at: .second(second)))
        received += held.map { ($0.id, second) }
      }
      // Some soon after, and some at last.
      while left.count > (place == 59 ? 0 : 12) {
        let (bytes, first) = left.remove(at: left.count / 2)
        let twin = bench.make.envelope(events: 2, bytes: bytes, at: .second(second))
        let outcome = try bench.write([twin])[0].get()
        #expect(outcome.claimed.count == 2)
        received += outcome.claimed.map { ($0.id, first) }
      }
    }
    let lookup = try LookupSession(path: bench.home.path)
    for (since, until) in [
      (nil, 300), (0, 10), (100, 200), (200, nil), (550, nil), (0, 600), (590, 600), (310, 320),
    ] as [(Int?, Int?)] {
      for state in [nil, DeliveryFilter.State.pending] {
        let filter = DeliveryFilter(
          state: state, since: since.map { .second($0) }, until: until.map { .second($0) })
        let expected = received.filter { $0.second >= since ?? 0 && $0.second < until ?? .max }
          .map(\.delivery).sorted(by: >)
        var found: [DeliveryID] = []
        var next: DeliveryID?
        repeat {
          let page = try lookup.deliveries(filter, after: next, limit: 7)
          found += page.deliveries.map(\.id)
          next = page.next
        } while next != nil
        #expect(found == expected, "\(filter)")
        #expect(try lookup.count(filter, after: nil).counts.total == expected.count)
      }
    }
  }

  // MARK: Damage

  @Test func aDeliveryWithoutItsEnvelopeStopsNoOtherAndIsToldOfOnce() throws {
    let held = try bench.stored(bench.make.envelope(events: 2)) + bench.stored(bench.make.envelope(events: 1))
    bench.release(held)
    try bench.session.connection.execute("UPDATE event SET envelope = 77 WHERE id = 2")
    #expect(try claim() == [held[0].id, held[2].id])
    let told = bench.session.reader.takeDamage()
    let error = try #require(told)
    #expect(error.code == .failing && error.message.contains("delivery \(held[1].id.rawValue) can't be made"))
    bench.release([held[0], held[2]])
    #expect(try claim() == [held[0].id, held[2].id])
    let toldAgain = bench.session.reader.takeDamage()
    #expect(toldAgain == nil)
  }

  @Test func aTurnThatCantBeReadLeavesTheSettlementOnDisk() throws {
    try bench.reorder(by: .chat)
    let held = try bench.stored(bench.make.envelope(events: 2, chat: "7")).only
    try bench.session.connection.execute("UPDATE event SET envelope = 77 WHERE id = 2")
    #expect(bench.settle(held.settled(.delivered)).isEmpty)
    #expect(bench.session.destinations.all.books["crm"] == Books(pending: 1, delivered: 1))
    let told = bench.session.reader.takeDamage()
    #expect(told != nil)
  }
}
