import Foundation
import RelayCore
import RelayPostgresSupport
import RelaySQLite
import RelayStoring
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

/// A store in a file that is moved into PostgreSQL: nothing lost, nothing doubled, wherever the move was cut off.
@Suite("Moving", .needsPostgres, .timeLimit(.minutes(15)))
struct MoveTests {
  private func verify(_ database: TestDatabase) throws -> StoreVerification {
    try PostgresVerifier(isSound: { $0.first == UInt8(ascii: "{") }).verify(DatabaseAddress(database.url))
  }

  /// Each row of all tables as text, but for when the clock was written.
  private static let dump = """
    SELECT 'event ' || t::text AS line FROM event t
    UNION ALL SELECT 'delivery ' || t::text FROM delivery t
    UNION ALL SELECT 'failure ' || t::text FROM failure t
    UNION ALL SELECT 'envelope ' || t::text FROM envelope t
    UNION ALL SELECT 'destination ' || t::text FROM destination t
    UNION ALL SELECT 'book ' || t::text FROM book t
    UNION ALL SELECT 'name ' || id || name FROM (
      SELECT * FROM source UNION ALL SELECT * FROM route UNION ALL SELECT * FROM configuration) t
    UNION ALL SELECT 'audit ' || t::text FROM audit t
    UNION ALL SELECT 'gap ' || t::text FROM gap t
    UNION ALL SELECT 'token ' || t::text FROM learned_token t
    UNION ALL SELECT 'replay ' || t::text FROM replay t
    UNION ALL SELECT 'replayed ' || t::text FROM replayed t
    UNION ALL SELECT 'unlisted ' || t::text FROM unlisted t
    UNION ALL SELECT 'clock ' || slot || steady || since_boot FROM clock
    UNION ALL SELECT 'step ' || t::text FROM clock_step t
    ORDER BY 1
    """

  // MARK: All is there

  @Test func everythingThatPeopleAreToldIsTheSameAfterAMove() async throws {
    let bench = try await MoveBench()
    let file = try await bench.openFile()
    let lookup = SQLiteLookup(file, clock: ManualClock())
    let before = try await MoveView(file, lookup)
    _ = lookup.close(within: .patient)
    file.close()
    guard case .moved(let counts) = try bench.move() else {
      throw StoreError(code: .failing, message: "no move")
    }
    #expect(counts.events == before.events.count && counts.events == 20)
    #expect(counts.deliveries == before.events.reduce(0) { $0 + $1.deliveries.count })
    #expect(counts.failures > 10 && counts.replayed == 4)

    let store = try await bench.open()
    defer { store.close() }
    let after = PostgresLookup(store, clock: ManualClock())
    defer { _ = after.close(within: .patient) }
    let view = try await MoveView(store, after)
    #expect(view.events.map(\.id) == before.events.map(\.id))
    for (old, new) in zip(before.events, view.events) { #expect(old == new) }
    #expect(view.destinations == before.destinations)
    #expect(view.replays == before.replays && view.rest == before.rest && !view.rest.isEmpty)
    #expect(view == before)
  }

  @Test func whatWasMovedIsSoundAndWhatIsOldHasNoDay() async throws {
    let bench = try await MoveBench()
    try bench.move()
    let verification = try verify(bench.database)
    #expect(verification.isSound, "\(verification.checks.flatMap(\.problems))")
    #expect(try bench.rows("SELECT count(*)::text FROM event_kept") == ["1"])
    #expect(try bench.rows("SELECT count(*)::text FROM delivery_kept") == ["1"])
    #expect(try bench.rows("SELECT count(*)::text FROM failure_kept") == ["1"])
    #expect(
      try bench.rows(
        """
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('event_days'::regclass, 'delivery_days'::regclass) ORDER BY c.relname COLLATE "C"
        """) == ["delivery_20260102", "event_20260102"])
  }

