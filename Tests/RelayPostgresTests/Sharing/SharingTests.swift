import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite("Nodes that share destinations out", .needsPostgres, .timeLimit(.minutes(15)))
struct SharingTests {
  private static let all = Set(SharingBench.destinations)

  @Test func aCommitOfOneThatIsAloneIsOneRoundTrip() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let node = try await bench.open("a")
    #expect(node.serves(Self.all))
    bench.stopTheClock()
    // A heartbeat may still be under way.
    var fewest = Int.max
    for _ in 1...30 {
      let before = node.way.turns
      try await node.store(bench.make.envelope(to: ["d1", "d2"]))
      fewest = min(fewest, node.way.turns - before)
    }
    #expect(fewest == 1)
  }

  @Test func oneThatIsAloneServesAllAndHandsOutWhatItStores() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let node = try await bench.open("a")
    #expect(node.serves(Self.all))
    try await node.store(bench.make.envelope(to: ["d1", "d2"]))
    #expect(bench.handed.count(of: "a") == 2)
    #expect(try bench.ask("SELECT count(*) FROM delivery WHERE shelf IS NOT NULL")[0].integer(0) == 0)
    #expect(try bench.ask("SELECT count(*) FROM news")[0].integer(0) == 0)
    await node.deliverAll()
    #expect(try await node.store.books()["d1"] == Books(delivered: 1))
  }

  @Test func aSecondOneGetsItsShareOnceNothingOfItIsClaimedAnyMore() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a")
    #expect(a.serves(Self.all))
    try await a.store(bench.make.envelope(to: SharingBench.destinations, events: 3))
    let b = try await bench.open("b")
    let share = SharingBench.share(of: 1, among: 0...1)
    try #require(!share.isEmpty && share != Self.all)
    for name in share { #expect(a.isAskedFor(name)) }
    // What is in flight holds it back; what arrives is left in the store.
    try await a.store(bench.make.envelope(to: share.sorted()))
    #expect(b.lanes == [] && bench.handed.count(of: "a") == 24)
    let name = share.sorted()[0]
    await a.deliverAll(to: name)
    #expect(b.serves([name]))
    #expect(await b.claim(name) == 1)
    // What its lane gives back it gives away, too.
    a.store.release(bench.handed.take(from: "a") { share.contains($0.destination) }.map(\.id))
    #expect(b.serves(share) && a.serves(Self.all.subtracting(share)))
    for other in share where other != name { try await b.claim(other, until: 4) }
    await a.deliverAll()
    await b.deliverAll()
    let undone = try bench.ask("SELECT count(*) FROM delivery WHERE state <> 3")[0].integer(0)
    #expect(undone == 0)
  }

  @Test func whatIsAskedForStaysWhereWhoAskedHasEndedMeanwhile() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a")
    #expect(a.serves(Self.all))
    try await a.store(bench.make.envelope(to: SharingBench.destinations))
    let b = try await bench.open("b")
    let share = SharingBench.share(of: 1, among: 0...1)
    for name in share { #expect(a.isAskedFor(name)) }
    bench.close(b)
    #expect(a.keepsAll())
    await a.deliverAll()
    try await a.store(bench.make.envelope(to: SharingBench.destinations))
    #expect(bench.handed.count(of: "a") == 8)
  }

  @Test func whatOneStoresForAnotherIsHandedOutThere() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await Self.two(bench)
    try await a.store(bench.make.envelope(to: [name], events: 2))
    #expect(bench.handed.count(of: "a") == 0)
    try await b.claim(name, until: 2)
    // Commits that come one after another, none of which is passed over.
    for _ in 1...20 { try await a.store(bench.make.envelope(to: [name], events: 1)) }
    try await b.claim(name, until: 20)
    await b.deliverAll()
    let envelope = bench.make.envelope(to: [name], events: 1)
    try await a.store(envelope)
    try await b.claim(name, until: 1)
    #expect(bench.handed.take(from: "b").map(\.event.id) == [envelope.firstEventID])
  }

  /// Somebody has stored it whose news nobody has acted on.
  @Test func whatWaitsWithNothingBeforeItGetsItsTurnWhenItsDestinationIsTaken() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a", isServing: false)
    try await a.store(bench.make.envelope(to: ["d1"], events: 3))
    _ = try bench.ask("UPDATE delivery SET state = 2, shelf = 2, order_key = 'k' RETURNING id")
    a.store.serve(a)
    #expect(a.serves(Self.all))
    try await a.claim("d1", until: 1)
    #expect(await a.claim("d1") == 0)
  }

  /// The server's clock was set back meanwhile.
  @Test func numbersRiseAboveAllThatOtherNodesHaveTold() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let first = try await bench.open("a")
    #expect(first.serves(Self.all))
    func tick(of node: SharedNode) async throws -> Int64 {
      _ = bench.handed.take(from: node.name)
      try await node.store(bench.make.envelope(to: ["d1"]))
      return bench.handed.take(from: node.name)[0].id.rawValue >> Int64(Slot.bits)
    }
    let now = try await tick(of: first)
    let hour: Int64 = 3_600_000_000
    // What a node reads in another one's news.
    let other = try bench.connect()
    defer { other.close() }
    try other.execute(Self.storesByHand(sequence: 1, previous: 0, ago: -3_600) + "; COMMIT", within: .patient)
    try await first.claim("d1", until: 1)
    // It may come upon the delivery before it has read the news. By the clock alone this would take an hour.
    while try await tick(of: first) <= now + hour {}
    bench.close(first)
    // What one finds that starts.
    _ = try bench.ask("UPDATE node SET last_tick = \(now + 2 * hour) WHERE slot = 7 RETURNING slot")
    let second = try await bench.open("b")
    #expect(second.serves(Self.all))
    #expect(try await tick(of: second) > now + 2 * hour)
  }

  @Test func anOrderIsKeptOverNodes() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await Self.two(bench)
    try await b.store.reorder(name, by: .chat)
    // Both know the order once they have read it.
    try await Self.wait { try await a.store.destination(name)?.ordering == .chat }
    for node in [a, b, a, a, b] {
      let envelope = bench.make.envelope(to: [name], events: 1, chat: "1")
      bench.handed.stored(envelope)
      try await node.store(envelope)
    }
    for _ in 1...5 {
      if bench.handed.count(of: "b") == 0 { try await b.claim(name, until: 1) }
      #expect(bench.handed.count(of: "b") == 1)
      await b.deliverAll()
    }
    let delivered = try bench.ask("SELECT count(*) FROM delivery WHERE state = 3")[0].integer(0)
    #expect(delivered == 5)
  }

  /// What another node commits late has lower numbers than what was seen; and nobody has notified anyone of it.
  @Test func newsThatBecomeVisibleLateAreFoundWithTheNextHeartbeat() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let node = try await bench.open("a")
    #expect(node.serves(Self.all))
    try await node.store(bench.make.envelope(to: ["d1"]))
    await node.deliverAll()
    let late = try bench.connect()
    defer { late.close() }
    try late.execute(Self.storesByHand(sequence: 1, previous: 0) + "; COMMIT", within: .patient)
    try await node.claim("d1", until: 1)
    // Its walk has come beyond that one's place when this one is seen.
    try late.execute(Self.storesByHand(sequence: 2, previous: 1, ago: 60), within: .patient)
    try await node.store(bench.make.envelope(to: ["d1"]))
    await node.deliverAll()
    #expect(await node.claim("d1") == 0)
    try late.execute("COMMIT", within: .patient)
    try await node.claim("d1", until: 1)
  }

  @Test func whereNewsWereRemovedUnreadAllIsLookedAtAnew() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let node = try await bench.open("a")
    #expect(node.serves(Self.all))
    try await node.store(bench.make.envelope(to: ["d1"], events: 2))
    await node.deliverAll()
    let other = try bench.connect()
    defer { other.close() }
    try other.execute(Self.storesByHand(sequence: 1, previous: 0) + "; COMMIT", within: .patient)
    try await node.claim("d1", until: 1)
    #expect(await node.claim("d1") == 0)
    // An older delivery without news; and then another one with news that say so.
    try other.execute(
      Self.storesByHand(sequence: 2, previous: 1, ago: 60) + "; DELETE FROM news WHERE sequence = 2; COMMIT",
      within: .patient)
    #expect(await node.claim("d1") == 0)
    try other.execute(Self.storesByHand(sequence: 9, previous: 2) + "; COMMIT", within: .patient)
    try await node.claim("d1", until: 2)
  }

  /// Begins a transaction of a node with slot 7 that stores what an event of another one is to send to d1.
  ///
  /// - Parameter ago: When, in seconds.
  private static func storesByHand(sequence: Int, previous: Int, ago: Int = 30) -> String {
    let tick = "(\(CommitBase.tick(of: "now()")) - \(ago)000000 + \(sequence))"
    return """
      BEGIN;
      INSERT INTO node (slot, session, name, version, configuration, last_tick, seen, started)
        VALUES (7, 1, 'x', '1', 'c', 0, now(), now()) ON CONFLICT DO NOTHING;
      INSERT INTO delivery (id, slot, event, destination, route, run, state, shelf, attempts, counted, since, received, bytes)
        SELECT (\(tick) << 12) | 7, 7, e.id, d.id, 1, 0, 0, 0, 0, 0, 0, 0, 100 FROM destination d,
        (SELECT id FROM event LIMIT 1) e WHERE d.name = 'd1';
      INSERT INTO news SELECT 7, \(sequence), \(previous), \(tick), ARRAY[id], '{}', '{}', '{}', 0 FROM destination
        WHERE name = 'd1'
      """
  }

  @Test func oneThatIsKilledIsTakenOverWithWhatItHadInItsHands() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await Self.two(bench)
    try bench.letThemJudge()
    try await b.store(bench.make.envelope(to: [name], events: 5))
    #expect(bench.handed.count(of: "b") == 5)
    // Two of them have failed before, one is delivered.
    let taken = bench.handed.take(from: "b", atMost: 3)
    await b.settle([taken[0].settled(.delivered), taken[1].retried(at: 1), taken[2].retried(at: 2)])
    try bench.kill(b)
    #expect(a.serves(Self.all))
    try await a.claim(name, until: 4)
    let left = try bench.ask(
      "SELECT count(*) FROM delivery WHERE shelf IS NULL AND state < 3")[0].integer(0)
    #expect(left == 0)
    let slots = try bench.ask("SELECT count(*) FROM node WHERE backend IS NOT NULL")[0].integer(0)
    #expect(slots == 1)
    // Nobody looks through what comes from now on for what that one may have left.
    let marks = try bench.ask("SELECT count(*) FROM unlisted")[0].integer(0)
    #expect(marks <= 1)
  }

  @Test func oneThatEndsLeavesNothingBehindAndTheOthersGoOn() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await Self.two(bench)
    try await b.store(bench.make.envelope(to: [name], events: 5))
    bench.close(b)
    #expect(a.serves(Self.all))
    try await a.claim(name, until: 5)
    let rows = try bench.ask("SELECT count(*) FROM node WHERE backend IS NOT NULL")[0].integer(0)
    #expect(rows == 1)
    let marks = try bench.ask("SELECT count(*) FROM unlisted WHERE slot = 1")[0].integer(0)
    #expect(marks == 0)
    await a.deliverAll()
    // And the last one finds what it had, with the next start.
    try await a.store(bench.make.envelope(to: ["d1"], events: 2))
    bench.close(a)
    let again = try await bench.open("c")
    #expect(again.serves(Self.all))
    try await again.claim("d1", until: 2)
  }

  /// Whoever handed it over had not heard yet that the other one has ended.
  @Test func whatWasHandedToOneThatHasEndedIsNotLeftLying() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await Self.two(bench)
    try await b.store(bench.make.envelope(to: [name], events: 2))
    bench.close(b)
    #expect(a.serves(Self.all))
    await a.deliverAll()
    _ = try bench.ask(
      "UPDATE lane SET owner = 1 FROM destination d WHERE d.id = destination AND d.name = 'd1' RETURNING 1")
    try bench.wait(until: "SELECT bool_and(owner = 0) FROM lane")
    try await a.claim(name, until: 2)
  }

  @Test func whatOneAloneOfAllHasConfiguredItServes() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let old = try await bench.open("a", ["d1"])
    #expect(old.serves(["d1"]))
    let new = try await bench.open("b", Self.more, sources: ["another"])
    let share = SharingBench.share(of: 1, among: 0...1, ["d1"]).union(Self.more.filter { $0 != "d1" })
    #expect(new.serves(share))
    // A source that the one knows and the other does not.
    try await new.store(bench.make.envelope(to: Self.more, source: "another"))
    if !share.contains("d1") {
      try await old.claim("d1", until: 1)
      #expect(bench.handed.take(from: "a")[0].event.envelope.source == "another")
    }
    // It has known a destination for itself that the other one goes on with.
    bench.close(new)
    #expect(old.serves(Set(Self.more)))
    for name in Self.more { await old.claim(name) }
    #expect(Set(bench.handed.take(from: "a").map(\.event.envelope.source)).isSubset(of: ["another"]))
  }

  private static let more = ["d1", "x1", "x2", "x3"]

  @Test func whatPeopleAndConfigurationsWantIsDoneByWhoServesADestination() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await Self.two(bench)
    try await a.store.pause(name, until: .second(77))
    #expect(b.isPaused(name, until: .second(77)))
    // What a configuration orders by is done by whoever serves it, once it does.
    try await a.store.reorder(name, by: .destination)
    try await b.store(bench.make.envelope(to: [name], events: 3))
    await b.deliverAll(atMost: 1)
    bench.close(b)
    #expect(a.serves(Self.all))
    try await a.claim(name, until: 1)
    #expect(a.came.last { $0.name == name }?.pausedUntil == .second(77))
    let ordering = try bench.ask("SELECT ordering FROM destination WHERE name = '\(name)'")[0].integer(0)
    #expect(ordering == Int64(Ordering.destination.rawValue))
    await a.deliverAll()
    #expect(bench.handed.count(of: "a") == 1)
  }

  @Test func booksAreThoseOfAllNodes() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await Self.two(bench)
    try await a.store(bench.make.envelope(to: [name], events: 2))
    try await b.claim(name, until: 2)
    await b.deliverAll(atMost: 1)
    for node in [a, b] {
      try await Self.wait { try await node.store.books()[name] == Books(pending: 1, delivered: 1) }
    }
  }

  @Test func whoMayNotShareRefusesASecondNode() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    _ = try await bench.open("a")
    let error = #expect(throws: StoreError.self) {
      _ = try PostgresStore(bench.database.address, as: .named("b"), clock: bench.clock)
    }
    #expect(error?.code == .inUse)
  }

  // MARK: Help

  /// Two nodes that have taken their shares, and a destination that the second one serves.
  static func two(_ bench: SharingBench) async throws -> (SharedNode, SharedNode, String) {
    let a = try await bench.open("a")
    #expect(a.serves(all))
    let b = try await bench.open("b")
    let share = SharingBench.share(of: 1, among: 0...1)
    #expect(b.serves(share) && a.serves(all.subtracting(share)))
    return (a, b, share.sorted()[0])
  }

  static func wait(until isSo: () async throws -> Bool) async throws {
    let deadline = Deadline(after: .seconds(120))
    while try await !isSo() { try #require(!deadline.isOver) }
  }
}
