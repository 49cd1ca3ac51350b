import CSQLite
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What a lane's refill costs, in steps of SQLite's virtual machine: the same for a backlog of any size.
struct RefillCostTests {
  private let bench: SessionBench

  init() throws {
    bench = try SessionBench()
  }

  /// - Parameter chats: How many keys the backlog waits for; nil: it waits for none.
  private func fill(_ count: Int, chats: Int?) throws {
    for place in 0..<count / 100 {
      let chat = chats.map { String(place % $0) }
      bench.release(try bench.stored(bench.make.envelope(to: ["crm"], events: 100, chat: chat)))
    }
  }

  private func cost(_ count: Int = 4) throws -> Int {
    func takeSteps() -> Int { bench.session.claims.takeSteps() + bench.session.keys.takeSteps() }
    _ = takeSteps()
    let request = ClaimRequest(
      destination: "crm", kind: .fresh, now: .second(0), limit: count, byteLimit: .max)
    let claim = try bench.session.claims.claim(request)
    #expect(claim.deliveries.count == count)
    for delivery in claim.deliveries { _ = bench.settle(delivery.settled(.delivered)) }
    // What came into hand by that makes room for nobody else.
    bench.session.claims.giveBack(bench.claimed.map { DeliveryID(rawValue: $0) })
    return takeSteps()
  }

  @Test(arguments: [nil, 5])
  func itDoesNotGrowWithTheBacklog(chats: Int?) throws {
    try bench.reorder(by: .chat)
    try fill(1_000, chats: chats)
    let small = try cost()
    try fill(20_000, chats: chats)
    let large = try cost()
    #expect(large <= small + 5, "\(small) steps, then \(large)")
  }

  @Test func itDoesNotGrowWithWhatIsHeld() throws {
    try fill(200, chats: nil)
    let small = try cost()
    try fill(5_000, chats: nil)
    let held = try bench.session.claims.claim(
      ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 5_000, byteLimit: .max))
    #expect(held.deliveries.count == 5_000)
    _ = try cost()
    #expect(try cost() <= small + 5)
  }

  @Test func freshOnesBehindABacklogThatWaitsAreFoundAtOnce() throws {
    try bench.reorder(by: .chat)
    try fill(200, chats: nil)
    let before = try cost()
    try fill(20_000, chats: 2)
    #expect(try cost() <= before + 50)
  }

  @Test func aNextDueTimeIsFoundAtOnce() throws {
    let held = try bench.stored(bench.make.envelope(events: 500))
    _ = bench.write(settle: held.map { $0.retried(at: 100) })
    _ = bench.session.claims.takeSteps()
    let request = ClaimRequest(
      destination: "crm", kind: .retrying, now: .second(0), limit: 9, byteLimit: .max)
    #expect(try bench.session.claims.claim(request).nextDue == .second(100))
    #expect(bench.session.claims.takeSteps() < 60, "there are 500 retries")
  }
}
