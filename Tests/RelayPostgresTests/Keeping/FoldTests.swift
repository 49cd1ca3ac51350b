import RelayCore
import RelayPostgresSupport
import RelayStoring
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("Folding of books", .needsPostgres, .timeLimit(.minutes(15)))
struct FoldTests {
  @Test func whatIsFoldedIsEmptiedOnceItsTurnHasEnded() throws {
    let bench = try FoldBench()
    let session = try bench.session()
    let folder = try bench.folder()
    try session.move()
    try session.move()
    #expect(try bench.deltas() == [4, 0])
    #expect(try folder.fold() == .done)
    #expect(try bench.folded("crm") == 2)
    // It is its turn: commits go on in it.
    #expect(try folder.empty() == .nothing)
    #expect(try folder.turn() == .done)
    #expect(try folder.empty() == .done)
    // The session does not know yet that the turn has changed.
    try session.move()
    #expect(try bench.deltas() == [2, 0])
    try session.move()
    #expect(try bench.deltas() == [2, 2])
    // One of them is in no total.
    #expect(try folder.empty() == .busy)
    #expect(try folder.fold() == .done)
    #expect(try folder.fold() == .nothing)
    #expect(try folder.empty() == .done)
    #expect(try bench.deltas() == [0, 2])
    #expect(try bench.folded("crm") == 4)
    #expect(try bench.books()["crm"]?.pending == 4)
  }

  @Test func aStoreAtRestIsLeftAlone() throws {
    let bench = try FoldBench()
    _ = try bench.session()
    let folder = try bench.folder()
    #expect(try [folder.fold(), folder.empty(), folder.turn()] == [.nothing, .nothing, .nothing])
  }

  /// A commit takes from one destination what it gives to another: so every look finds a sum of zero, and never less than before.
  @Test func everyLookIsExactWhileSeveralNodesCommitAndOneFolds() throws {
    let bench = try FoldBench()
    let sessions = try (0..<3).map { _ in Locked(try Unchecked(bench.session())) }
    let (folder, looking) = (try bench.folder(), try bench.nodes.connection())
    let done = Locked(0)
    let commits = 150
    let threads = sessions.enumerated().map { place, session in
      WorkerThread(name: "node-\(place)") {
        session.withLock { session in
          for count in 1...commits { try? session.value.move(count % 7) }
        }
        done.withLock { $0 += 1 }
      }
    }
    var (last, wrong, rounds) = (0, 0, 0)
    while done.withLock({ $0 }) < sessions.count || rounds < 20 {
      try folder.round()
      rounds += 1
      let books = try FoldBench.books(looking)
      let (given, taken) = (books["crm"]!.pending, books["bi"]!.pending)
      if given + taken != 0 || given < last { wrong += 1 }
      last = given
    }
    for thread in threads { thread.join() }
    // The last of what has come: the table of the turn keeps its rows.
    try folder.round()
    try folder.round()
    let all = sessions.count * (1...commits).reduce(0) { $0 + $1 % 7 }
    #expect(wrong == 0)
    #expect(try bench.books()["crm"]?.pending == all)
    #expect(try bench.folded("crm") == Int64(all))
    #expect(try bench.folded("bi") == -Int64(all))
    #expect(try bench.deltas() == [0, 0])
  }

  @Test func aRoundThatIsCutOffAtAnyPlaceChangesNoSum() throws {
    let bench = try FoldBench()
    let session = try bench.session()
    let folder = try bench.folder()
    var moved = 0
    func move() throws {
      try session.move()
      moved += 1
    }
    // How many turns a round has in which all three steps do something.
    var turns = 0
    var place = 0
    while place <= turns {
      // The session knows whose turn it is, and both tables are empty.
      try bench.nodes.execute("SELECT setval('fold_turn', 0)")
      try move()
      while try folder.fold() == .elsewhere {}
      try bench.nodes.execute("TRUNCATE book_delta_a, book_delta_b")
      // In the table whose turn has ended: some that are folded, and some that are not; and some in the other.
      try move()
      _ = try folder.fold()
      _ = try folder.turn()
      try move()
      try move()
      #expect(try bench.deltas() == [4, 2])
      let way = try TurnCounter(to: bench.nodes.database)
      let cut = try bench.folder(at: way.address)
      let before = way.turns
      if place > 0 { way.withholdNextAnswer(after: place - 1) }
      do {
        try cut.round()
        #expect(place == 0)
        turns = way.turns - before
      } catch {
        #expect(place > 0, "\(error)")
      }
      cut.session.connection.close()
      #expect(try bench.books()["crm"]?.pending == moved)
      #expect(try bench.books()["bi"]?.pending == -moved)
      place += 1
    }
    #expect(turns > 10)
    // The sessions that were cut off may still be ending.
    while try folder.fold() == .elsewhere {}
    for _ in 0..<2 { try folder.round() }
    #expect(try bench.folded("crm") == Int64(moved))
    #expect(try bench.deltas() == [0, 0])
  }

