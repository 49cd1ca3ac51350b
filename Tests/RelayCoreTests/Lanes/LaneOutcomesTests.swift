import Testing

@testable import RelayCore

/// What a delivery's age means to it, where its lane has a say.
@Suite struct LaneOutcomesTests {
  private let maxAge = Duration.seconds(100)

  private func destination(_ ordering: Ordering = .destination) -> Destination {
    var destination = Made.destination()
    destination.ordering = ordering
    destination.retry.maxAge = maxAge
    destination.retry.jitter = 0
    destination.circuit.failures = 2
    return destination
  }

  /// One delivery alone has opened it.
  private func circuitOpenByHeads(_ destination: Destination) -> Circuit {
    var circuit = Circuit()
    for _ in 1...2 {
      _ = circuit.finished(Made.delivery(1), .destination, isAlone: true, at: .tick(100), of: destination)
    }
    return circuit
  }

  private func outcome(
    _ outcomes: LaneOutcomes, _ destination: Destination, _ suspended: SuspendedTime = SuspendedTime(),
    since: Timestamp, at now: Timestamp
  ) -> Settlement.Outcome {
    outcomes.outcome(
      of: Made.delivery(2, since: since), Made.result(503), .destination, counted: 1, destination, Circuit(),
      suspended, now: now, random: 0)
  }

  private func probed(
    _ outcomes: LaneOutcomes, _ destination: Destination, received: Timestamp = .tick(0), at now: Timestamp
  ) -> Settlement.Outcome {
    outcomes.outcome(
      ofProbe: Made.delivery(1, received: received, since: .tick(100)), Made.result(503), .destination,
      destination,
      circuitOpenByHeads(destination), SuspendedTime(since: .tick(100)), now: now)
  }

  @Test func itDiesAtItsAgeInService() {
    let (outcomes, destination) = (LaneOutcomes(), destination())
    #expect(outcome(outcomes, destination, since: .tick(0), at: .tick(99)) == .retry(at: .tick(100)))
    #expect(outcome(outcomes, destination, since: .tick(0), at: .tick(100)) == .dead(.expired))
    let suspended = SuspendedTime(ended: .seconds(1))
    #expect(
      outcome(outcomes, destination, suspended, since: .tick(0), at: .tick(100)) == .retry(at: .tick(101)))
  }

  @Test func whereAnOrderIsKeptOnlyOneDiesInEachMaxAgeUntilSomethingSucceeds() {
    var outcomes = LaneOutcomes()
    outcomes.expired(SuspendedTime(), at: .tick(200))
    #expect(outcome(outcomes, destination(), since: .tick(0), at: .tick(299)) == .retry(at: .tick(300)))
    #expect(outcome(outcomes, destination(.none), since: .tick(0), at: .tick(299)) == .dead(.expired))
    #expect(outcome(outcomes, destination(), since: .tick(0), at: .tick(300)) == .dead(.expired))
    outcomes.succeeded()
    #expect(outcome(outcomes, destination(), since: .tick(0), at: .tick(299)) == .dead(.expired))
  }

  @Test func theHeadThatOpenedTheCircuitAgesWhileItIsOpenAndNotPaused() {
    var outcomes = LaneOutcomes()
    outcomes.advance(isOpen: true, isPaused: false, to: .tick(100))
    #expect(probed(outcomes, destination(), at: .tick(199)) == .retry(at: .tick(199)))
    #expect(probed(outcomes, destination(), at: .tick(200)) == .dead(.expired))
    #expect(
      probed(outcomes, destination(), received: .tick(150), at: .tick(200)) == .retry(at: .tick(200)),
      "it came later")
    outcomes.advance(isOpen: true, isPaused: true, to: .tick(150))
    #expect(probed(outcomes, destination(), at: .tick(900)) == .retry(at: .tick(900)))
    outcomes.advance(isOpen: true, isPaused: false, to: .tick(1_000))
    #expect(probed(outcomes, destination(), at: .tick(1_050)) == .dead(.expired))
  }

  @Test func aClosedCircuitEndsTheOpeningsTimeAndSoDoesAPersonsRetry() {
    var outcomes = LaneOutcomes()
    outcomes.advance(isOpen: true, isPaused: false, to: .tick(100))
    var closed = outcomes
    closed.advance(isOpen: false, isPaused: false, to: .tick(150))
    closed.advance(isOpen: true, isPaused: false, to: .tick(160))
    #expect(probed(closed, destination(), at: .tick(200)) == .retry(at: .tick(200)))
    outcomes.retriedByPerson(at: .tick(150))
    outcomes.advance(isOpen: true, isPaused: false, to: .tick(150))
    #expect(probed(outcomes, destination(), at: .tick(200)) == .retry(at: .tick(200)))
  }
}
