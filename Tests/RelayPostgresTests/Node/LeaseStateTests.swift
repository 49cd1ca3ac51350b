import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct LeaseStateTests {
  private let holding = SlotHolding(slot: 0, session: 1)
  private let own = NodeRow(
    holding: SlotHolding(slot: 0, session: 1),
    identity: NodeIdentity(name: "a", version: "1", configurationHash: "c"), age: .zero, hasWriter: true,
    hasWatch: true)

  private func state() -> LeaseState {
    LeaseState(LeaseTimes(heartbeat: .seconds(1), startsWithin: .seconds(3), length: .seconds(5)))
  }

  private func reading(_ second: Int) -> ClockReading {
    ClockReading(steady: .second(second), wall: .second(second))
  }

  private func beaten(_ state: inout LeaseState, at second: Int, isLost: Bool = false) -> [NodeEvent] {
    let answer = BeatAnswer(time: isLost ? nil : .second(second), rows: [own])
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
    var nodes = LiveNodes([own], own: 0, length: .seconds(5), judges: false)
    #expect(events == [.leaseHeld, .nodesChanged(nodes), .timeToLook])
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
    #expect(back.prefix(2) == [.reachable, .leaseHeld])
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
    state.end()
    let step = step(&state, at: .second(0))
    #expect(step == .end)
  }
}
