import RelayCore
import RelaySQLite
import RelayStoring
import RelayTestSupport
import Testing

/// In which order a store in a file gives what it holds to whoever moves it.
@Suite(.timeLimit(.minutes(15)))
struct ArrivalMergeTests {
  /// What was given, in words: an event's place among all, and of its deliveries the destination.
  private func words(_ arrivals: [Arrival], _ names: [EventID: String]) -> [String] {
    arrivals.map { arrival in
      switch arrival {
      case .event(let event): names[event.id] ?? "?"
      case .delivery(let delivery, let isFirst):
        "\(names[delivery.event] ?? "?")>\(delivery.destination)" + (isFirst ? "!" : "")
          + (delivery.arrivedAt == nil ? "" : "+") + (delivery.isReplayed ? "*" : "")
      }
    }
  }

  /// - Parameter limit: Of a page.
  private func all(_ origin: SQLiteOrigin, limit: Int, byteLimit: Int = .max) throws -> [[Arrival]] {
    var pages: [[Arrival]] = []
    var place = ArrivalPlace()
    while true {
      let page = try origin.arrivals(after: place, limit: limit, byteLimit: byteLimit)
      guard !page.arrivals.isEmpty else { return pages }
      pages.append(page.arrivals)
      place = page.end
    }
  }

  /// Events a to g: b goes nowhere and is routed anew after d, a is sent again after f.
  private func filled() async throws -> (SQLiteHome, [EventID: String]) {
    let home = try SQLiteHome()
    let (clock, make) = (ManualClock(), TestEnvelopes())
    let store = try home.open(clock: clock, duplicateLimit: 100)
    defer { store.close() }
    try await store.configure(.test)
    var names: [EventID: String] = [:]
    func add(_ name: String, to destinations: [String], at second: Int, bytes: UInt64? = nil) async throws
      -> NewEnvelope
    {
      let envelope = make.envelope(to: destinations, bytes: bytes, at: .second(second))
      clock.set(.second(second))
      _ = try await store.append(envelope)
      names[envelope.events[0].event.id] = name
      return envelope
    }
    let a = try await add("a", to: ["crm", "bi"], at: 1)
    _ = try await add("b", to: [], at: 2, bytes: 5)
    _ = try await add("c", to: [], at: 3)
    _ = try await add("d", to: ["crm"], at: 4)
    clock.set(.second(5))
    _ = try await store.append(make.envelope(to: ["bi", "crm"], bytes: 5, at: .second(5)))
    _ = try await add("e", to: [], at: 6)
    _ = try await add("f", to: ["bi"], at: 7)
    clock.set(.second(8))
    _ = try await store.replayed(a, to: ["audit"])
    _ = try await add("g", to: [], at: 9)
    return (home, names)
  }

  private static let order = [
    "a", "a>crm!", "a>bi", "b", "c", "d", "d>crm!", "b>bi!+", "b>crm+", "e", "f", "f>bi!", "a>audit+*", "g",
  ]

  @Test func eventsAndDeliveriesComeInTheOrderInWhichTheyArrived() async throws {
    let (home, names) = try await filled()
    let origin = try SQLiteOrigin(path: home.path)
    let pages = try all(origin, limit: 1_000)
    #expect(pages.map { words($0, names) } == [Self.order])
    #expect(try origin.counts() == MovedCounts(events: 7, deliveries: 7, failures: 0, replayed: 1))
  }

  @Test(arguments: 1...14) func thePagesTogetherAreTheSameHoweverLongTheyAre(_ limit: Int) async throws {
    let (home, names) = try await filled()
    let origin = try SQLiteOrigin(path: home.path)
    let pages = try all(origin, limit: limit)
    #expect(words(pages.flatMap { $0 }, names) == Self.order)
    for page in pages {
      #expect(page.count <= limit + 2)
      // No page begins with what came with an event of another one.
      guard case .delivery(let delivery, isFirst: _)? = page.first else { continue }
      #expect(delivery.arrivedAt != nil)
    }
  }

  @Test func aPageEndsWithTheBodyThatFillsIt() async throws {
    let (home, names) = try await filled()
    let pages = try all(try SQLiteOrigin(path: home.path), limit: 1_000, byteLimit: 3)
    #expect(words(pages[0], names) == ["a", "a>crm!", "a>bi", "b"])
  }

  // MARK: What is refused

  @Test func aStoreInUseIsRefused() async throws {
    let home = try SQLiteHome()
    let store = try home.open(clock: ManualClock(), duplicateLimit: 100)
    let refused = #expect(throws: StoreError.self) { try SQLiteOrigin(path: home.path) }
    #expect(refused?.code == .inUse)
    store.close()
    _ = try SQLiteOrigin(path: home.path)
  }

  @Test func noRelayOpensAStoreThatIsBeingMoved() async throws {
    let (home, _) = try await filled()
    let origin = try SQLiteOrigin(path: home.path)
    let refused = #expect(throws: StoreError.self) {
      try home.open(clock: ManualClock(), duplicateLimit: 100)
    }
    #expect(refused?.code == .inUse)
    withExtendedLifetime(origin) {}
  }

  @Test func aRelayThatHasRunSinceLeavesAnotherMark() async throws {
    let (home, _) = try await filled()
    func mark() throws -> String { try SQLiteOrigin(path: home.path).mark }
    let before = try mark()
    #expect(try mark() == before)
    try home.open(clock: ManualClock(), duplicateLimit: 100).close()
    #expect(try mark() != before)
  }

  @Test func aFileThatIsNotThereIsToldAsSuch() throws {
    let refused = #expect(throws: StoreError.self) { try SQLiteOrigin(path: "/nowhere/relay.db") }
    #expect(refused?.code == .cannotOpen && refused?.message.contains("/nowhere/relay.db") == true)
  }
}
