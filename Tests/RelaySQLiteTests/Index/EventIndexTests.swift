import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// Events are found the same with runs as by asking each.
@Suite(.timeLimit(.minutes(15)))
struct EventIndexTests {
  @Test(arguments: 0..<40)
  func everyPageHoldsWhatAskingEachEventFinds(seed: Int) throws {
    let bench = try IndexBench(seed: UInt64(seed))
    for _ in 0..<6 {
      try bench.change()
      let session = try bench.session()
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

  /// Many events, all in runs but the newest.
  private func full(_ seed: UInt64) throws -> IndexBench {
    let bench = try IndexBench(seed: seed)
    for _ in 0..<10 { try bench.addEvents() }
    try bench.makeAllRuns()
    try bench.bench.execute("INSERT INTO destination (id, name) VALUES (9, 'archive')")
    return bench
  }

  /// Of what is in no run yet each row is asked.
  private func found(_ filter: EventFilter, _ session: LookupSession) throws -> Int? {
    let page = try session.events(
      EventPageRequest(filter: filter, limit: 100), budget: LookupBudget(rows: 60, time: .seconds(60)))
    return page.next == nil ? page.events.count : nil
  }

  @Test(arguments: [0, 1_000])
  func aSearchByDestinationLooksAtFewEventsAlsoAfterAReplayOfAll(fewest: Int) throws {
    let bench = try full(8)
    #expect(try bench.bench.count("event") > 300)
    try bench.bench.execute(
      """
      INSERT INTO delivery (event, destination, route, run, state, attempts, since)
        SELECT id, 2, 1, 1, 3, 0, 0 FROM event ORDER BY id;
      INSERT INTO delivery (event, destination, route, run, state, attempts, since)
        SELECT min(id), 9, 1, 2, 4, 0, 0 FROM event;
      INSERT INTO replayed SELECT event, id FROM delivery WHERE run > 0;
      """)
    let session = try LookupSession(path: bench.bench.path, shape: bench.shape, fewest: fewest)
    let there = [WildcardPattern("archive")]
    #expect(try found(EventFilter(destinations: there), session) == 1)
    #expect(try found(EventFilter(destinations: there, outcomes: [.dead]), session) == 1)
    #expect(try found(EventFilter(destinations: there, outcomes: [.delivered]), session) == 0)
    #expect(try found(EventFilter(destinations: there, outcomes: [.discarded]), session) == 0)
  }

  @Test(arguments: [0, 1_000], [EventOutcome.pending, .dead, .discarded])
  func whatIsRarelyInAStateIsFoundByItsState(fewest: Int, outcome: EventOutcome) throws {
    let bench = try full(9)
    let state = [EventOutcome.pending: 1, .dead: 4, .discarded: 5][outcome]!
    try bench.bench.execute(
      """
      UPDATE delivery SET state = 3;
      UPDATE delivery SET state = \(state) WHERE id = (SELECT min(id) FROM delivery WHERE destination = 1);
      """)
    let session = try LookupSession(path: bench.bench.path, shape: bench.shape, fewest: fewest)
    let there = [WildcardPattern("crm")]
    #expect(try found(EventFilter(outcomes: [outcome]), session) == 1)
    #expect(try found(EventFilter(destinations: there, outcomes: [outcome]), session) == 1)
    #expect(try found(EventFilter(destinations: [WildcardPattern("bi")], outcomes: [outcome]), session) == 0)
    // The other way round: nearly all are.
    try bench.bench.execute("UPDATE delivery SET state = \(state) WHERE state = 3 AND destination = 1")
    if outcome != .pending {
      #expect(try found(EventFilter(destinations: there, outcomes: [.delivered]), session) == 0)
    }
  }

  @Test func theIndexerMakesRunsAndBecomesOneWithWhatThereIs() async throws {
    let bench = try IndexBench(seed: 3)
    for _ in 0..<8 { try bench.addEvents() }
    // What a crash has left.
    try bench.bench.execute("INSERT INTO run_page VALUES (\(RunID(.large, 77).pages.lowerBound + 4), x'00')")
    let expected = try bench.expectedRuns()
    try index(bench) { try bench.runs() == expected && !bench.hasLeftovers() }
    #expect(try bench.leftovers() == [])
  }

  /// Runs the indexer, and does what it wants written.
  private func index(_ bench: IndexBench, until isDone: () throws -> Bool) throws {
    let changes = Monitor<[(IndexChange, @Sendable (StoreError?) -> Void)]>([])
    let indexer = EventIndexer(bench.shape)
    let path = bench.bench.path
    indexer.start { () throws(StoreError) in
      try Connection(lookingInto: path, file: nil)
    } write: { change, completion in
      changes.update { $0.append((change, completion)) }
    }
    indexer.committed()
    while try !isDone() {
      guard
        let (change, completion) = changes.wait(
          timeout: .seconds(60), until: { $0.isEmpty ? nil : $0.removeFirst() })
      else {
        Issue.record("the indexer rests too early")
        break
      }
      try bench.apply(change)
      completion(nil)
    }
    indexer.end()
  }

  /// Dead letters stay for long, and their run with them: not those behind them.
  @Test func aRunWhoseEventsHaveGoneGoesAlsoWhileOlderOnesStay() throws {
    let bench = try IndexBench(seed: 5)
    for _ in 0..<8 { try bench.addEvents() }
    try bench.makeAllRuns()
    let gone = RunID(.large, 1)
    let before = try bench.runs()
    #expect(before.contains(gone) && before.contains(RunID(.large, 0)))
    let rows = gone.rows(bench.shape)
    try bench.bench.execute(
      """
      DELETE FROM delivery WHERE event >= \(rows.lowerBound) AND event < \(rows.upperBound);
      DELETE FROM event WHERE id >= \(rows.lowerBound) AND id < \(rows.upperBound);
      """)
    try index(bench) { try !bench.runs().contains(gone) && !bench.hasLeftovers() }
    #expect(try bench.runs() == before.filter { $0 != gone })
  }

  /// A crash may come between any two steps.
  @Test func aRunIsThereOnlyWhileAllOfItsPagesAre() throws {
    let bench = try IndexBench(seed: 6)
    let pages = (0..<100).map { page in Array(repeating: UInt8(page), count: 3_600) }
    let run = EncodedRun(id: RunID(.large, 0), pages: pages)
    let source = try IndexSource(bench.bench.connection, bench.shape)
    func steps(_ change: IndexChange) throws -> Int {
      let job = IndexJob(change) { _ in }
      var count = 0
      var isLast = false
      while !isLast {
        isLast = try bench.bench.session.transactions.run { () throws(StoreError) in
          try job.step(bench.bench.session)
        }
        job.committed()
        count += 1
        if try bench.runs().contains(run.id) { #expect(try source.run(run.id) == run) }
      }
      return count
    }
    #expect(try steps(IndexChange(added: run)) > 3)
    #expect(try bench.runs() == [run.id])
    #expect(try steps(IndexChange(removed: [run.id])) == 2)
    #expect(try bench.runs() == [] && bench.leftovers() == [])
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
