import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Deliveries that stand in no index while a lane has them.
struct ListingTests {
  private let bench: SessionBench

  init() throws {
    bench = try SessionBench()
  }

  private func rows(_ condition: String) throws -> [Int64] {
    try bench.session.connection.texts("SELECT id FROM delivery WHERE \(condition) ORDER BY id").map {
      Int64($0)!
    }
  }

  private func unlisted() throws -> [Int64] { try rows("state = -1") }

  private func claim(_ limit: Int = 100, kind: ClaimRequest.Kind = .fresh) throws -> Claim {
    try bench.session.claims.claim(
      ClaimRequest(destination: "crm", kind: kind, now: .second(50), limit: limit, byteLimit: .max))
  }

  private func stored(to destinations: [String] = ["crm"], events: Int = 1) throws -> [Delivery] {
    try bench.stored(bench.make.envelope(to: destinations, events: events))
  }

  @Test func whatIsHandedOutAsItArrivesIsUnlistedUntilItIsSettled() throws {
    let held = try stored(events: 3)
    #expect(try unlisted() == [1, 2, 3])
    _ = bench.settle(held[0].settled(.delivered), held[1].retried(at: 5), held[2].settled(.dead(.expired)))
    #expect(try unlisted().isEmpty)
    #expect(try claim(kind: .retrying).ids == [held[1].id])
    #expect(bench.session.destinations.all.books == ["crm": Books(pending: 1, dead: 1, delivered: 1)])
  }

  @Test func whatWaitsOrHasAKeyOrIsWithheldIsListed() throws {
    try bench.reorder("bi", by: .chat)
    bench.session.destinations.hold(["audit"])
    for _ in 0..<2 { _ = try bench.stored(bench.make.envelope(to: ["crm", "bi", "audit"], chat: "7")) }
    #expect(try unlisted() == [1, 4])
    #expect(try rows("state = 0") == [2, 3, 6])
    #expect(try rows("state = 2") == [5])
  }

  @Test func whatIsGivenBackCanBeClaimedInItsPlace() throws {
    let held = try stored(events: 5)
    bench.release([held[3], held[1], held[2]])
    #expect(bench.claimed == [1, 5])
    #expect(try claim(2).ids == [held[1].id, held[2].id])
    bench.release([held[0]])
    #expect(try claim().ids == [held[0].id, held[3].id])
    #expect(bench.claimed == [1, 2, 3, 4, 5])
    #expect(try unlisted() == [1, 2, 3, 4, 5])
    _ = bench.settle(held[1].settled(.delivered))
    #expect(try unlisted() == [1, 3, 4, 5])
  }

  /// What is listed and what is not are claimed in one order.
  @Test func whatArrivedBehindComesAfterWhatWasGivenBack() throws {
    bench.session.destinations.hold(["crm"])
    _ = try stored(events: 2)
    bench.session.destinations.resume(["crm"])
    let held = try stored(events: 2)
    bench.release(held)
    _ = try stored(events: 2)
    #expect(try rows("state = 0") == [1, 2, 5, 6])
    #expect(try claim(3).ids.map(\.rawValue) == [1, 2, 3])
    #expect(try claim(2).ids.map(\.rawValue) == [4, 5])
    #expect(try claim().ids.map(\.rawValue) == [6])
  }

  /// It would give back what arrives until it has come to the end of what the store has.
  @Test func whatArrivesAtALaneThatIsBehindStaysInTheStore() throws {
    let first = try stored()
    bench.release(first)
    #expect(try stored().isEmpty)
    #expect(try claim(1).ids == first.map(\.id))
    #expect(try stored().isEmpty)
    #expect(try rows("state = 0") == [2, 3])
    // Another destination's lane is not behind.
    #expect(try stored(to: ["bi"]).count == 1)
    let rest = try claim()
    #expect(rest.isExhausted && rest.ids.map(\.rawValue) == [2, 3])
    #expect(try stored().count == 1)
    #expect(try unlisted() == [1, 4, 5])
  }

  @Test func aLaneThatGivesBackRetriesIsNotBehind() throws {
    _ = bench.settle(try stored().only.retried(at: 1))
    bench.release(try claim(kind: .retrying).deliveries)
    #expect(try stored().count == 1)
  }

  @Test(arguments: [Fault.begin, .full])
  func whatIsGivenBackCanBeClaimedAlsoWhenNothingCanBeWritten(_ fault: Fault) throws {
    let held = try stored(events: 2)
    try fault.begin(bench.session.connection)
    bench.release(held)
    #expect(try claim().ids == held.map(\.id))
    try fault.end(bench.session.connection)
  }

