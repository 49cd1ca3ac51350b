import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("Retention", .needsPostgres, .timeLimit(.minutes(15)))
struct RetentionTests {
  private typealias Delivery = RetentionBench.Delivery

  @Test func aDayGoesOnceAllOfItWasSettledLongEnoughAgo() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 0)])
    try bench.insert(2, [.delivered(after: 0), .delivered(after: 2)])
    try bench.remove(bench.time(after: 9).advanced(by: .microseconds(-1)))
    #expect(try bench.tables() == ["event", "delivery", "failure"])
    try bench.remove(bench.time(after: 9))
    #expect(try bench.tables() == [])
    #expect(try bench.count("delivery") == 0)
    #expect(try bench.count("event") == 0)
    // The present one stays, whatever the time.
    try bench.remove(bench.time(after: 20).advanced(by: .seconds(80_000)))
    #expect(try bench.hasTable(TableNames().of(bench.day.advanced(by: 20)).event))
  }

  @Test(arguments: [(0, nil), (0, 0), (1, 1), (2, 2), (1, -3), (4, 4)] as [(Int, Int?)])
  func whatIsPendingOrDeadIsKeptWithItsEventWhenItsDayGoes(_ state: Int, _ shelf: Int?) async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 0)])
    let open = Delivery(state: state, shelf: shelf, settledAfter: state == 4 ? 0 : nil)
    try bench.insert(2, [.delivered(after: 0), open, .delivered(after: 0)])
    try bench.remove(bench.time(after: 20))
    #expect(try bench.tables() == [])
    for (table, count) in [("event", 1), ("delivery", 3), ("failure", 3)] as [(String, Int64)] {
      #expect(try bench.count(table) == count)
      #expect(try bench.count("\(table)_kept") == count)
    }
    // It is settled at last, and goes like all else.
    let settled = bench.time(after: 21).microseconds
    _ = try bench.path.ask(
      "UPDATE delivery SET state = 3, shelf = NULL, settled = \(settled) WHERE state <> 3")
    try bench.remove(bench.time(after: 28).advanced(by: .microseconds(-1)))
    #expect(try bench.count("event") == 1)
    try bench.remove(bench.time(after: 28))
    for table in ["event", "delivery", "failure"] { #expect(try bench.count(table) == 0) }
  }

  @Test func whatWasSettledLateKeepsItsDayForItsTime() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 19)])
    try bench.remove(bench.time(after: 25))
    #expect(try bench.tables() == ["event", "delivery", "failure"])
    try bench.remove(bench.time(after: 26))
    #expect(try bench.tables() == [])
  }

  @Test func anEventIsKeptForWhatAReplayOrNewRulesHaveMadeOfIt() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 0)])
    try bench.insert(2, [])
    try bench.insert(3, [.delivered(after: 0)])
    let later = bench.day.advanced(by: 20).firstNumber
    let came = bench.time(after: 20).microseconds
    func add(_ event: Int, _ id: Int64, run: Int, shelf: Int) throws {
      _ = try bench.path.ask(
        """
        INSERT INTO delivery (id, event, since, received, arrived, destination, route, run, attempts, counted, bytes, slot, state, shelf)
        SELECT \(id), e.id, 0, \(came), \(came), 1, 1, \(run), 0, 0, 514, 0, 0, \(shelf) FROM event e
        ORDER BY e.id OFFSET \(event - 1) LIMIT 1
        """)
    }
    try add(1, later + 77, run: 3, shelf: -4)
    _ = try bench.path.ask("INSERT INTO replayed SELECT event, id FROM delivery WHERE run = 3")
    try add(2, later + 4_096, run: 0, shelf: 0)
    _ = try bench.path.ask(
      "UPDATE event e SET first_delivery = d.id, deliveries = 1 FROM delivery d WHERE d.event = e.id AND d.arrived > 0 AND d.run = 0"
    )
    try bench.remove(bench.time(after: 20))
    #expect(try bench.tables() == [])
    #expect(try bench.count("event_kept") == 2)
    // These stand in a day that is not over.
    #expect(try bench.count("delivery") == 2)
    #expect(try bench.count("replayed") == 1)
    let settled = bench.time(after: 21).microseconds
    _ = try bench.path.ask("UPDATE delivery SET state = 3, shelf = NULL, settled = \(settled)")
    try bench.remove(bench.time(after: 27))
    #expect(try bench.count("event") == 2)
    try bench.remove(bench.time(after: 28))
    #expect(try bench.count("event") == 0)
    #expect(try bench.count("replayed") == 0)
  }

  @Test func anEventAtTheEndOfItsDayStaysWithItsDeliveriesOfTheNextDay() async throws {
    let bench = try await RetentionBench()
    let next = bench.day.advanced(by: 1)
    try bench.insert(1, [.delivered(after: 1)])
    try bench.insert(2, [.delivered(after: 1)], later: next)
    try bench.insert(3, [.fresh], later: next)
    // Something else of the next day stays for long.
    let came = bench.time(after: 2).microseconds
    _ = try bench.path.ask(
      """
      INSERT INTO delivery (id, event, since, received, destination, route, run, attempts, counted, bytes, slot, state, settled)
      VALUES (\(next.advanced(by: 1).firstNumber - 1), '\(next.advanced(by: 1).firstEvent)', 0, \(came), 1, 1, 0, 0, 0, 514, 0, 3,
        \(bench.time(after: 15).microseconds))
      """)
    try bench.remove(bench.time(after: 9))
    #expect(try bench.tables() == [])
    #expect(try bench.count("event") == 1)
    #expect(try bench.count("event_kept") == 1)
    #expect(try bench.hasTable(TableNames().of(next).delivery))
  }

  @Test func aReaderOfTheOldestDayStopsNoInsertAndTheDayGoesLater() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 0)])
    let store = try await bench.path.open(isDirect: true)
    defer { store.close() }
    let reader = try PostgresConnection(
      bench.path.database.address, applicationName: "reader", within: .seconds(60),
      settings: ["search_path": Schema.name])
    defer { reader.close() }
    var remover = DayRemover(bench.session)
    let wish = bench.wish(bench.time(after: 20))
    for table in [TableNames().of(bench.day).delivery, "delivery", "event"] {
      try reader.execute("BEGIN; SELECT count(*) FROM \(table)", within: .seconds(60))
      // Somebody tries to remove it all the time.
      for _ in 0..<5 {
        _ = try remover.round(wish)
        // The reader is still there when this is stored: so nothing waits for it.
        #expect(try await store.stored(bench.path.make.envelope(bytes: nil)).count == 1)
      }
      #expect(try bench.hasTable(TableNames().of(bench.day).event))
      try reader.execute("COMMIT", within: .seconds(60))
    }
    while try remover.round(wish) == .changed {}
    #expect(try bench.tables() == [])
  }

  @Test func whatIsSettledWhileItIsMovedIsSettledAtItsNewPlace() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.fresh])
    _ = try bench.path.ask(
      "INSERT INTO book SELECT id, 1, 0, 0, 0, 0, 0, 514 FROM destination WHERE name = 'crm'")
    let store = try await bench.path.open(isDirect: true)
    defer { store.close() }
    let held = await store.claim().deliveries
    #expect(held.count == 1)
    let moves = MoveStatements(TableNames())
    try bench.session.connection.execute("BEGIN", within: .seconds(60))
    let found = try moves.onShelves(
      bench.day, cameBy: bench.time(after: 5), after: MoveStatements.Place(), limit: 10, bench.session
    ).found
    #expect(try moves.move(found, today: bench.day.advanced(by: 20), bench.session) == 2)
    // In one commit, which senders wait for, too.
    let gate = Gate()
    gate.hold(store)
    let settled = store.posted([held[0].settled(.delivered)])
    let stored = store.posted(bench.path.make.envelope())
    gate.open()
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    while try bench.path.ask(waiting)[0].integer(0) == 0 {}
    try bench.session.connection.execute("COMMIT", within: .seconds(60))
    _ = await settled.value
    _ = try await stored.value.get()
    #expect(try bench.path.ask("SELECT state FROM delivery_kept")[0].integer(0) == 3)
    #expect(try await store.books() == ["crm": Books(pending: 1, delivered: 1)])
    #expect(bench.path.observer.readFailures == [])
  }

  @Test func anotherAttemptOfWhatWasKeptIsWrittenThere() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.fresh])
    _ = try bench.path.ask(
      "INSERT INTO book SELECT id, 1, 0, 0, 0, 0, 0, 514 FROM destination WHERE name = 'crm'")
    try bench.remove(bench.time(after: 20))
    let store = try await bench.path.open(isDirect: true)
    defer { store.close() }
    let held = await store.claim().deliveries
    #expect(held.count == 1)
    await store.settle(held[0].settled(.dead(.permanent)))
    #expect(try bench.count("delivery_kept") == 1)
    // The one that it had is of the same attempt.
    #expect(try bench.path.ask("SELECT count(*), max(at) > 0 FROM failure_kept")[0].integer(0) == 1)
    #expect(try await store.books() == ["crm": Books(dead: 1)])
    #expect(try await store.change(.retry(at: .second(1)), .ids([held[0].id])) == 1)
    #expect(try await store.books() == ["crm": Books(pending: 1)])
    #expect(bench.path.observer.readFailures == [])
  }

  @Test func whatIsCutOffAtAnyPlaceLosesNothingAndGoesOn() async throws {
    let bench = try await RetentionBench()
    var (turns, place) = (0, 0)
    var open: Int64 = 0
    while place <= turns {
      try bench.makeDays()
      try bench.insert(Int64(10 + place), [.delivered(after: 0), .dead(after: 0)])
      try bench.insert(Int64(500 + place), [.delivered(after: 0)])
      open += 1
      let way = try TurnCounter(to: bench.path.database)
      let cut = try RetentionBench.session(bench.path, at: way.address)
      let before = way.turns
      if place > 0 { way.withholdNextAnswer(after: place - 1) }
      do {
        try bench.remove(bench.time(after: 20), by: cut)
        #expect(place == 0)
        turns = way.turns - before
      } catch {
        #expect(place > 0, "\(error)")
      }
      cut.connection.close()
      #expect(try bench.count("delivery WHERE state = 4") == open)
      let orphans = "delivery d WHERE d.state = 4 AND NOT EXISTS (SELECT FROM event e WHERE e.id = d.event)"
      #expect(try bench.count(orphans) == 0)
      #expect(try bench.count("delivery WHERE state = 3") >= open)
      place += 1
    }
    #expect(turns > 15)
    // The sessions that were cut off may still be ending.
    while try !bench.tables().isEmpty { try bench.remove(bench.time(after: 20)) }
    #expect(try bench.count("event_kept") == open)
    #expect(try bench.count("delivery_kept") == 2 * open)
    #expect(try bench.count("failure_kept") == 2 * open)
  }

  @Test func oneNodeRemovesAtATimeAndNobodyWaits() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 0)])
    let other = try RetentionBench.session(bench.path)
    defer { other.connection.close() }
    try other.connection.execute(
      "BEGIN; SELECT pg_advisory_xact_lock(\(other.key.value), \(SlotLock.keeping))", within: .seconds(60))
    var remover = DayRemover(bench.session)
    #expect(try remover.round(bench.wish(bench.time(after: 20))) == .busy)
    #expect(try bench.tables().count == 3)
    try other.connection.execute("ROLLBACK", within: .seconds(60))
    try bench.remove(bench.time(after: 20))
    #expect(try bench.tables() == [])
  }

  @Test func aKeyThatIsPendingOfAnOldDayIsFoundAndOneThatAPersonBringsBack() async throws {
    let bench = try await RetentionBench()
    let path = bench.path
    var store = try await path.open(isDirect: true)
    try await store.reorder(by: .chat)
    let held = try await store.stored(path.make.envelope(to: ["crm"], events: 1, chat: "1"))
    await store.settle(held[0].settled(.dead(.permanent)))
    store.close()
    // It is of an old day, and nothing with a key is pending.
    let old = bench.day.firstNumber + 1 << 12
    _ = try path.ask("UPDATE delivery SET id = \(old)")
    _ = try path.ask("UPDATE failure SET delivery = \(old)")
    _ = try path.ask("UPDATE event SET first_delivery = \(old)")
    store = try await path.open(isDirect: true)
    defer { store.close() }
    #expect(try await store.change(.retry(at: .epoch), .ids([DeliveryID(rawValue: old)])) == 1)
    let next = try await store.stored(path.make.envelope(to: ["crm"], events: 1, bytes: 2, chat: "1"))
    #expect(next.isEmpty, "it waits for the first of its key")
    let first = await store.claim(.retrying, now: .second(1)).deliveries
    #expect(first.map(\.id) == [DeliveryID(rawValue: old)])
    #expect(await store.settle(try first.only.settled(.delivered)).count == 1)
  }

  @Test func whatTellsRedeliveriesGoesByItsOwnTime() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 0)])
    let envelopes = TableNames().of(bench.day).envelope
    try bench.remove(bench.time(after: 3).advanced(by: .microseconds(-1)))
    #expect(try bench.hasTable(envelopes))
    try bench.remove(bench.time(after: 3).advanced(by: .seconds(600)))
    #expect(try !bench.hasTable(envelopes))
    #expect(try bench.tables().count == 3)
    // A day of which one table is there gets the others.
    try bench.makeDays()
    #expect(try bench.hasTable(envelopes))
  }

  @Test func whereRoomIsNeededWhatIsOldestGoesBeforeItsTimeAndWhatIsOpenStays() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 0)])
    try bench.insert(2, [.delivered(after: 0), .fresh])
    var remover = DayRemover(bench.session)
    #expect(try remover.round(bench.wish(bench.time(after: 1))) == .nothing)
    // The day is not over yet.
    #expect(
      try remover.round(
        bench.wish(bench.time(after: 1).advanced(by: .microseconds(-1)), isForRoom: true)) == .nothing)
    #expect(try remover.round(bench.wish(bench.time(after: 1), isForRoom: true)) == .changed)
    #expect(try bench.tables() == [])
    #expect(try bench.count("delivery_kept") == 2)
    #expect(try remover.round(bench.wish(bench.time(after: 1), isForRoom: true)) == .nothing)
  }

  @Test func aStoreRemovesByItselfAndMakesWhatIsToCome() async throws {
    let bench = try await RetentionBench()
    try bench.insert(1, [.delivered(after: 0)])
    let observer = RecordingObserver()
    let clock = ManualClock(bench.time(after: 20))
    let keeper = StoreKeeper(
      SessionOpener(address: bench.path.database.address, applicationName: "keeper", limit: .seconds(60)),
      key: bench.session.key, every: .milliseconds(5), word: Locked(KeepingWord(rules: RetentionBench.rules)),
      clock: clock, observer: observer)
    while try !bench.tables().isEmpty {}
    while try !bench.hasTable("event_\(bench.day.advanced(by: 22).name)") {}
    keeper.end()
    #expect(observer.keepingFailures == [])
  }

  @Test func aStoreThatIsFullOfWhatIsOpenTakesNoMoreUntilThereIsRoom() async throws {
    let bench = try await RetentionBench()
    let word = Locked(
      KeepingWord(rules: KeepingRules(retention: .seconds(86_400), dedupe: .zero, maxBytes: 1)))
    let keeper = StoreKeeper(
      SessionOpener(address: bench.path.database.address, applicationName: "keeper", limit: .seconds(60)),
      key: bench.session.key, every: .milliseconds(5), word: word,
      clock: ManualClock(bench.time(after: 20)), observer: nil)
    while word.withLock({ $0.refusal }) == nil {}
    #expect(word.withLock { $0.refusal?.code } == .full)
    #expect(try bench.tables() == [])
    word.withLock { $0.rules?.maxBytes = .max }
    while word.withLock({ $0.refusal }) != nil {}
    keeper.end()
  }
}
