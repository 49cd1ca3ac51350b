import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct LeaseStateTests {
  private let holding = SlotHolding(slot: 0, session: 1)
  private let own = NodeRow(
    holding: SlotHolding(slot: 0, session: 1),
    identity: NodeIdentity(name: "a", version: "1", configurationHash: "c"), seen: .epoch, age: .zero,
    hasWriter: true, hasWatch: true)
  private let times = LeaseTimes(
    heartbeat: .seconds(1), startsWithin: .seconds(3), length: .seconds(5), gone: .milliseconds(1_500))

  private func state() -> LeaseState { LeaseState(times) }

  /// Another node, which was seen once, and no more.
  private var other: NodeRow {
    var row = own
    row.holding.slot = 1
    return row
  }

  private func reading(_ second: Int) -> ClockReading {
    ClockReading(steady: .second(second), wall: .second(second))
  }

  private func beaten(
    _ state: inout LeaseState, at second: Int, isLost: Bool = false, beside others: [NodeRow] = []
  ) -> [NodeEvent] {
    let answer = BeatAnswer(time: isLost ? nil : .second(second), rows: [own] + others)
    return state.beaten(answer, as: holding, sent: reading(second), received: reading(second))
  }

  private func step(_ state: inout LeaseState, at time: Timestamp) -> LeaseState.Step {
    state.next(at: time).step
  }

  @Test func aHeartbeatGoesAtOnceAndThenEachSecond() {
    var state = state()
    let first = step(&state, at: .second(0))
    #expect(first == .beat)
    _ = beaten(&state, at: 0)
    let rest = step(&state, at: .second(0).advanced(by: .milliseconds(300)))
    #expect(rest == .wait(.milliseconds(700)))
    let second = step(&state, at: .second(1))
    #expect(second == .beat)
    // What was missed while the process stood still is not made up for.
    let late = [step(&state, at: .second(9)), step(&state, at: .second(9))]
    #expect(late == [.beat, .wait(.seconds(1))])
  }

  @Test func theFirstAnswerTellsWhoLives() {
    var state = state()
    _ = step(&state, at: .second(0))
    let events = beaten(&state, at: 0)
    var nodes = LiveNodes([own], own: 0, times: times, judges: false)
    #expect(events == [.leaseHeld, .mayStart, .nodesChanged(nodes), .timeToLook])
    let later = beaten(&state, at: 1)
    #expect(later == [.timeToLook])
    nodes = state.nodes
    #expect(nodes.slots == [0])
  }

  @Test func aLeaseThatIsNotConfirmedIsLostOnTime() {
    var state = state()
    _ = step(&state, at: .second(0))
    _ = beaten(&state, at: 0)
    let failures = [state.failed("cut", at: .second(1)), state.failed("cut", at: .second(2))]
    #expect(failures == [[.unreachable("cut")], []])
    _ = step(&state, at: .second(4))
    // A heartbeat is due at 5, and the lease is over at 5: nobody sleeps beyond that.
    let rest = step(&state, at: .second(4).advanced(by: .milliseconds(400)))
    #expect(rest == .wait(.milliseconds(600)))
    let lost = state.next(at: .second(5))
    #expect(lost.events == [.leaseLost])
    let back = beaten(&state, at: 6)
    #expect(back.prefix(3) == [.reachable, .leaseHeld, .mayStart])
  }

  @Test func whyNothingMayStartIsKnown() {
    var state = state()
    #expect(state.startLack(at: .second(0)) == .unconfirmed(since: nil))
    _ = beaten(&state, at: 1)
    #expect(state.startLack(at: .second(2)) == nil)
    #expect(state.startLack(at: .second(4)) == .unconfirmed(since: .second(1)))
    _ = state.failed("cut", at: .second(4))
    #expect(state.startLack(at: .second(4)) == .unreachable(since: .second(1), reason: "cut"))
    _ = beaten(&state, at: 5)
    #expect(state.startLack(at: .second(5)) == nil)
    _ = beaten(&state, at: 6, isLost: true)
    #expect(state.startLack(at: .second(6)) == .placeLost)
    _ = beaten(&state, at: 7)
    state.end()
    #expect(state.startLack(at: .second(7)) == .placeLost)
  }

  @Test func whoHasLostItsConnectionStartsNothingAndMakesItAgainAtOnce() {
    var state = state()
    _ = step(&state, at: .second(0))
    _ = beaten(&state, at: 0)
    let cut = Timestamp.second(0).advanced(by: .milliseconds(300))
    let told = state.failed("cut", at: cut)
    #expect(told == [.unreachable("cut")])
    #expect(!state.lease.mayStart(at: cut))
    let next = step(&state, at: cut)
    #expect(next == .beat)
    // Where that fails, it is tried with each heartbeat.
    _ = state.failed("cut", at: cut)
    let rest = step(&state, at: cut)
    #expect(rest == .wait(.seconds(1)))
    let back = beaten(&state, at: 1)
    #expect(back == [.reachable, .mayStart, .timeToLook])
    #expect(state.lease.mayStart(at: .second(1)))
  }

  /// Time alone may forbid starts; whoever waits for them is told when they may go on.
  @Test func thatAttemptsMayStartAgainIsTold() {
    var state = state()
    _ = beaten(&state, at: 0)
    #expect(!state.lease.mayStart(at: .second(4)))
    let again = beaten(&state, at: 4)
    #expect(again == [.mayStart, .timeToLook])
  }

  @Test func whoHasLostItsConnectionJudgesNobodyForALease() {
    var state = state()
    for second in 0...4 { _ = beaten(&state, at: second, beside: [other]) }
    var gone = other
    (gone.hasWriter, gone.hasWatch, gone.age) = (false, false, .seconds(2))
    _ = state.failed("the server is started anew", at: .second(5))
    for second in 6...10 { _ = beaten(&state, at: second, beside: [gone]) }
    #expect(state.nodes.slots == [0, 1] && state.nodes.over == [])
    _ = beaten(&state, at: 11, beside: [gone])
    #expect(state.nodes.slots == [0] && state.nodes.over.map(\.holding) == [gone.holding])
  }

  @Test func whoIsOverIsLookedForOnTimeAndOnceMoreWhenItsSessionsWereEnded() {
    var state = state()
    for second in 0...4 { _ = beaten(&state, at: second) }
    _ = step(&state, at: .second(5))
    // First seen now, and so over at 10; the heartbeat after that of 9.6 would be at 10.6.
    _ = beaten(&state, at: 5, beside: [other])
    let late = Timestamp.second(9).advanced(by: .milliseconds(600))
    let beat = step(&state, at: late)
    #expect(beat == .beat)
    _ = beaten(&state, at: 9, beside: [other])
    let rest = step(&state, at: late)
    #expect(rest == .wait(.milliseconds(400)))
    _ = step(&state, at: .second(10))
    _ = beaten(&state, at: 10, beside: [other])
    #expect(state.nodes.over.map(\.holding) == [other.holding])
    let told = [
      state.ended(2, of: other.holding, at: .second(10)), state.ended(2, of: other.holding, at: .second(10)),
    ]
    #expect(told == [[.sessionsEnded(other.holding, count: 2)], []])
    let again = step(&state, at: .second(10))
    #expect(again == .wait(.milliseconds(50)))
  }

  @Test func thatANodesSessionsCanNotBeEndedIsToldOnce() {
    var state = state()
    for second in 0...6 { _ = beaten(&state, at: second, beside: [other]) }
    #expect(state.nodes.over.map(\.holding) == [other.holding])
    let told = [state.couldNotEnd(other.holding, "denied"), state.couldNotEnd(other.holding, "denied")]
    #expect(told == [[.notEnded(other.holding, reason: "denied")], []])
    // Another node has the slot, and stops as well.
    var next = other
    next.holding.session = 2
    for second in 7...14 { _ = beaten(&state, at: second, beside: [next]) }
    let again = state.couldNotEnd(next.holding, "denied")
    #expect(again == [.notEnded(next.holding, reason: "denied")])
  }

  @Test func aCallEndsNoLaterThanTheLease() {
    var state = state()
    #expect(state.limit(.seconds(60), at: .second(0)) == .seconds(5))
    _ = beaten(&state, at: 0)
    #expect(state.limit(.seconds(60), at: .second(1)) == .seconds(4))
    #expect(state.limit(.seconds(2), at: .second(1)) == .seconds(2))
    #expect(state.limit(.seconds(60), at: .second(5)) == .milliseconds(100))
  }

  @Test func aSlotThatAnotherNodeHasTakenEndsTheLeaseAtOnce() {
    var state = state()
    _ = beaten(&state, at: 0)
    let events = beaten(&state, at: 1, isLost: true)
    #expect(events.prefix(2) == [.slotLost(holding), .leaseLost])
    #expect(!state.lease.mayStart(at: .second(1)))
  }

  @Test func aMessageWaitsUntilTheServerIsReached() {
    var state = state()
    _ = step(&state, at: .second(0))
    let wakes = state.stored(upTo: 7)
    #expect(wakes)
    let unreached = step(&state, at: .second(0))
    #expect(unreached == .wait(.seconds(1)))
    _ = beaten(&state, at: 0)
    let reached = step(&state, at: .second(0))
    #expect(reached == .notify(upTo: 7))
  }

  @Test func atTheEndThereIsNothingMoreToDo() {
    var state = state()
    _ = beaten(&state, at: 0)
    #expect(state.mayStart(at: .second(0)))
    state.end()
    let step = step(&state, at: .second(0))
    #expect(step == .end)
    // A heartbeat that was under way.
    _ = beaten(&state, at: 1)
    #expect(!state.mayStart(at: .second(1)))
  }
}
