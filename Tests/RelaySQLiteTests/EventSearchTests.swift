import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Events are found by their ids, also those whose ids do not rise with their rows.
struct EventSearchTests {
  private let bench: SessionBench
  private let lookup: LookupSession

  init() throws {
    bench = try SessionBench()
    lookup = try LookupSession(path: bench.home.path)
  }

  private func id(_ number: Int) -> EventID { EventID(high: 7, low: UInt64(number)) }

  /// One envelope, whose events have consecutive ids.
  private func envelope(_ numbers: ClosedRange<Int>) -> NewEnvelope {
    let context = EnvelopeContext(source: "huggy", receivedAt: .second(0), time: nil, token: nil)
    return bench.make.envelope(
      context,
      events: numbers.map {
        Event(
          id: id($0), envelope: context, type: "a", rawType: [], company: nil, channel: nil, chat: nil,
          body: [])
      }, to: [])
  }

  private func add(_ numbers: ClosedRange<Int>...) throws {
    for result in bench.write(numbers.map(envelope)) { _ = try result.get() }
  }

  private func remove(_ number: Int) throws {
    let uuid = "x'\(id(number).bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())'"
    try bench.session.connection.execute(
      "DELETE FROM event WHERE uuid = \(uuid); DELETE FROM straggler WHERE uuid = \(uuid)")
  }

  /// Those of the numbers that are found, each as itself.
  private func found(_ numbers: some Sequence<Int>) throws -> [Int] {
    try numbers.filter { number in
      let event = try lookup.event(id(number))
      #expect(event == nil || event?.id == id(number))
      return event != nil
    }
  }

  private var stragglers: [Int64] {
    get throws {
      try bench.session.connection.texts("SELECT event FROM straggler ORDER BY event").map { Int64($0)! }
    }
  }

  @Test func anEmptyStoreHasNone() throws {
    #expect(try found([0, 1]).isEmpty)
  }

  @Test func idsThatRiseLeaveNoStraggler() throws {
    try add(10...12, 20...20, 30...39)
    try add(40...40)
    #expect(try found(0...50) == Array(10...12) + [20] + Array(30...40))
    #expect(try stragglers.isEmpty)
  }

  @Test func twoEventLoopsMayAppendInAnotherOrderThanTheyTookTheirIds() throws {
    try add(10...12, 5...7, 13...13, 20...20, 14...15, 8...9, 21...22)
    #expect(try found(0...30) == Array(5...15) + Array(20...22))
    #expect(try stragglers == [4, 5, 6, 9, 10, 11, 12])
  }

  @Test func aClockThatWentBackOverARestartHidesNothing() throws {
    try add(100...110)
    try bench.reopen()
    try add(50...60, 61...61)
    try bench.reopen()
    try add(55 + 10...55 + 12, 111...112, 90...91)
    #expect(try found(0...120) == Array(50...61) + Array(65...67) + [90, 91] + Array(100...112))
    #expect(try stragglers.count == 17)
  }

  @Test func gapsHideNothing() throws {
    try add(10...19, 5...7, 30...39, 25...27, 40...40)
    for number in [10, 11, 14, 19, 5, 7, 30, 35, 38, 26, 40] { try remove(number) }
    #expect(
      try found(0...50) == [6, 12, 13] + Array(15...18) + [25, 27] + Array(31...34) + [36, 37, 39])
  }

  @Test func whatStragglersComeTooLateForMayBeGone() throws {
    try add(10...12, 1...3, 20...22, 15...16, 30...30)
    for number in [10, 11, 12, 20, 21, 22] { try remove(number) }
    #expect(try found(0...40) == [1, 2, 3, 15, 16, 30])
    // Nor is anything left to be compared with but what rises.
    for number in [30] { try remove(number) }
    try bench.reopen()
    #expect(bench.session.order.highest == nil)
    try add(8...9, 4...4)
    #expect(try found(0...40) == [1, 2, 3, 4, 8, 9, 15, 16])
    #expect(try stragglers.count == 6)
  }

  @Test func aRestartKnowsTheHighestBehindStragglers() throws {
    try add(10...12, 1...3)
    try bench.reopen()
    #expect(bench.session.order.highest == EventOrder.Place(id: id(12), row: 3))
  }

  @Test(arguments: Fault.allCases.filter { $0 != .begin && $0 != .full })
  func aFailedTransactionForgetsItsHighestID(_ fault: Fault) throws {
    try add(10...10)
    try fault.begin(bench.session.connection)
    let refused = bench.write([envelope(90...99)])
    #expect(throws: StoreError.self) { try refused[0].get() }
    try fault.end(bench.session.connection)
    #expect(bench.session.order.highest?.id == id(10))
    try add(20...22)
    #expect(try stragglers.isEmpty)
    #expect(try found(0...100) == [10, 20, 21, 22])
  }

  /// Which nobody does; but a lookup that never ends would be worse than one that finds either.
  @Test(.timeLimit(.minutes(15))) func anIDThatWasGivenTwiceIsFoundAllTheSame() throws {
    try add(9...10, 10...10, 12...12)
    #expect(try found(0...20) == [9, 10, 12])
  }

  @Test func aLongRunOfStragglersIsPassedInOneStep() throws {
    try add(5_000...5_009, 1_000...3_999, 6_000...6_009)
    let search = try EventSearch(lookup.connection)
    for id in [id(5_005), id(5_500), id(6_005), id(1), id(9_999)] {
      _ = search.eventUntil.takeSteps()
      _ = try search.row(of: id)
      #expect((1..<1_000).contains(search.eventUntil.takeSteps()))
    }
    #expect(try found([999, 1_000, 3_999, 4_000, 5_000, 5_009, 6_000, 6_009]).count == 6)
  }

  @Test func anEnvelopeSaysWhichIsItsFirstEvent() throws {
    try add(10...12)
    _ = bench.write([bench.make.envelope(events: 0)])
    try Fault.statement.begin(bench.session.connection)
    _ = bench.write([envelope(90...99)])
    try Fault.statement.end(bench.session.connection)
    try add(13...13, 20...25)
    let connection = bench.session.connection
    let rows = try connection.texts("SELECT ifnull(first_row, '-') FROM envelope ORDER BY id")
    #expect(
      try rows
        == connection.texts(
          """
          SELECT ifnull(min(e.id), '-') FROM envelope v LEFT JOIN event e ON e.envelope = v.id GROUP BY v.id ORDER BY v.id
          """))
    #expect(rows.prefix(2) == ["1", "-"] && rows.count == 4)
  }

  /// Envelopes in any order, restarts, failures and gaps: what is there is found, and nothing else.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func whatIsThereIsFoundAndNothingElse(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var (present, used): (Set<Int>, Set<Int>) = ([], [])
    var next = 200
    for _ in 0..<60 {
      switch random.below(10) {
      case 0..<6:
        next = max(1, next + random.pick([3, 3, 3, 7, -5, -60]))
        let numbers = next...next + random.below(4)
        guard used.isDisjoint(with: numbers) else { continue }
        used.formUnion(numbers)
        present.formUnion(numbers)
        try add(numbers)
        next = numbers.upperBound
      case 6..<8:
        for number in Array(present).sorted() where random.chance(10) {
          try remove(number)
          present.remove(number)
        }
      case 8: try bench.reopen()
      default:
        try Fault.statement.begin(bench.session.connection)
        _ = bench.write([envelope(900...901)])
        try Fault.statement.end(bench.session.connection)
      }
      // Rows' numbers are not given twice while the newest stays; here it may have gone.
      #expect(try found(0...910) == present.sorted())
    }
    #expect(!present.isEmpty)
  }
}
