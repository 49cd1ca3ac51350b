import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// Events are found the same with runs as by asking each.
@Suite(.timeLimit(.minutes(5)))
struct EventIndexTests {
  @Test(arguments: 0..<40)
  func everyPageHoldsWhatAskingEachEventFinds(seed: Int) throws {
    let bench = try IndexBench(seed: UInt64(seed))
    for _ in 0..<6 {
      try bench.change()
      let session = try LookupSession(path: bench.bench.path, shape: bench.shape)
      for _ in 0..<12 {
        let filter = bench.filter()
        for order in EventPageRequest.Order.allCases {
          let found = try bench.pages(session, filter, order)
          let expected = try bench.reference(filter, order)
          #expect(found == expected, "\(filter) \(order)")
        }
      }
    }
  }

  @Test func pagesGoOnWhileEventsArriveAndGo() throws {
    let bench = try IndexBench(seed: 99)
    for _ in 0..<4 { try bench.change() }
    let session = try LookupSession(path: bench.bench.path, shape: bench.shape)
    let filter = EventFilter()
    let there = try bench.reference(filter, .newestFirst)
    var found: [EventID] = []
    var after: EventCursor?
    repeat {
      let page = try session.events(
        EventPageRequest(filter: filter, after: after, limit: 9), budget: .page)
      found += page.events.map(\.id)
      after = page.next
      try bench.change()
    } while after != nil
    let left = Set(try bench.reference(filter, .newestFirst))
    // Nothing twice, nothing that came later, and all that is still there.
    #expect(Set(found).count == found.count)
    #expect(there.filter(left.contains) == found.filter(left.contains))
    #expect(Set(found).isSubset(of: there))
  }

  @Test func aSearchThatRunsAnswerLooksAtFewRows() throws {
    let bench = try IndexBench(seed: 7)
    for _ in 0..<10 { try bench.addEvents() }
    let rows = try bench.bench.count("event")
    #expect(rows > 300)
    try bench.bench.execute("UPDATE event SET chat = 'alone' WHERE id = (SELECT min(id) FROM event)")
    try bench.bench.execute("DELETE FROM event_run; DELETE FROM run_page")
    try bench.makeAllRuns()
    let session = try LookupSession(path: bench.bench.path, shape: bench.shape)
    // Of what is in no run yet each row is asked.
    let request = EventPageRequest(filter: EventFilter(chats: ["alone"]), limit: 1)
    let page = try session.events(request, budget: LookupBudget(rows: 40, time: .seconds(60)))
    #expect(page.events.count == 1)
    let unknown = EventPageRequest(filter: EventFilter(chats: ["nobody"]), limit: 1)
    let none = try session.events(unknown, budget: LookupBudget(rows: 40, time: .seconds(60)))
    #expect(none.events.isEmpty && none.next == nil)
  }

  @Test func theIndexerMakesRunsAndBecomesOneWithWhatThereIs() async throws {
    let bench = try IndexBench(seed: 3)
    for _ in 0..<8 { try bench.addEvents() }
    // What a crash has left.
    try bench.bench.execute("INSERT INTO run_page VALUES (\(RunID(.large, 77).pages.lowerBound + 4), x'00')")
    let changes = Monitor<[(IndexChange, @Sendable (StoreError?) -> Void)]>([])
    let indexer = EventIndexer(bench.shape)
    let path = bench.bench.path
    indexer.start { () throws(StoreError) in
      try Connection(lookingInto: path, file: nil)
    } write: { change, completion in
      changes.update { $0.append((change, completion)) }
    }
    indexer.committed()
    let expected = try bench.expectedRuns()
    while try bench.runs() != expected || bench.hasLeftovers() {
      let (change, completion) = changes.wait { $0.isEmpty ? nil : $0.removeFirst() }!
      try bench.apply(change)
      completion(nil)
    }
    indexer.end()
    #expect(try bench.leftovers() == [])
  }

  @Test func aStepThatFailsIsTakenAgain() throws {
    let bench = try IndexBench(seed: 4)
    for _ in 0..<8 { try bench.addEvents() }
    let source = try IndexSource(bench.bench.connection, bench.shape)
    let run = try #require(try source.build(RunID(.large, 0), unless: { false }))
    let job = IndexJob(IndexChange(added: run)) { _ in }
    struct Interruption: Error {}
    let error = StoreError(code: .full, message: "no room")
    #expect(throws: error) {
      try bench.bench.session.transactions.run { () throws(StoreError) in
        _ = try job.step(bench.bench.session)
        throw error
      }
    }
    try bench.finish(job)
    #expect(try source.run(run.id) == run)
    #expect(try source.progress().runs == [run.id])
  }
}
