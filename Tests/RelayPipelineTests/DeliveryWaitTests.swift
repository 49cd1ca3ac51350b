import RelayCore
import Testing

@testable import RelayPipeline

/// What a pending delivery is said to wait for, where several things hold at once.
@Suite struct DeliveryWaitTests {
  private let now = Timestamp(microseconds: 1_000_000_000)
  private let later = Timestamp(microseconds: 2_000_000_000)
  private let destination = Destination(name: "crm", url: Secret("http://x"))

  private func record(_ state: DeliveryState, due: Timestamp? = nil) -> DeliveryRecord {
    DeliveryRecord(
      id: DeliveryID(rawValue: 7), event: EventID(high: 1, low: 1), type: "a", receivedAt: now,
      destination: "crm",
      route: "r", configuration: "c", run: 0, state: state, attempts: 1, due: due,
      waitsFor: state == .waiting ? DeliveryID(rawValue: 3) : nil)
  }

  private func wait(
    _ record: DeliveryRecord, _ lane: LaneStatus?, storeHolds: Bool = false
  ) -> DeliveryWait? {
    DeliveryWait(
      record, lane: lane, destination: lane == nil ? nil : destination, storeHolds: storeHolds, now: now)
  }

  @Test(arguments: [DeliveryState.delivered, .dead, .discarded])
  func whatIsSettledWaitsForNothing(state: DeliveryState) {
    #expect(wait(record(state), LaneStatus(name: "crm")) == nil)
  }

  @Test func theReasonThatStandsFirstIsTold() {
    var lane = LaneStatus(name: "crm")
    #expect(wait(record(.fresh), nil) == .orphaned)
    #expect(wait(record(.fresh), lane) == .turn)
    #expect(wait(record(.fresh), lane, storeHolds: true) == .store)
    #expect(wait(record(.retrying, due: later), lane) == .retry(at: later))
    #expect(wait(record(.retrying, due: now), lane) == .turn)
    lane.heldUntil = later
    #expect(wait(record(.retrying, due: later), lane) == .held(until: later))
    lane.lastFailure = "status 500"
    lane.circuit = .open(since: now)
    #expect(wait(record(.fresh), lane) == .circuit(openSince: now, lastFailure: "status 500"))
    #expect(wait(record(.waiting), lane) == .order(DeliveryID(rawValue: 3)))
    lane.isPaused = true
    #expect(wait(record(.waiting), lane) == .paused(until: nil, at: nil))
    lane.pausedUntil = later
    #expect(wait(record(.fresh), lane) == .paused(until: later, at: nil))
    lane.pausedUntil = .distantFuture
    #expect(wait(record(.fresh), lane) == .paused(until: nil, at: nil))
    lane.inFlight = [DeliveryID(rawValue: 7)]
    #expect(wait(record(.fresh), lane) == .inFlight)
  }
}
