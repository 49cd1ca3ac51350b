import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite("The same bytes on several nodes", .needsPostgres, .timeLimit(.minutes(15)))
struct TwinTests {
  // MARK: One after the other

  @Test func whatOneHasStoredIsADuplicateOnTheOthers() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let nodes = try await Self.nodes(3, bench)
    let first = bench.make.envelope(to: ["d1"], events: 2, bytes: 1)
    try await nodes[0].answers(first, with: .stored(first))
    for node in nodes + nodes {
      try await node.answers(
        bench.make.envelope(to: ["d1"], events: 2, bytes: 1), with: .duplicate(of: first))
    }
    // Another source's bytes are its own.
    let other = bench.make.envelope(to: ["d1"], bytes: 1, source: "other")
    try await nodes[1].answers(other, with: .stored(other))
    #expect(try bench.count("event") == 3)
  }

  @Test func whatOneHasStoredThatWasAloneIsADuplicateOnTheNext() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a")
    let first = bench.make.envelope(to: ["d1"], bytes: 1)
    try await a.answers(first, with: .stored(first))
    let b = try await bench.open("b")
    try await b.answers(bench.make.envelope(to: ["d1"], bytes: 1), with: .duplicate(of: first))
  }

  /// The other one hears of no heartbeat: it is asked.
  @Test func fromTheStartOfOneOnTheOthersTellWhatTheyStore() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a")
    #expect(a.serves(Set(SharingBench.destinations)))
    bench.stopTheClock()
    let b = try await bench.open("b", isServing: false)
    let first = bench.make.envelope(to: ["d1"], bytes: 1)
    try await a.answers(first, with: .stored(first))
    try await b.answers(bench.make.envelope(to: ["d1"], bytes: 1), with: .duplicate(of: first))
  }

  @Test func oneThatIsAloneWritesNothingForOthersAlsoOnceTheyHaveGone() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let all = Set(SharingBench.destinations)
    let a = try await bench.open("a")
    #expect(a.serves(all))
    func written() throws -> [Int64] { try (TableNames().twins + ["news"]).map(bench.count) }
    let first = bench.make.envelope(to: ["d1"], bytes: 1)
    try await a.answers(first, with: .stored(first))
    #expect(try written() == [0, 0, 0])
    let b = try await bench.open("b")
    let last = bench.make.envelope(to: ["d1"], bytes: 2)
    try await b.answers(last, with: .stored(last))
    #expect(try written() != [0, 0, 0])
    bench.close(b)
    #expect(a.serves(all))
    try bench.wait(until: "SELECT NOT EXISTS (SELECT FROM telling WHERE slot = 0)")
    // By then it has read all that the other one has told.
    try await a.answers(bench.make.envelope(to: ["d1"], bytes: 2), with: .duplicate(of: last))
    _ = try bench.ask("WITH gone AS (DELETE FROM news RETURNING 1) SELECT count(*) FROM gone")
    let before = try written()
    let alone = bench.make.envelope(to: ["d1"], bytes: 3)
    try await a.answers(alone, with: .stored(alone))
    // The keys of before may be gone by now.
    let after = try written()
    #expect(zip(after, before).allSatisfy { $0 <= $1 })
  }

  /// Its key stands there yet.
  @Test func whatCameBeforeTheWindowIsStoredAnewOnWhicheverNodeItComes() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    for node in try await Self.nodes(2, bench) {
      for _ in 1...2 {
        let now = bench.clock.now()
        let envelope = bench.make.envelope(
          to: ["d1"], bytes: 1, at: now, since: now.advanced(by: .seconds(3_600)))
        try await node.answers(envelope, with: .stored(envelope))
      }
    }
    #expect(try bench.count("event") == 4)
  }

  // MARK: At the same instant

  @Test func ofTwinsThatComeToTwoAtOnceOneIsStored() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let nodes = try await Self.nodes(2, bench)
    let first = bench.make.envelope(to: ["d1"], events: 2, bytes: 1)
    let hold = try CommitHold(bench)
    let stored = nodes[0].store.posted(first)
    try hold.holds(1)
    let twin = nodes[1].store.posted(bench.make.envelope(to: ["d1"], events: 2, bytes: 1))
    try hold.keepsOthersWaiting(1)
    try hold.release()
    #expect(try await Answer(stored.value.get(), to: first) == .stored(first))
    #expect(try await Answer(twin.value.get(), to: first) == .duplicate(of: first))
    #expect(try bench.count("event") == 2)
  }

  @Test func whereTheFirstOfTwinsFailsTheOtherOneIsStored() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let nodes = try await Self.nodes(2, bench)
    let hold = try CommitHold(bench)
    let failed = nodes[0].store.posted(bench.make.envelope(to: ["d1"], bytes: 1))
    try hold.holds(1)
    let second = bench.make.envelope(to: ["d1"], bytes: 1)
    let stored = nodes[1].store.posted(second)
    try hold.keepsOthersWaiting(1)
    try hold.abortAll()
    try hold.holds(1)
    try hold.release()
    #expect(try await Answer(stored.value.get(), to: second) == .stored(second))
    await #expect(throws: StoreError.self) { try await failed.value.get() }
    try await nodes[0].answers(bench.make.envelope(to: ["d1"], bytes: 1), with: .duplicate(of: second))
    #expect(try bench.count("event") == 1)
  }

  @Test func ofTwinsFromManyThreadsOverThreeNodesOneOfEachIsStored() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let nodes = try await Self.nodes(3, bench)
    let kinds: ClosedRange<UInt64> = 1...40
    let answers: [UInt64: [Answer]] = try await withThrowingTaskGroup(of: (UInt64, Answer).self) { group in
      for node in nodes + nodes {
        for bytes in kinds {
          group.addTask {
            let envelope = bench.make.envelope(to: ["d1"], bytes: bytes)
            return (bytes, Answer(try await node.store.append(envelope), to: envelope))
          }
        }
      }
      return try await group.reduce(into: [:]) { $0[$1.0, default: []].append($1.1) }
    }
    for bytes in kinds {
      let same = try #require(answers[bytes])
      #expect(same.count == 6)
      #expect(same.filter(\.isStored).count == 1)
      #expect(Set(same.map(\.first)).count == 1)
    }
    #expect(try bench.count("event") == Int64(kinds.count))
  }

  // MARK: Events that went nowhere

  @Test(arguments: [[1], [0, 1, 2]])
  func whatWentNowhereIsRoutedOnceWhereverItComesAgain(storedPlaces: [Int]) async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let nodes = try await Self.nodes(3, bench)
    let first = try await Self.storeNowhere(storedPlaces, on: nodes[0], bench)
    for (node, places) in zip([1, 2, 0, 1], [[0, 1, 2], [], [], []]) {
      let again = bench.make.envelope(to: ["d1"], events: 3, bytes: 1)
      try await nodes[node].answers(again, with: .duplicate(of: first, rerouted: places))
    }
    #expect(try bench.count("delivery") == 3)
  }

  @Test(arguments: [[1], [0, 1, 2]])
  func whatWentNowhereIsRoutedOnceAlsoWhereItComesAgainToTwoAtOnce(storedPlaces: [Int]) async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let nodes = try await Self.nodes(3, bench)
    let first = try await Self.storeNowhere(storedPlaces, on: nodes[0], bench)
    // Both know it.
    for node in nodes {
      let again = bench.make.envelope(to: [], events: 3, bytes: 1)
      try await node.answers(again, with: .duplicate(of: first))
    }
    let hold = try CommitHold(bench)
    let one = nodes[1].store.posted(bench.make.envelope(to: ["d1"], events: 3, bytes: 1))
    try hold.holds(1)
    let other = nodes[2].store.posted(bench.make.envelope(to: ["d1"], events: 3, bytes: 1))
    try hold.keepsOthersWaiting(1)
    try hold.release()
    #expect(
      try await Answer(one.value.get(), to: first) == .duplicate(of: first, rerouted: [0, 1, 2]))
    #expect(try await Answer(other.value.get(), to: first) == .duplicate(of: first))
    #expect(try bench.count("delivery") == 3)
  }

  // MARK: What was not told

  @Test(arguments: [
    "DELETE FROM news", "UPDATE news SET envelopes = ''", "UPDATE news SET envelopes = '\\x63'",
  ])
  func whatTheNewsDoNotSayIsReadFromTheStore(_ loss: String) async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let nodes = try await Self.nodes(2, bench)
    let own = SharingBench.share(of: 0, among: 0...1).sorted()[0]
    // Nobody reads by the time, nor since there would be anything to deliver.
    bench.stopTheClock()
    let first = bench.make.envelope(to: [own], bytes: 1)
    try await nodes[0].answers(first, with: .stored(first))
    _ = try bench.ask("WITH lost AS (\(loss) RETURNING 1) SELECT count(*) FROM lost")
    try bench.forgetKeys()
    let second = bench.make.envelope(to: [own], bytes: 2)
    try await nodes[0].answers(second, with: .stored(second))
    // It reads the news over that one.
    try await nodes[1].answers(bench.make.envelope(to: [own], bytes: 2), with: .duplicate(of: second))
    try await nodes[1].answers(bench.make.envelope(to: [own], bytes: 1), with: .duplicate(of: first))
  }

  /// The keys are not in the server's log.
  @Test func afterTheServerHasCrashedNothingIsStoredBeforeTheNewsAreRead() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let nodes = try await Self.nodes(2, bench)
    let own = SharingBench.share(of: 0, among: 0...1).sorted()[0]
    bench.stopTheClock()
    let first = bench.make.envelope(to: [own], bytes: 1)
    try await nodes[0].answers(first, with: .stored(first))
    try bench.forgetKeys()
    // Its writer connection.
    let held = """
      FROM pg_locks WHERE locktype = 'advisory' AND objid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """
    _ = try bench.ask("SELECT pg_terminate_backend(pid) \(held)")
    try bench.wait(until: "SELECT NOT EXISTS (SELECT \(held))")
    let deadline = Deadline(after: .patient)
    var outcome: AppendOutcome?
    while outcome == nil {
      outcome = try? await nodes[1].store.append(bench.make.envelope(to: [own], bytes: 1))
      try #require(!deadline.isOver)
    }
    let last = try #require(outcome)
    #expect(Answer(last, to: first) == .duplicate(of: first))
  }

  // MARK: Clocks

  @Test(arguments: [false, true])
  func theWindowHoldsWhereClocksAreHoursApart(isReadFromTheStore: Bool) async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let ahead: [Duration] = [.zero, .seconds(7_200), .seconds(-7_200)]
    var nodes = [try await bench.open("n0", ahead: ahead[0])]
    func openOthers() async throws {
      for place in 1...2 { nodes.append(try await bench.open("n\(place)", ahead: ahead[place])) }
    }
    if !isReadFromTheStore { try await openOthers() }
    let first = bench.make.envelope(to: ["d1"], bytes: 1, at: bench.clock.now())
    try await nodes[0].answers(first, with: .stored(first))
    if isReadFromTheStore { try await openOthers() }
    for (node, ahead) in zip(nodes, ahead).dropFirst() {
      let now = bench.clock.now().advanced(by: ahead)
      // A window of an hour, which by the first one's clock has begun after it, or long before.
      let inWindow = bench.make.envelope(
        to: ["d1"], bytes: 1, at: now, since: now.advanced(by: .seconds(-3_600)))
      try await node.answers(inWindow, with: .duplicate(of: first))
    }
    // What came an hour before the window, by the time that has passed.
    for (node, ahead) in zip(nodes, ahead) {
      let now = bench.clock.now().advanced(by: ahead)
      let after = bench.make.envelope(to: ["d1"], bytes: 1, at: now, since: now.advanced(by: .seconds(3_600)))
      try await node.answers(after, with: .stored(after))
    }
  }

  // MARK: Help

  private static func nodes(_ count: Int, _ bench: SharingBench) async throws -> [SharedNode] {
    var nodes: [SharedNode] = []
    for place in 0..<count { nodes.append(try await bench.open("n\(place)")) }
    for (place, node) in nodes.enumerated() {
      #expect(node.serves(SharingBench.share(of: place, among: 0..<count)))
    }
    return nodes
  }

  /// Three events, none of which goes anywhere, and of which these are stored.
  private static func storeNowhere(
    _ places: [Int], on node: SharedNode, _ bench: SharingBench
  ) async throws -> NewEnvelope {
    var first = bench.make.envelope(to: [], events: 3, bytes: 1)
    let all = first.events
    first.events = places.map { all[$0] }
    try await node.answers(first, with: .stored(first))
    return first
  }
}

