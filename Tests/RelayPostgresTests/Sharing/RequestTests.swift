import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite("What people ask of another node", .needsPostgres, .timeLimit(.minutes(15)))
struct RequestTests {
  private static let dead = DeliverySelection.filter(DeliveryFilter(state: .dead))

  /// Stores deliveries at the node that serves the destination, all of which die there.
  private func die(_ count: Int, of name: String, at node: SharedNode, _ bench: SharingBench) async throws {
    try await node.store(bench.make.envelope(to: [name], events: count))
    let taken = bench.handed.take(from: node.name) { $0.destination == name }
    try #require(taken.count == count)
    await node.settle(taken.map { $0.settled(.dead(.permanent)) })
  }

  // MARK: The owner does it

  @Test func aRetryIsMadeWhereTheDestinationIsServed() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try await die(3, of: name, at: b, bench)
    let outcome = await a.store.posted(.retry(at: .second(1)), Self.dead, of: name).value
    #expect(outcome == ChangeOutcome(changed: 3))
    #expect(b.goesOn() && b.retried == [name] && a.retried == [])
    try await b.claim(name, until: 3)
    // Nothing is left of what was asked.
    try bench.wait(until: "SELECT count(*) = 0 FROM request")
  }

  @Test func aDiscardPassesOverWhatTheOwnerHasInItsHands() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try await b.store(bench.make.envelope(to: [name], events: 5))
    // Its lane gives back what is not in flight.
    b.store.release(bench.handed.take(from: "b", atMost: 3).map(\.id))
    let outcome = await a.store.posted(.discard, .filter(DeliveryFilter(state: .pending)), of: name).value
    #expect(outcome == ChangeOutcome(changed: 3))
    let delivered = await b.deliverAll()
    #expect(delivered == 2)
    // Whoever asks for the books next knows it.
    #expect(try await a.store.books()[name] == Books(delivered: 2, discarded: 3))
  }

  @Test func aChangeOfAllDestinationsIsMadeByTheirOwners() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, _) = try await SharingTests.two(bench)
    for name in SharingBench.destinations {
      try await die(2, of: name, at: b.lanes.contains(name) ? b : a, bench)
    }
    var changed = 0
    for name in SharingBench.destinations {
      changed += await a.store.posted(.discard, Self.dead, of: name).value.changed
    }
    #expect(changed == 16)
    let undone = try bench.ask("SELECT count(*) FROM delivery WHERE state <> 5")[0].integer(0)
    #expect(undone == 0)
  }

  @Test func aPauseIsKnownToTheOwnerOnceItIsAnswered() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try await a.store.pause(name, until: .second(77))
    #expect(b.pause(of: name) == .some(.second(77)))
    // And who has asked shows it, too.
    #expect(try await a.store.destination(name)?.pausedUntil == .second(77))
    #expect(a.pause(of: name) == .some(.second(77)))
    try await a.store.pause(name, until: nil)
    #expect(b.pause(of: name) == .some(nil))
    let paused = try bench.ask("SELECT count(*) FROM destination WHERE paused_until IS NOT NULL")[0].integer(
      0)
    #expect(paused == 0)
  }

  @Test func aRetryAfterIsEndedWhereTheLaneIs() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    b.leaveAlone(name, until: .second(99))
    var ends: [RetryAfterEnd] = []
    for node in [a, a, b] { ends.append(try await end(of: name, at: node)) }
    #expect(ends == [.done(until: .second(99)), .done(until: nil), .own])
  }

  private func end(of name: String, at node: SharedNode) async throws -> RetryAfterEnd {
    let promise = Promise<Result<RetryAfterEnd, StoreError>>("the end of a Retry-After")
    node.store.endRetryAfter(of: name) { promise.keep($0) }
    return try await promise.value.get()
  }

  @Test func aTokenThatIsConfirmedAtOneNodeIsKnownToTheOthers() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, _) = try await SharingTests.two(bench)
    let token = LearnedToken(salt: [1, 2], hash: [3], learnedAt: .second(5))
    try await a.store.keepToken(token)
    #expect(a.knows(token, of: "huggy") && b.knows(token, of: "huggy"))
    try await b.store.keepToken(nil)
    #expect(a.knows(nil, of: "huggy"))
  }

  /// As the only node does before it serves anything.
  @Test func whatNobodyServesIsPausedByWhoIsAsked() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a", isServing: false)
    try await a.store.pause("d1", until: .distantFuture)
    a.store.serve(a)
    #expect(a.serves(Set(SharingBench.destinations)))
    #expect(a.came.first { $0.name == "d1" }?.pausedUntil == .distantFuture)
  }

  @Test func changesOfOneDestinationComeOneAfterAnotherAndAPauseWaitsForNone() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try await die(2, of: name, at: b, bench)
    b.keepBusy()
    let retried = a.store.posted(.retry(at: .second(1)), Self.dead, of: name)
    let discarded = a.store.posted(.discard, .filter(DeliveryFilter(state: .pending)), of: name)
    #expect(b.isToBeQuiet(name))
    try await a.store.pause(name, until: .second(77))
    b.calmDown()
    #expect(await retried.value == ChangeOutcome(changed: 2))
    #expect(await discarded.value == ChangeOutcome(changed: 2))
  }

  // MARK: Somebody ends

  @Test func whatAnOwnerHasNotDoneWhoIsGoneTheNextOneDoes() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try bench.letThemJudge()
    try await die(3, of: name, at: b, bench)
    b.keepBusy()
    let retried = a.store.posted(.retry(at: .second(1)), Self.dead, of: name)
    #expect(b.isToBeQuiet(name))
    try bench.kill(b)
    // Who has asked has become the owner.
    #expect(await retried.value == ChangeOutcome(changed: 3))
    #expect(a.serves(Set(SharingBench.destinations)) && a.goesOn() && a.retried == [name])
    try await a.claim(name, until: 3)
  }

  @Test func whatAnOwnerThatEndsInOrderHasNotDoneTheNextOneDoes() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try await die(3, of: name, at: b, bench)
    b.keepBusy()
    let discarded = a.store.posted(.discard, Self.dead, of: name)
    #expect(b.isToBeQuiet(name))
    bench.close(b)
    #expect(await discarded.value == ChangeOutcome(changed: 3))
  }

  @Test func whatAnOwnerHasBegunTheNextOneEndsAndDoesNothingTwice() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a")
    #expect(a.serves(Set(SharingBench.destinations)))
    try await die(5, of: "d1", at: a, bench)
    let ids = try bench.ask("SELECT id FROM delivery ORDER BY id").map { $0.integer(0) }
    // The one that is gone had come behind the second of four, and had changed one of them; the fifth has come later.
    try ask(bench, "do=discard&of=filter&state=dead", "\(ids[1]), \(ids[3]), 1, 0")
    try bench.wait(until: "SELECT answer = 'done=' FROM request")
    let changed = try bench.ask("SELECT changed FROM request")[0].integer(0)
    #expect(changed == 3)
    let discarded = try bench.ask("SELECT id FROM delivery WHERE state = 5 ORDER BY id").map { $0.integer(0) }
    #expect(discarded == [ids[2], ids[3]])
    // The same where the deliveries are named.
    let named = ids.map { "\($0)" }.joined(separator: ".")
    try ask(bench, "do=discard&of=ids&ids=\(named)", "4, \(ids[4]), 2, 0", number: 2)
    try bench.wait(until: "SELECT answer = 'done=' FROM request WHERE number = 2")
    let last = try bench.ask("SELECT state FROM delivery ORDER BY id").map { $0.int32(0) }
    #expect(last == [4, 4, 5, 5, 5])
  }

  /// Asks as a node does that has ended since.
  private func ask(
    _ bench: SharingBench, _ payload: String, _ progress: String = "NULL, NULL, 0, 0", number: Int = 1,
    ago seconds: Int = 0
  ) throws {
    _ = try bench.ask(
      """
      INSERT INTO request (kind, target, payload, slot, session, number, asked, touched, walked_to, walk_end, changed, erased)
      SELECT 0, id, '\(payload)', 7, 1, \(number), t, t, \(progress) FROM destination,
        LATERAL (SELECT (extract(epoch FROM now()) * 1000000)::int8 - \(seconds)000000 AS t) n
      WHERE name = 'd1' RETURNING id
      """)
  }

  @Test func whatSomebodyHasAskedWhoIsGoneIsDoneIfItIsNotOld() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a")
    #expect(a.serves(Set(SharingBench.destinations)))
    try await die(2, of: "d1", at: a, bench)
    try ask(bench, "do=discard&of=filter&state=dead", ago: 5_000)
    try ask(bench, "do=retry&of=filter&state=dead", number: 2)
    try await a.claim("d1", until: 2)
    let old = try bench.ask("SELECT answer IS NULL, begun IS NULL FROM request WHERE number = 1")[0]
    #expect(old.bool(0) && old.bool(1))
  }

  @Test func whatWasLeftLyingIsRemovedByWhoStarts() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a")
    try ask(bench, "do=discard&of=filter&state=dead", ago: 50_000)
    bench.close(a)
    _ = try await bench.open("b")
    try bench.wait(until: "SELECT count(*) = 0 FROM request")
  }

  @Test func whatAnotherVersionAsksIsAnsweredSo() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a")
    #expect(a.serves(Set(SharingBench.destinations)))
    try ask(bench, "do=paint&of=everything")
    try bench.wait(until: "SELECT answer LIKE 'failed=%' FROM request")
    #expect(a.goesOn())
  }

  @Test func whatNobodyGoesOnWithIsGivenUpAndNotDoneLater() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try await die(3, of: name, at: b, bench)
    b.keepBusy()
    let discarded = a.store.posted(.discard, Self.dead, of: name)
    #expect(b.isToBeQuiet(name))
    _ = try bench.ask("UPDATE request SET touched = touched - 2000000000 RETURNING id")
    #expect(await discarded.value == ChangeOutcome(changed: 0, error: .isGivenUp))
    b.calmDown()
    #expect(b.goesOn())
    #expect(try await a.store.books()[name] == Books(dead: 3))
  }

  @Test func whoEndsBeforeItHasItsAnswerSaysSoAndTheOwnerGoesOn() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try await die(3, of: name, at: b, bench)
    b.keepBusy()
    let discarded = a.store.posted(.discard, Self.dead, of: name)
    #expect(b.isToBeQuiet(name))
    bench.close(a)
    #expect(await discarded.value.error?.code == .closed)
    b.calmDown()
    try bench.wait(until: "SELECT count(*) = 3 FROM delivery WHERE state = 5")
    #expect(b.goesOn())
  }
}
