import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What the store keeps of the clock, and when it writes it.
struct ClockTableTests {
  private let home: SQLiteHome
  private let session: StoreSession
  private let machine = ManualMachine()

  init() throws {
    home = try SQLiteHome()
    session = try StoreSession(path: home.path, duplicateLimit: 10)
  }

  /// - Returns: Whether anything was written.
  @discardableResult
  private func write(isLast: Bool = false) throws -> Bool {
    let before = try session.connection.integer("SELECT total_changes()")
    try session.transactions.run { () throws(StoreError) in try session.clock.write(machine, isLast: isLast) }
    return try session.connection.integer("SELECT total_changes()") != before
  }

  private func kept() throws -> KeptClock? { try session.clock.read() }

  @Test func aNewStoreKeepsNone() throws {
    #expect(try kept() == nil)
  }

  @Test func itIsWrittenNowAndThenAndAtTheEnd() throws {
    #expect(try write())
    let first = try #require(try kept())
    #expect(first == machine.kept())
    machine.pass(.seconds(9))
    #expect(try !write())
    #expect(try kept() == first)
    machine.pass(.seconds(1))
    #expect(try write())
    #expect(try kept() == machine.kept())
    machine.pass(.seconds(1))
    #expect(try write(isLast: true))
    #expect(try kept() == machine.kept())
  }

  @Test func stepsAreAddedAndTheOldestForgotten() throws {
    try write()
    for round in 0..<(ClockHistory.maxSteps + 20) {
      machine.pass(.seconds(10))
      machine.setWall(by: .seconds(round % 2 == 0 ? 600 : -600))
      _ = machine.reading()
      if round % 50 == 0 || round > ClockHistory.maxSteps { try write() }
    }
    try write(isLast: true)
    #expect(try kept()?.history == machine.history)
    #expect(
      try session.connection.integer("SELECT count(*) FROM clock_step") == Int64(ClockHistory.maxSteps))
  }

  @Test func whatFailedIsWrittenAgain() throws {
    try? session.transactions.run { () throws(StoreError) in
      try session.clock.write(machine)
      throw StoreError(code: .failing, message: "as if")
    }
    #expect(try kept() == nil)
    #expect(try write())
    #expect(try kept() == machine.kept())
  }

  /// Nothing was closed: the next run knows what was kept up to ten seconds before.
  @Test func afterACrashTheSteadyTimeIsNotBeforeWhatWasTimed() async throws {
    let (home, machine) = (try SQLiteHome(), ManualMachine())
    let copy = try SQLiteHome()
    let store = try home.open(clock: machine, duplicateLimit: 10)
    try await store.configure(.test)
    machine.pass(.seconds(9))
    let timed = machine.now()
    _ = try await store.stored(TestEnvelopes().envelope(at: timed))
    try copyFiles(from: home.path, to: copy.path)
    // The power was out, and is back: nobody knows for how long.
    machine.reboot(after: .seconds(77))
    let again = try copy.open(clock: machine, duplicateLimit: 10)
    #expect(machine.now() >= timed)
    #expect(timed.duration(to: machine.now()) <= SteadyTime.keepingInterval)
    again.close()
    store.close()
  }

  private func copyFiles(from path: String, to other: String) throws {
    for end in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: path + end, toPath: other + end)
    }
  }
}

/// Times of the steady clock, told as the wall clock showed them.
struct LookupClockTests {
  private let bench: KeepingBench
  private let clock = ManualClock()
  private let session: LookupSession

  init() throws {
    bench = try KeepingBench()
    session = try LookupSession(path: bench.path, clock: clock)
  }

  private func rows(_ filter: DeliveryFilter) throws -> [Int64] {
    try session.deliveries(filter, after: nil, limit: 500).deliveries.map(\.id.rawValue)
  }

  private func count(_ filter: DeliveryFilter) throws -> Int {
    let page = try session.count(filter, after: nil)
    #expect(page.next == nil)
    return page.counts.total
  }

  @Test func recordsHaveTheTimesThatTheClockShowedThen() throws {
    try bench.add(at: 0, [.delivered(10)])
    clock.set(.second(100))
    clock.setWall(ahead: .seconds(5_000))
    try bench.add(at: 100, [.delivered(110)])
    let records = try session.deliveries(DeliveryFilter(), after: nil, limit: 9).deliveries
    #expect(records.map(\.receivedAt) == [.second(5_100), .second(0)])
    #expect(records.map(\.settledAt) == [.second(5_110), .second(10)])
    #expect(try session.event(records[0].event)?.receivedAt == .second(5_100))
  }

  /// Nothing else is asked before.
  @Test func whatIsCountedIsWhatTheClockShows() throws {
    try bench.add(at: 0, [.pending])
    clock.set(.second(100))
    clock.setWall(ahead: .seconds(5_000))
    try bench.add(at: 100, [.pending])
    #expect(try count(DeliveryFilter(since: .second(5_000))) == 1)
  }

  @Test func ageIsOfTheSteadyClock() throws {
    try bench.add(at: 3, [.pending])
    clock.setWall(ahead: .seconds(5_000))
    #expect(try session.oldestPending() == ["crm": .second(3)])
  }

  @Test func filtersGoByWhatTheClockShowedAlsoWhereItWasSetBack() throws {
    // The wall clock shows 0 to 990, then 500 to 1490.
    var shown: [Int] = []
    for second in stride(from: 0, to: 1_000, by: 10) {
      try bench.add(at: second, [.pending])
      shown.append(second)
    }
    clock.set(.second(1_000))
    clock.setWall(ahead: .seconds(-500))
    for second in stride(from: 1_000, to: 2_000, by: 10) {
      try bench.add(at: second, [.pending])
      shown.append(second - 500)
    }
    for (since, until) in [(0, 480), (500, 600), (600, 990), (1_000, 1_200), (480, 520), (1_200, 9_999)] {
      let filter = DeliveryFilter(since: .second(since), until: .second(until))
      let fitting = shown.indices.reversed().filter { shown[$0] >= since && shown[$0] < until }
      let expected = fitting.map { Int64($0 + 1) }
      #expect(try rows(filter) == expected)
      #expect(try count(filter) == expected.count)
    }
  }
}