/// What came of an envelope.
private struct Answer: Equatable, Sendable {
  var first: EventID
  var accepted: Int?
  var isStored: Bool
  var rerouted: [Int]

  init(_ outcome: AppendOutcome, to envelope: NewEnvelope) {
    switch outcome {
    case .stored: self = .stored(envelope)
    case .duplicate(let first, let accepted, let rerouted):
      self.init(first, accepted, rerouted: rerouted.places)
    }
  }

  private init(_ first: EventID, _ accepted: Int?, rerouted: [Int]) {
    (self.first, self.accepted, self.rerouted) = (first, accepted, rerouted)
    isStored = accepted == nil
  }

  static func stored(_ envelope: NewEnvelope) -> Answer { Answer(envelope.firstEventID, nil, rerouted: []) }

  static func duplicate(of envelope: NewEnvelope, rerouted: [Int] = []) -> Answer {
    Answer(envelope.firstEventID, envelope.acceptedCount, rerouted: rerouted)
  }
}

extension SharedNode {
  fileprivate func answers(
    _ envelope: NewEnvelope, with answer: Answer, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let found = Answer(try await store.append(envelope), to: envelope)
    #expect(found == answer, "\(name)", sourceLocation: sourceLocation)
  }
}

extension SharingBench {
  fileprivate func count(_ table: String) throws -> Int64 {
    try ask("SELECT count(*) FROM \(table)")[0].integer(0)
  }

  fileprivate func forgetKeys() throws {
    let connection = try connect()
    defer { connection.close() }
    try connection.execute("TRUNCATE \(TableNames().twins.joined(separator: ", "))", within: .patient)
  }
}