  @Test func whatIsPendingIsHandedOutAsTheFileWouldHandItOut() async throws {
    let bench = try await MoveBench()
    try bench.move()
    let file = try await bench.openFile()
    let store = try await bench.open()
    defer {
      file.close()
      store.close()
    }
    for destination in ["crm", "bi", "audit"] {
      for (kind, queue) in [
        (ClaimRequest.Kind.fresh, DeliveryQueue.live), (.retrying, .live), (.fresh, .replay),
      ] {
        let old = await file.claim(kind, in: queue, of: destination, now: .second(1_000))
        let new = await store.claim(kind, in: queue, of: destination, now: .second(1_000))
        #expect(new.deliveries.map(\.event.id) == old.deliveries.map(\.event.id))
        #expect(new.deliveries.map(\.attempts) == old.deliveries.map(\.attempts))
        #expect(
          new.deliveries.map { DeliveredContent($0.event) }
            == old.deliveries.map { DeliveredContent($0.event) })
      }
    }
  }

  @Test func whatComesAgainIsKnownAndWhatIsNewComesBehindAllThatWasMoved() async throws {
    let bench = try await MoveBench()
    try bench.move()
    let store = try await bench.open()
    defer { store.close() }
    let make = TestEnvelopes()
    _ = make.nextID(count: 1_000)
    let twin = try await store.append(
      make.envelope(to: ["crm", "audit"], events: 4, bytes: 1, at: .second(40)))
    guard case .duplicate(let first, let count, _) = twin else { throw UnexpectedDuplicate() }
    #expect(first == bench.first.firstEventID && count == 4)
    let new = make.envelope(to: ["crm"], at: .second(50))
    _ = try await store.append(new)
    let id = String("\(new.firstEventID)".dropFirst(EventID.prefix.count))
    #expect(try bench.rows("SELECT event::text FROM delivery ORDER BY id DESC LIMIT 1") == [id])
    #expect(try bench.rows("SELECT id::text FROM event ORDER BY number DESC LIMIT 1") == [id])
    let entry = AuditEntry(
      at: .second(60), who: "ana", role: "admin", what: "reload", target: "", reason: nil)
    let kept = try await store.beginAudit(entry)
    #expect(kept == AuditID(rawValue: 4))
    let replay = try await store.begun(NewReplay(plan: "to=bi", startedAt: .second(60)))
    #expect(replay.id == 3)
  }

  // MARK: Cut off

  @Test(arguments: [1, 4]) func aMoveThatIsCutOffAfterEachTransactionComesToTheSame(rows: Int) async throws {
    let bench = try await MoveBench()
    let whole = try PostgresServer.shared().database()
    try bench.move(rows: 1_000, into: whole)
    let runs = try bench.moveInPieces(rows: rows)
    #expect(runs > 20 / rows)
    let lines = try bench.rows(Self.dump)
    #expect(try lines == bench.rows(Self.dump, in: whole))
    #expect(lines.count > 60)
    let again = try bench.move()
    #expect(again == .doneBefore)
  }

  @Test func untilItIsDoneNoRelayTakesTheStore() async throws {
    let bench = try await MoveBench()
    _ = try? bench.move { _ throws(StoreError) in throw MoveBench.cut }
    let refused = await #expect(throws: StoreError.self) { try await bench.open() }
    #expect(refused?.code == .cannotOpen && refused?.message.contains("store migrate") == true)
    #expect(try verify(bench.database).note?.contains("is being filled") == true)
    try bench.move()
    try await bench.open().close()
  }

  @Test func aStoreThatHoldsSomethingElseIsRefused() async throws {
    let bench = try await MoveBench()
    try await bench.open().close()
    let refused = #expect(throws: StoreError.self) { try bench.move() }
    #expect(refused?.code == .cannotOpen && refused?.message.contains("is not empty") == true)
    #expect(try bench.rows("SELECT count(*)::text FROM moving") == ["0"])
  }

  @Test func aFileThatARelayHasRunOnSinceIsRefused() async throws {
    let bench = try await MoveBench()
    _ = try? bench.move { _ throws(StoreError) in throw MoveBench.cut }
    try await bench.openFile().close()
    let refused = #expect(throws: StoreError.self) { try bench.move() }
    #expect(refused?.code == .cannotOpen && refused?.message.contains("begin anew") == true)
  }

  @Test func anEmptyDatabaseThatARelayHasTakenIsRefused() async throws {
    let bench = try await MoveBench()
    let other = try await bench.open()
    defer { other.close() }
    let refused = #expect(throws: StoreError.self) { try bench.move() }
    #expect(refused?.code == .inUse)
  }

  @Test func aRelayThatHasComeAsTheStoreWasFoundEmptyIsNotMovedOver() async throws {
    let bench = try await MoveBench()
    let nodes = NodeBench(bench.database)
    let (first, relay) = (try nodes.node("a"), try nodes.node("b"))
    defer { relay.close() }
    try first.leave()
    first.close()
    let refused = #expect(throws: StoreError.self) { try bench.move() }
    #expect(refused?.code == .inUse)
    #expect(try bench.rows("SELECT count(*)::text FROM moving") == ["0"])
  }

  @Test func whatACrashHasLeftIsStillThereForRelaysAfterAMoveThatWasRefused() async throws {
    let bench = try await MoveBench()
    try await bench.open().close()
    let nodes = NodeBench(bench.database)
    let crashed = try nodes.node("a")
    crashed.close()
    let refused = #expect(throws: StoreError.self) { try bench.move() }
    #expect(refused?.code == .cannotOpen)
    #expect(try bench.rows("SELECT slot::text FROM node WHERE backend IS NOT NULL") == ["0"])
  }

  // MARK: The file

  @Test func theFileIsOnlyReadAndNoRelayOpensItMeanwhile() async throws {
    let bench = try await MoveBench()
    let before = FileManager.default.contents(atPath: bench.path)
    let refusals = Locked<[StoreError.Code]>([])
    try bench.move(rows: 1_000) { _ throws(StoreError) in
      do throws(StoreError) {
        try SQLiteStore(path: bench.path, clock: ManualClock()).close()
      } catch {
        refusals.withLock { $0.append(error.code) }
      }
    }
    #expect(!refusals.withLock { $0 }.isEmpty && refusals.withLock { $0.allSatisfy { $0 == .inUse } })
    #expect(FileManager.default.contents(atPath: bench.path) == before)
    try await bench.openFile().close()
  }

  @Test func aFileInUseIsRefused() async throws {
    let bench = try await MoveBench()
    let file = try await bench.openFile()
    defer { file.close() }
    let refused = #expect(throws: StoreError.self) { try bench.move() }
    #expect(refused?.code == .inUse)
  }

  // MARK: Comparing

  static let damages = [
    "DELETE FROM failure WHERE attempt = 12",
    "UPDATE delivery SET attempts = attempts + 1 WHERE id = (SELECT max(id) FROM delivery)",
    "UPDATE delivery SET order_key = NULL WHERE order_key IS NOT NULL",
    "DELETE FROM delivery WHERE id = (SELECT max(id) FROM delivery)",
    "UPDATE event SET body = '{}' WHERE number = (SELECT max(number) FROM event WHERE length(body) > 2)",
    "UPDATE event SET number = (SELECT max(number) + 4096 FROM event) WHERE number = (SELECT min(number) FROM event)",
    "UPDATE envelope SET hash = '\\x00'",
    "UPDATE envelope SET is_complete = NOT is_complete",
    "UPDATE book SET delivered = delivered + 1",
    "UPDATE destination SET paused_until = NULL",
    "DELETE FROM audit WHERE id = 2",
    "UPDATE replay SET walked_to = NULL",
    "DELETE FROM replayed",
    "UPDATE gap SET count = count + 1",
    "UPDATE learned_token SET salt = ''",
    "UPDATE clock SET steady = steady + 1",
  ]

  @Test(arguments: damages) func whateverIsOtherThanInTheFileIsFound(_ damage: String) async throws {
    let bench = try await MoveBench()
    _ = try? bench.move { report throws(StoreError) in
      if report.step == "comparing" { throw MoveBench.cut }
    }
    try bench.execute(damage)
    let refused = #expect(throws: StoreError.self) { try bench.move() }
    #expect(refused?.code == .failing && refused?.message.contains("is not what the origin holds") == true)
    // And nobody takes it.
    await #expect(throws: StoreError.self) { try await bench.open() }
  }
}
