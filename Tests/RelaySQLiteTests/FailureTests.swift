import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// A store that can't commit: it refuses, keeps outcomes, and recovers by itself.
struct FailureTests {
  private let bench: SessionBench
  private var make: TestEnvelopes { bench.make }
  private var connection: Connection { bench.session.connection }

  init() throws {
    bench = try SessionBench(duplicateLimit: 4)
  }

  /// Too large for the pages that the database has.
  private func large(bytes: UInt64? = nil) -> NewEnvelope {
    make.envelope(to: ["crm", "bi"], events: 2, bytes: bytes, body: [UInt8](repeating: 0x20, count: 50_000))
  }

  @Test(arguments: Fault.allCases)
  func anAppendThatCantBeCommittedIsRefusedAndNothingOfItIsKept(_ fault: Fault) throws {
    try fault.begin(connection)
    for result in bench.write([large(bytes: 1), large(bytes: 2)]) {
      let refusal = #expect(throws: StoreError.self) { try result.get() }
      #expect(refusal?.code == (fault == .full ? .full : .failing))
    }
    #expect(!connection.isInTransaction)
    #expect(bench.claimed.isEmpty)
    try fault.end(connection)
    for table in ["envelope", "event", "delivery"] { #expect(try bench.count(table) == 0, "\(table)") }
  }

  @Test(arguments: Fault.allCases)
  func aTwinThatIsSentAgainAfterAFailureIsStoredOnce(_ fault: Fault) throws {
    try fault.begin(connection)
    #expect(throws: StoreError.self) { try bench.write([large(bytes: 1)])[0].get() }
    try fault.end(connection)
    bench.recover()
    #expect(try bench.stored(large(bytes: 1)).count == 4)
    #expect(try bench.isDuplicate(large(bytes: 1)))
    #expect(try bench.count("envelope") == 1)
  }

  @Test(arguments: Fault.allCases)
  func aFailingStoreForgetsNoEnvelope(_ fault: Fault) throws {
    for bytes in 1...4 as ClosedRange<UInt64> { _ = try bench.stored(make.envelope(bytes: bytes)) }
    try fault.begin(connection)
    for bytes in 10...29 as ClosedRange<UInt64> {
      #expect(throws: StoreError.self) { try bench.write([large(bytes: bytes)])[0].get() }
    }
    try fault.end(connection)
    bench.recover()
    for bytes in 1...4 as ClosedRange<UInt64> { #expect(try bench.isDuplicate(make.envelope(bytes: bytes))) }
  }

  @Test(arguments: Fault.allCases.filter { !$0.hitsSettlements })
  func outcomesAreCommittedWhileAppendsAreRefused(_ fault: Fault) throws {
    let held = try bench.stored(make.envelope(events: 2))
    try fault.begin(connection)
    var answers = 0
    let results = bench.write(
      [large()], settle: [held[0].settled(.delivered), held[1].settled(.dead(.permanent))]
    ) { _ in answers += 1 }
    #expect(throws: StoreError.self) { try results[0].get() }
    #expect(answers == 1)
    #expect(!bench.writer.hasHeldSettlements)
    #expect(bench.claimed.isEmpty)
    #expect(try states() == [.delivered, .dead])
  }

  @Test(arguments: Fault.allCases.filter(\.hitsSettlements))
  func outcomesThatCantBeCommittedAreKeptAndTriedAgain(_ fault: Fault) throws {
    let held = try bench.stored(make.envelope(events: 2))
    try fault.begin(connection)
    var answers: [Int] = []
    _ = bench.write([large()], settle: [held[0].settled(.delivered)]) { _ in answers.append(0) }
    _ = bench.write(settle: [held[1].retried(at: 5)]) { _ in answers.append(1) }
    #expect(answers.isEmpty)
    #expect(bench.writer.hasHeldSettlements)
    // Nobody else may attempt them meanwhile.
    #expect(bench.claimed == Set(held.map(\.id.rawValue)))
    #expect(try states() == [.fresh, .fresh])
    try fault.end(connection)
    _ = bench.write()
    #expect(answers == [0, 1])
    #expect(!bench.writer.hasHeldSettlements)
    #expect(bench.claimed.isEmpty)
    #expect(try states() == [.delivered, .retrying])
  }

  @Test func namesOfAFailedTransactionAreForgotten() throws {
    try connection.execute(
      """
      CREATE TRIGGER fault AFTER INSERT ON configuration BEGIN SELECT RAISE(ABORT, 'no such luck'); END
      """)
    var configuration = StoreConfiguration.test
    configuration.names.destinations = ["new"]
    configuration.names.configuration = "c2"
    #expect(throws: StoreError.self) { try bench.configure(configuration) }
    // Its number would belong to nobody, or later to another name.
    var envelope = make.envelope(to: ["new"])
    envelope.configuration = "c2"
    let refused = bench.write([envelope])[0]
    #expect(throws: StoreError.self) { try refused.get() }
    try connection.execute("DROP TRIGGER fault")
    try bench.configure(configuration)
    _ = try bench.stored(envelope)
    let hash = "SELECT c.hash FROM envelope v JOIN configuration c ON c.id = v.configuration"
    #expect(try connection.text(hash) == "c2")
    try bench.reopen()
    #expect(bench.session.destinations.all.books == ["new": Books(pending: 1)])
  }

  @Test func aStoreThatCantReadHandsOutNothingAndHoldsNothing() throws {
    let ids = try bench.stored(make.envelope(events: 2)).map(\.id)
    bench.session.claims.giveBack(ids)
    try connection.execute("ALTER TABLE event RENAME TO away")
    let request = ClaimRequest(
      destination: "crm", kind: .fresh, now: .second(0), limit: 9, byteLimit: .max)
    #expect(throws: StoreError.self) { try bench.session.claims.claim(request) }
    #expect(bench.claimed.isEmpty)
    try connection.execute("ALTER TABLE away RENAME TO event")
    #expect(try bench.session.claims.claim(request).ids == ids)
  }

  @Test(arguments: Fault.allCases)
  func booksSayWhatIsOnDiskAlsoAfterAFailure(_ fault: Fault) throws {
    let held = try bench.stored(make.envelope(to: ["crm", "bi"], events: 2))
    try fault.begin(connection)
    _ = bench.write([large()], settle: [held[0].settled(.delivered), held[1].settled(.dead(.expired))])
    #expect(try bench.recount() == bench.storedBooks())
    try fault.end(connection)
    bench.recover()
    _ = bench.write([large()])
    #expect(try bench.recount() == bench.storedBooks())
    #expect(
      bench.session.destinations.all.books == [
        "crm": Books(pending: 3, delivered: 1), "bi": Books(pending: 3, dead: 1),
      ])
    // Held as often as they are in somebody's hands.
    #expect(bench.claimed.count == 6)
  }

  @Test func aTurnThatCouldNotBeCommittedComesOnce() throws {
    try bench.reorder(by: .chat)
    let first = try bench.stored(make.envelope(events: 2, chat: "1"))[0]
    try Fault.begin.begin(connection)
    var turns: [[Delivery]] = []
    _ = bench.write(settle: [first.settled(.delivered)]) { turns.append($0) }
    #expect(turns.isEmpty && bench.claimed == [first.id.rawValue])
    try Fault.begin.end(connection)
    _ = bench.write()
    #expect(turns.count == 1)
    #expect(bench.claimed == [try turns.flatMap { $0 }.only.id.rawValue])
  }

  @Test func suspendedTimeThatCouldNotBeCommittedIsWrittenLater() throws {
    let suspended = SuspendedTime(ended: .seconds(5))
    try Fault.begin.begin(connection)
    bench.writer.setSuspended(suspended, of: "crm")
    bench.writer.write()
    #expect(bench.writer.mustTryAgain)
    try Fault.begin.end(connection)
    bench.writer.write()
    #expect(!bench.writer.mustTryAgain)
    try bench.reopen()
    #expect(bench.session.destinations.all[0].suspended == suspended)
  }

  @Test func whileEnvelopesAreRefusedSettlementsGoOn() throws {
    let held = try bench.stored(make.envelope(events: 2))
    bench.diskSpace.withLock { $0.available = 1 << 18 }
    bench.clock.advance(by: .seconds(1))
    _ = bench.keeper.step()
    var answers = 0
    let results = bench.write([make.envelope(), make.envelope()], settle: [held[0].settled(.delivered)]) {
      _ in
      answers += 1
    }
    for result in results {
      let refusal = #expect(throws: StoreError.self) { try result.get() }
      #expect(refusal?.code == .full)
    }
    #expect(answers == 1)
    #expect(try states() == [.delivered, .fresh])
    bench.diskSpace.withLock { $0.available = 1 << 40 }
    bench.recover()
    _ = try bench.stored(make.envelope())
  }

  private func states() throws -> [DeliveryState] {
    try StoreReader(path: bench.home.path).deliveries().map(\.state)
  }
}
