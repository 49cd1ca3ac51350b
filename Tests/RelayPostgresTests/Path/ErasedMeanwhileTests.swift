import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// An event that one node erases while another one makes a delivery of it pending.
@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct ErasedMeanwhileTests {
  /// Broken by an attempt without a body, and by a delivery that stays pending for good and holds back its key.
  @Test(arguments: [Ordering.none, .chat])
  func whatHasNoBodyLeftIsCancelledAndHoldsNobodyBack(_ ordering: Ordering) async throws {
    let bench = try PathBench()
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    try await store.reorder(by: ordering)
    let erased = bench.make.envelope(chat: "7")
    let next = bench.make.envelope(chat: "7")
    let held = try await store.stored(erased) + store.stored(next)
    store.release(held.map(\.id))
    let id = "\(erased.firstEventID)".dropFirst(EventID.prefix.count)
    _ = try bench.ask("UPDATE event SET body = '', erased = 1 WHERE id = '\(id)'")

    let first = await store.claim()
    #expect(first.deliveries.allSatisfy { $0.event.id == next.firstEventID })
    store.release(first.deliveries.map(\.id))
    // What is asked of a destination comes after what is under way with it.
    _ = await store.posted(.discard, .ids([])).value
    #expect(try await store.books() == ["crm": Books(pending: 1, discarded: 1)])
    #expect(await store.claim().deliveries.map(\.event.id) == [next.firstEventID])
    #expect(bench.observer.readFailures.isEmpty)
  }
}
