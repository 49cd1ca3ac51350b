import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite("Replays over several nodes", .needsPostgres, .timeLimit(.minutes(15)))
struct SharedReplayTests {
  private static let new = NewReplay(plan: "to=d1", expected: 3, who: "ana", startedAt: .second(1))

  /// A step that sends these again; the last one of its walk.
  private func step(
    _ envelope: NewEnvelope, of replay: Replay, to name: String, isLast: Bool = true, ahead: Int = 1_000
  ) -> ReplayStep {
    let entries = envelope.events.map { new in
      ReplayStep.Entry(
        event: new.event.id, source: new.event.envelope.source, chat: new.event.chat,
        bytes: new.event.footprint, targets: [ReplayStep.Target(destination: name)])
    }
    return ReplayStep(
      replay: replay.id, entries: entries, cursor: isLast ? nil : "7", isLast: isLast, ahead: ahead)
  }

  /// What the store says of it, whoever has counted.
  private func counts(_ bench: SharingBench, _ replay: Replay) throws -> [Int64] {
    let row = try bench.ask(
      """
      SELECT queued, delivered, dead, discarded FROM \(ReplayRow.source(TableNames())) WHERE id = \(replay.id)
      """)[0]
    return (0...3).map { row.integer($0) }
  }

  /// Claims what replays have queued, until so many are there.
  private func claim(_ name: String, until count: Int, at node: SharedNode) async throws -> [Delivery] {
    var found: [Delivery] = []
    let deadline = Deadline(after: .seconds(120))
    while found.count < count {
      for kind in ClaimRequest.Kind.allCases {
        let promise = Promise<[Delivery]>("a claim", otherwise: [])
        let request = ClaimRequest(
          destination: name, queue: .replay, kind: kind, now: .distantFuture, limit: 100, byteLimit: .max)
        node.store.claim(request) { promise.keep($0.deliveries) }
        found += await promise.value
      }
      try #require(!deadline.isOver, "\(node.name) has found \(found.count) of \(count) replayed deliveries")
    }
    return found
  }

  /// An envelope that one node has delivered, and a replay of it that another one has queued.
  private func queued(
    _ bench: SharingBench, _ a: SharedNode, _ b: SharedNode, _ name: String
  ) async throws -> Replay {
    let envelope = bench.make.envelope(to: [name], events: 3)
    try await b.store(envelope)
    await b.deliverAll()
    let replay = try await a.store.begun(Self.new)
    return try await a.store.queue(step(envelope, of: replay, to: name))
  }

