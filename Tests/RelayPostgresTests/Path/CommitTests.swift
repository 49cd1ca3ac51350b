import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite("Commits", .needsPostgres, .timeLimit(.minutes(15)))
struct CommitTests {
  @Test func aCommitIsOneRoundTripAlsoWithOrder() async throws {
    let bench = try PathBench()
    let store = try await bench.open()
    defer { store.close() }
    try await store.reorder(by: .chat)
    var held = try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 2, bytes: 1, chat: "1"))
    var before = bench.way.turns
    held += try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 3, bytes: 2, chat: "2"))
    #expect(bench.way.turns - before == 1)
    before = bench.way.turns
    let settlements = held.map { $0.destination == "crm" ? $0.settled(.delivered) : $0.retried(at: 9) }
    let turns = await store.posted(settlements).value
    #expect(turns.count == 2)
    #expect(bench.way.turns - before == 1)
  }

  @Test func whatAnAnswerThatWasLostSaidIsFoundInTheStore() async throws {
    let bench = try PathBench()
    let store = try await bench.open()
    defer { store.close() }
    try await store.reorder(by: .chat)
    let first = try await store.stored(bench.make.envelope(to: ["crm"], events: 2, chat: "1")).only
    bench.way.withholdNextAnswer()
    let envelope = bench.make.envelope(to: ["crm", "bi"], events: 2, bytes: 1, chat: "2")
    let held = try await store.stored(envelope)
    #expect(held.map(\.destination) == ["crm", "bi", "bi"])
    #expect(held.map(\.event.id) == [0, 0, 1].map { envelope.events[$0].event.id })
    guard case .duplicate = try await store.append(bench.make.envelope(events: 2, bytes: 1)) else {
      Issue.record("it was stored twice")
      return
    }
    bench.way.withholdNextAnswer()
    let next = await store.settle(first.settled(.delivered))
    #expect(next.count == 1 && next[0].id > first.id && next[0].id < held[0].id)
    let books = ["crm": Books(pending: 3, delivered: 1), "bi": Books(pending: 2)]
    #expect(try await store.books() == books)
    store.close()
    let again = try await bench.open(isDirect: true)
    defer { again.close() }
    #expect(try await again.books() == books)
    #expect(await again.claim().ids == [next[0].id, held[0].id])
  }

  @Test func aConnectionThatTheServerHasEndedIsMadeAgainAndNothingIsLost() async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    let held = try await store.stored(bench.make.envelope(events: 2))
    _ = try bench.ask(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'huggy-relay'
      """)
    // It is kept, and tried again, until there is a way to the server.
    await store.settle(held[0].settled(.delivered))
    #expect(try await store.stored(bench.make.envelope()).count == 1)
    #expect(try await store.books() == ["crm": Books(pending: 2, delivered: 1)])
  }

  @Test func whatAStandbyHasNotConfirmedIsAnsweredOnceItHas() async throws {
    let server = try PostgresServer(settings: PostgresServer.unsynced)
    defer { try? server.stop(.immediate) }
    let bench = try PathBench(on: server)
    let store = try await bench.open(isDirect: true, patience: .milliseconds(500))
    defer { store.close() }
    let backends = "SELECT pid FROM pg_stat_activity WHERE application_name = 'huggy-relay'"
    let first = try bench.ask(backends)[0].integer(0)
    try bench.setStandby("nobody")
    let stored = store.posted(bench.make.envelope(events: 2))
    // It has lost its patience with the first connection.
    while try bench.ask(backends).allSatisfy({ $0.integer(0) == first }) {}
    #expect(!stored.isKept)
    try bench.setStandby("")
    guard case .stored(let deliveries) = try await stored.value.get() else { throw UnexpectedDuplicate() }
    #expect(deliveries.count == 2)
    #expect(try await store.books() == ["crm": Books(pending: 2)])
    #expect(try bench.ask("SELECT count(*) FROM event")[0].integer(0) == 2)
  }

  /// The way of nearly all: it arrives in its lane's hands, and is delivered by the first attempt.
  @Test func whatIsDeliveredAtOnceTouchesNoIndex() async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    for _ in 0..<4 {
      let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 50))
      _ = await store.posted(held.map { $0.settled(.delivered) }).value
    }
    // A session tells its counts when it ends, at the latest.
    store.close()
    var counts = try bench.ask(Self.updates)
    while counts[0].integer(0) < 400 { counts = try bench.ask(Self.updates) }
    #expect(counts[0].integer(0) == 400)
    #expect(counts[0].integer(1) == 400)
  }

  private static let updates =
    """
    SELECT sum(n_tup_upd)::int8, sum(n_tup_hot_upd)::int8 FROM pg_stat_user_tables WHERE relname LIKE 'delivery\\_%'
    """
}