  /// Nothing has to be written for it.
  @Test func whatACrashLeftUnlistedCanBeClaimed() throws {
    let held = try stored(events: 4)
    bench.release([held[1]])
    _ = bench.settle(held[2].settled(.delivered))
    try bench.reopen { session in
      let claim = try session.claims.claim(
        ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 1, byteLimit: .max))
      #expect(claim.ids == [held[0].id])
    }
    #expect(bench.claimed == [1])
    #expect(try claim().ids == [held[1].id, held[3].id])
    #expect(try unlisted() == [1, 2, 4])
  }

  @Test func aPersonsWishFindsWhatWasGivenBack() throws {
    let held = try stored(events: 1_200)
    bench.release(Array(held.dropFirst()))
    #expect(try bench.change(.discard, .filter(DeliveryFilter(state: .pending))) == 1_199)
    #expect(bench.claimed == [1])
    #expect(try unlisted().isEmpty)
    #expect(try claim().deliveries.isEmpty)
    #expect(
      bench.session.destinations.all.books == ["crm": Books(pending: 1, discarded: 1_199)])
  }

  @Test func thoseThatFallFarBehindAreListedAndStayClaimed() throws {
    let old = try stored(events: 3)
    bench.release([old[2]])
    let many = Int(Claims.tail + Claims.tailStep)
    for _ in 0..<4 {
      let held = try stored(to: ["bi"], events: many / 4)
      _ = bench.write(settle: held.map { $0.settled(.delivered) })
    }
    #expect(try unlisted().isEmpty)
    #expect(try rows("state = 0") == old.map(\.id.rawValue))
    #expect(bench.claimed == Set(old.prefix(2).map(\.id.rawValue)))
    let first = try #require(try bench.session.connection.integer("SELECT first FROM unlisted"))
    #expect(first == bench.session.claims.unlistedFrom.rawValue)
    #expect(Int64(many) + 3 - first < Claims.tail + Claims.tailStep)
    // Nothing else came of it.
    _ = bench.settle(old[0].settled(.delivered))
    bench.release([old[1]])
    #expect(try claim().ids == [old[1].id, old[2].id])
  }

  @Test func aTailThatCannotBeShortenedIsShortenedLater() throws {
    let old = try stored()
    let fault = Fault.commit
    try fault.begin(bench.session.connection)
    let many = Int(Claims.tail + Claims.tailStep)
    #expect(throws: StoreError.self) { try stored(events: many) }
    #expect(bench.session.claims.unlistedFrom.rawValue == 1)
    #expect(bench.session.numbers.lastDelivery.rawValue == 1)
    #expect(bench.session.claims.entries[old[0].id]?.state == .claimedUnlisted)
    try fault.end(bench.session.connection)
    _ = try stored(events: many)
    #expect(bench.session.claims.entries[old[0].id]?.state == .claimed)
    #expect(
      try bench.session.connection.integer("SELECT first FROM unlisted")
        == bench.session.claims.unlistedFrom.rawValue)
  }

  @Test func aNewOrderFindsThemToo() throws {
    let held = try (0..<3).flatMap { _ in try bench.stored(bench.make.envelope(chat: "7")) }
    try bench.reorder(by: .chat)
    #expect(try unlisted().isEmpty)
    #expect(try rows("state = 2") == [2, 3])
    // All three were in flight when they got their key: the last one's end brings nobody's turn.
    #expect(bench.settle(held[1].settled(.delivered)).isEmpty)
    #expect(bench.session.claims.entries[DeliveryID(rawValue: 1)]?.orderKey != nil)
  }

  // MARK: Looking

  @Test func theyAreAmongThePending() throws {
    bench.release(try stored(to: ["crm"]))
    _ = try stored(to: ["crm", "bi"])
    _ = try claim()
    _ = try stored(to: ["bi", "crm"])
    #expect(try unlisted() == [1, 3, 4, 5])
    let session = try LookupSession(path: bench.home.path)
    func pending(_ destination: String?) throws -> [Int64] {
      let filter = DeliveryFilter(state: .pending, destination: destination)
      return try session.deliveries(filter, after: nil, limit: 9).deliveries.map(\.id.rawValue)
    }
    #expect(try pending(nil) == [5, 4, 3, 2, 1])
    #expect(try pending("bi") == [4, 3])
    #expect(try pending("audit") == [])
    let records = try session.deliveries(
      DeliveryFilter(state: .pending), after: DeliveryID(rawValue: 5), limit: 2)
    #expect(records.deliveries.map(\.id.rawValue) == [4, 3])
    #expect(records.deliveries.allSatisfy { $0.state == .fresh })
    let reader = try StoreReader(path: bench.home.path)
    #expect(try reader.pendingCount() == 5)
    #expect(try reader.deliveries().allSatisfy { $0.state == .fresh })
  }

  @Test func theOldestPendingOneMayBeUnlisted() throws {
    _ = try bench.stored(bench.make.envelope(to: ["bi"], at: .second(7)))
    bench.release(try bench.stored(bench.make.envelope(to: ["crm"], at: .second(8))))
    _ = try bench.stored(bench.make.envelope(to: ["bi", "crm"], at: .second(9)))
    #expect(
      try LookupSession(path: bench.home.path).oldestPending() == ["bi": .second(7), "crm": .second(8)])
  }
}