  @Test func noTwoNodesGiveTheSameNumber() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, _) = try await SharingTests.two(bench)
    var ids: [Int] = []
    for node in [a, b, b, a] { ids.append(try await node.store.begun(Self.new).id) }
    #expect(ids == [1, 2, 3, 4])
    // Others were brought in from elsewhere.
    _ = try bench.ask("INSERT INTO replay (id, plan, started, walk) VALUES (9, '', 0, 1) RETURNING id")
    ids = []
    for node in [b, a] { ids.append(try await node.store.begun(Self.new).id) }
    #expect(ids == [10, 11])
  }

  @Test func whatOneQueuesTheOwnerSendsAndBothCount() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    let replay = try await queued(bench, a, b, name)
    #expect(replay.queued == 3 && replay.walk == .ended)
    let claimed = try await claim(name, until: 3, at: b)
    await b.settle([claimed[0].settled(.delivered), claimed[1].settled(.dead(.permanent))])
    #expect(try counts(bench, replay) == [3, 1, 1, 0])
    await b.settle([claimed[2].settled(.delivered)])
    // A person retries the dead one at the other node, and discards it.
    let dead = DeliverySelection.ids([claimed[1].id])
    let retried = await a.store.posted(.retry(at: .second(1)), dead, of: name).value
    #expect(try counts(bench, replay) == [3, 2, 0, 0])
    let discarded = await a.store.posted(.discard, dead, of: name).value
    #expect(retried.changed == 1 && discarded.changed == 1)
    #expect(try counts(bench, replay) == [3, 2, 0, 1])
  }

  @Test func foldedCountsSayTheSame() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    let replay = try await queued(bench, a, b, name)
    let claimed = try await claim(name, until: 3, at: b)
    await b.settle(claimed.map { $0.settled(.delivered) })
    let connection = try bench.connect()
    defer { connection.close() }
    let fold = FoldStatements(TableNames()).foldReplays
    for _ in 1...2 {
      _ = try connection.run(fold, Parameters(), within: .patient)
      #expect(try counts(bench, replay) == [3, 3, 0, 0])
    }
    #expect(try bench.ask("SELECT count(*) FROM replay_delta")[0].integer(0) == 0)
    #expect(try bench.ask("SELECT delivered FROM replay")[0].integer(0) == 3)
  }

  @Test func aStepWaitsForTheRoomThatAnotherNodeMakes() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    let envelope = bench.make.envelope(to: [name], events: 3)
    try await b.store(envelope)
    await b.deliverAll()
    let replay = try await a.store.begun(Self.new)
    _ = try await a.store.queue(step(envelope, of: replay, to: name, isLast: false, ahead: 3))
    let promise = Promise<Result<Replay, StoreError>>("the second step")
    a.store.queue(step(envelope, of: replay, to: name, ahead: 3), progress: { _ in }) { promise.keep($0) }
    let claimed = try await claim(name, until: 3, at: b)
    await b.settle(claimed.map { $0.settled(.delivered) })
    #expect(try await promise.value.get().queued == 6)
  }

  @Test func oneIsEndedByAnyNode() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    let envelope = bench.make.envelope(to: [name], events: 3)
    try await b.store(envelope)
    let replay = try await a.store.begun(Self.new)
    _ = try await a.store.queue(step(envelope, of: replay, to: name, isLast: false, ahead: 3))
    // It waits for room, and is answered by the end.
    let promise = Promise<Result<Replay, StoreError>>("a step that waits")
    a.store.queue(step(envelope, of: replay, to: name, isLast: false, ahead: 3), progress: { _ in }) {
      promise.keep($0)
    }
    let ended = try #require(try await b.store.end(replay.id, as: .cancelled))
    #expect(ended.walk == .cancelled && ended.queued == 3)
    #expect(try await promise.value.get().walk == .cancelled)
    // Once more it changes nothing; nor does one that nobody knows.
    let again = try await b.store.end(replay.id, as: .failed("why"))
    let unknown = try await b.store.end(99, as: .cancelled)
    #expect(again == ended && unknown == nil)
  }

  @Test func whatHasQueuedAllCanStillBeCancelledAtAnotherNode() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    let replay = try await queued(bench, a, b, name)
    let ended = try await b.store.end(replay.id, as: .cancelled)
    #expect(ended?.walk == .cancelled)
    // What it has queued is discarded by who serves the destination.
    let outcome = await a.store.posted(.discard, .replay(replay.id), of: name).value
    #expect(outcome == ChangeOutcome(changed: 3))
    #expect(try counts(bench, replay) == [3, 0, 0, 3])
  }

  @Test func otherWordsInAPlanLeaveItsWalkAlone() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    let envelope = bench.make.envelope(to: [name], events: 3)
    try await b.store(envelope)
    let replay = try await a.store.begun(Self.new)
    _ = try await a.store.queue(step(envelope, of: replay, to: name, isLast: false))
    try await b.store.amend(replay.id, plan: "erased", reason: nil)
    let row = try bench.ask("SELECT plan, walked_to, queued FROM replay")[0]
    #expect(row.text(0) == "erased" && row.optionalText(1) != nil && row.integer(2) == 3)
  }

  // MARK: Somebody ends

  @Test func oneThatIsKilledIsFollowedByAnotherOne() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try bench.letThemJudge()
    let envelope = bench.make.envelope(to: [name], events: 3)
    try await a.store(envelope)
    let replay = try await b.store.begun(Self.new)
    _ = try await b.store.queue(step(envelope, of: replay, to: name, isLast: false))
    #expect(a.replays == [])
    try bench.kill(b)
    #expect(a.walksAlong(replay.id))
    let came = try #require(a.replays.first)
    #expect(came.queued == 3 && came.cursors[nil] == .at("7"))
    // It goes on where the other one was.
    let ended = try await a.store.queue(step(envelope, of: came, to: name))
    #expect(ended.queued == 6 && ended.walk == .ended)
  }

  @Test func oneThatEndsInOrderIsFollowedByAnotherOneAndTheLastOneByTheNextStart() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, _) = try await SharingTests.two(bench)
    let replay = try await b.store.begun(Self.new)
    bench.close(b)
    #expect(a.walksAlong(replay.id))
    bench.close(a)
    let c = try await bench.open("c")
    #expect(c.walksAlong(replay.id))
  }

  @Test func oneThatNobodyWalksAlongIsEndedByWhoIsAsked() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let a = try await bench.open("a", isServing: false)
    _ = try bench.ask("INSERT INTO replay (id, plan, started) VALUES (5, '', 0) RETURNING id")
    let ended = try await a.store.end(5, as: .cancelled)
    #expect(ended?.walk == .cancelled)
  }
}