  @Test func aCommitIsFoundAlsoWhenItHasBeenFolded() throws {
    let bench = try FoldBench()
    let writer = try bench.nodes.node()
    let connection = StoreConnection(writer, patience: NodeBench.limit)
    let session = try StoreSession(
      connection, slot: 0, lastTick: 0, clock: ManualClock(), duplicateLimit: 10)
    try session.register(.test)
    try session.move()
    try session.move()
    let books = BookStatements(TableNames())
    let base = try books.base(of: 2, slot: 0, connection)
    #expect(base != nil)
    let folder = try bench.folder()
    try folder.round()
    try folder.round()
    #expect(try bench.deltas() == [0, 0])
    #expect(try books.base(of: 2, slot: 0, connection) == base)
    #expect(try books.base(of: 3, slot: 0, connection) == nil)
    #expect(try books.base(of: 2, slot: 1, connection) == nil)
    #expect(try books.lastSequence(slot: 0, connection) == 2)
    #expect(try books.lastSequence(slot: 1, connection) == 0)
  }

  @Test func aTableThatSomebodyIsInIsLeftAndNobodyWaitsForIt() throws {
    let bench = try FoldBench()
    let (session, other) = (try bench.session(), try bench.session())
    let folder = try bench.folder()
    try session.move()
    try other.move()
    _ = try folder.fold()
    _ = try folder.turn()
    try bench.nodes.execute("BEGIN; SELECT FROM book_delta_a")
    #expect(try folder.empty() == .busy)
    // It does not know of the turn: its row goes in, beside who looks and who wanted to empty it.
    try other.move()
    #expect(try bench.deltas() == [6, 0])
    try bench.nodes.execute("COMMIT")
    #expect(try folder.empty() == .busy)
    #expect(try folder.fold() == .done)
    #expect(try folder.empty() == .done)
    #expect(try bench.books()["crm"]?.pending == 3)
  }

  @Test func oneNodeFoldsAtATime() throws {
    let bench = try FoldBench()
    let session = try bench.session()
    let (one, two) = (try bench.folder(), try bench.folder())
    try session.move()
    try one.session.connection.execute(
      "BEGIN; SELECT pg_advisory_xact_lock(\(one.session.key.value), \(SlotLock.keeping))",
      within: NodeBench.limit)
    #expect(try two.fold() == .elsewhere)
    #expect(try bench.folded("crm") == nil)
    try one.session.connection.execute("ROLLBACK", within: NodeBench.limit)
    #expect(try two.fold() == .done)
  }

  @Test func aStartFindsWhatIsFoldedAndWhatIsNot() async throws {
    let bench = try PathBench()
    let store = try await bench.open()
    let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 3, bytes: 1))
    let mark = try bench.ask("SELECT id FROM store")[0]
    let opener = SessionOpener(address: bench.database.address, applicationName: "fold", limit: .seconds(60))
    let folder = BookFolder(
      KeeperSession(
        connection: try opener.open(.keeping), key: StoreKey(id: mark.eventID(0)), limit: .seconds(60)))
    defer { folder.session.connection.close() }
    try folder.round()
    _ = await store.posted(held.prefix(2).map { $0.settled(.delivered) }).value
    try folder.round()
    _ = try await store.stored(bench.make.envelope(to: ["bi"], events: 1, bytes: 2))
    let books = try await store.books()
    store.close()
    let again = try await bench.open()
    defer { again.close() }
    #expect(try await again.books() == books)
    let counted = try bench.ask("SELECT count(*) FROM delivery WHERE state < 3")[0].integer(0)
    #expect(Int64(books.values.reduce(0) { $0 + $1.pending }) == counted)
    #expect(counted == 5)
  }

  @Test func aStoreFoldsByItself() throws {
    let bench = try FoldBench()
    let session = try bench.session()
    let folder = try bench.folder()
    try session.move()
    let observer = RecordingObserver()
    let keeper = StoreKeeper(
      try bench.nodes.opener(), key: folder.session.key, every: .milliseconds(5), word: Locked(KeepingWord()),
      clock: ManualClock(), observer: observer)
    while try bench.deltas() != [0, 0] {}
    #expect(try bench.folded("crm") == 1)
    #expect(observer.keepingFailures.isEmpty)
    try bench.nodes.execute("ALTER TABLE folded RENAME TO away")
    observer.waitForKeepingFailure()
    try bench.nodes.execute("ALTER TABLE away RENAME TO folded")
    try session.move()
    while try bench.deltas() != [0, 0] {}
    keeper.end()
    #expect(observer.keepingFailures.count == 1)
    let left = try bench.nodes.rows(
      """
      SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = \(SlotLock.keeping)
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """)
    #expect(left[0].integer(0) == 0)
  }
}

/// Lends what is confined to a thread to one thread at a time: whoever has the lock.
private struct Unchecked<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
}
