import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Longer work, step by step, with all that may come between two steps.
struct JobTests {
  private let bench: SessionBench

  init() throws {
    bench = try SessionBench()
  }

  /// So many fresh deliveries, of so many chats in turn.
  private func fill(_ count: Int, chats: Int) throws -> [Delivery] {
    var held: [Delivery] = []
    for place in 0..<count { held += try bench.stored(bench.make.envelope(chat: String(place % chats))) }
    return held
  }

  private func reorder(by ordering: Ordering = .chat) -> ReorderJob {
    ReorderJob("crm", by: ordering) { _ in }
  }

  private func claim(_ kind: ClaimRequest.Kind = .fresh) throws -> [DeliveryID] {
    let request = ClaimRequest(
      destination: "crm", kind: kind, now: .second(0), limit: .max, byteLimit: .max)
    return try bench.session.claims.claim(request).ids
  }

  /// The pending ones that are not what their order says.
  private func misplaced() throws -> Int64? {
    try bench.session.connection.integer(
      """
      SELECT count(*) FROM delivery d WHERE state < 3 AND (state = 2) <> EXISTS (
        SELECT 1 FROM delivery p WHERE p.state < 3 AND p.destination = d.destination
          AND p.order_key = d.order_key AND p.id < d.id)
      """)
  }

  @Test func aStepIsBounded() throws {
    bench.release(try fill(1_600, chats: 3))
    let job = reorder()
    var keyed: [Int64] = []
    while try !bench.step(job) {
      keyed.append(
        try bench.session.connection.integer("SELECT count(*) FROM delivery WHERE order_key IS NOT NULL")!)
    }
    #expect(keyed == [500, 1_000, 1_500])
    #expect(try misplaced() == 0)
  }

  @Test func whatArrivesBetweenStepsWaitsForAllThatCameBefore() throws {
    bench.release(try fill(1_200, chats: 3))
    bench.session.destinations.hold(["crm"])
    let job = reorder()
    _ = try bench.step(job)
    // Those before it that are not in order yet do not show.
    for chat in ["0", "1", "2", "9"] {
      #expect(try bench.stored(bench.make.envelope(events: 2, chat: chat)).isEmpty)
    }
    while try !bench.step(job) { _ = try bench.stored(bench.make.envelope(chat: "1")) }
    #expect(try misplaced() == 0)
    bench.session.destinations.resume(["crm"])
    #expect(try claim().count == 4)
  }

  @Test func whatIsSettledBetweenStepsLeavesAllInPlace() throws {
    let held = try fill(1_200, chats: 4)
    // In flight: some at the beginning, some at the end, of one key and of several.
    let inFlight = [0, 4, 5, 600, 601, 1_190, 1_194, 1_199].map { held[$0] }
    let ids = Set(inFlight.map(\.id))
    bench.release(held.filter { !ids.contains($0.id) })
    let job = reorder()
    var rest = inFlight[...]
    var isRetry = false
    while try !bench.step(job) {
      for delivery in rest.prefix(2) {
        #expect(bench.settle(isRetry ? delivery.retried(at: 0) : delivery.settled(.delivered)).isEmpty)
        isRetry.toggle()
      }
      rest = rest.dropFirst(2)
    }
    #expect(!rest.isEmpty)
    #expect(try misplaced() == 0)
    // Nothing of a key that is in flight.
    let busy = Set(rest.map(\.event.chat))
    let given = try claim() + claim(.retrying)
    #expect(given.count == 4 - busy.count)
    let turns = rest.flatMap { bench.settle($0.settled(.delivered)) }
    #expect(turns.count == busy.count)
    #expect(try misplaced() == 0)
  }

  @Test func aCrashBetweenStepsIsSeenAndTheWorkBegunAgain() throws {
    bench.release(try fill(1_200, chats: 3))
    _ = try bench.step(reorder())
    try bench.reopen()
    #expect(bench.session.destinations.all[0].ordering == nil)
    #expect(try claim().isEmpty)
    // By what it was; and by something else.
    for ordering in [Ordering.chat, .destination] {
      let job = reorder(by: ordering)
      _ = try bench.step(job)
      try bench.reopen()
    }
    try bench.reorder(by: .chat)
    #expect(try misplaced() == 0)
    #expect(try claim().count == 3)
  }

  @Test func aStepThatFailsLeavesTheOrderUnknownAndCanBeBegunAgain() throws {
    bench.release(try fill(600, chats: 2))
    let job = reorder()
    _ = try bench.step(job)
    try Fault.commit.begin(bench.session.connection)
    #expect(throws: StoreError.self) { _ = try bench.step(job) }
    try Fault.commit.end(bench.session.connection)
    #expect(bench.session.destinations.all[0].ordering == nil)
    #expect(try claim().isEmpty)
    try bench.reorder(by: .chat)
    #expect(try misplaced() == 0)
    #expect(try claim().count == 2)
  }

  @Test func aChangeThatFailsOnTheWaySaysHowMuchItDid() throws {
    let held = try fill(1_200, chats: 2)
    bench.release(held)
    var outcome: ChangeOutcome?
    let job = ChangeJob(
      ChangeWish(.discard, .filter(DeliveryFilter()), of: "crm"), clock: bench.clock
    ) {
      outcome = ChangeOutcome($0, error: $1)
    }
    for _ in 0..<2 { _ = try bench.step(job) }
    try Fault.commit.begin(bench.session.connection)
    do throws(StoreError) { _ = try bench.step(job) } catch { job.end(error) }
    #expect(outcome?.changed == 1_000)
    #expect(outcome?.error?.code == .failing)
    try Fault.commit.end(bench.session.connection)
    #expect(bench.session.destinations.all.books == ["crm": Books(pending: 200, discarded: 1_000)])
    #expect(try bench.recount() == bench.storedBooks())
  }

  @Test func retriesTooFarOffAreBroughtInStepByStep() throws {
    let held = try bench.stored(bench.make.envelope(events: 1_200))
    _ = bench.write(settle: held.map { $0.retried(at: 90_000) })
    let claim = try bench.session.claims.claim(
      ClaimRequest(
        destination: "crm", kind: .retrying, now: .second(10), latestDue: .second(100), limit: 9,
        byteLimit: .max))
    #expect(claim.nextDue == .second(100))
    let (destination, latest) = try #require(bench.session.claims.takeRetriesTooFarOff())
    #expect(destination == "crm" && latest == .second(100))
    func tooFarOff() throws -> Int64? {
      try bench.session.connection.integer(
        "SELECT count(*) FROM delivery WHERE due > \(Timestamp.second(100).microseconds)")
    }
    // The claim itself has written nothing.
    var left = [try tooFarOff()]
    let job = BringInJob(destination, to: latest)
    while try !bench.step(job) { left.append(try tooFarOff()) }
    #expect(left == [1_200, 700, 200])
    #expect(try tooFarOff() == 0)
  }

  @Test func aChangeDoesNotFollowWhatArrivesMeanwhile() throws {
    bench.release(try fill(500, chats: 2))
    var changed = 0
    let job = ChangeJob(
      ChangeWish(.discard, .filter(DeliveryFilter()), of: "crm"), clock: bench.clock
    ) { made, _ in
      changed = made.changed
    }
    repeat { bench.release(try fill(500, chats: 2)) } while try !bench.step(job)
    job.end(nil)
    #expect(changed <= 1_000)
  }
}
