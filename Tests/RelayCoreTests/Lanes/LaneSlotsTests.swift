import Testing

@testable import RelayCore

/// Which delivery takes the next slot.
@Suite struct LaneSlotsTests {
  private let policy = CircuitPolicy()

  /// A window whose store was found empty, with these in it.
  private func window(fresh: ClosedRange<Int64>? = nil, retries: ClosedRange<Int64>? = nil) -> LaneWindow {
    var window = LaneWindow(size: WindowSize(deliveries: 64, bytes: 64 << 20))
    while let wish = window.nextWish(now: LaneKit.now, lacksTriable: false) {
      let ids = wish.kind == .fresh ? fresh : retries
      let deliveries = (ids.map { Array($0) } ?? []).map {
        Made.delivery($0, attempts: wish.kind == .fresh ? 0 : 1)
      }
      let claim = Claim(destination: "d", kind: wish.kind, deliveries: deliveries, isExhausted: true)
      _ = window.claimed(claim, now: LaneKit.now)
    }
    return window
  }

  private func start(_ slots: inout LaneSlots, _ window: inout LaneWindow, of concurrency: Int) -> [Int64] {
    var circuit = Circuit()
    var ids: [Int64] = []
    var replays = LaneWindow(size: window.size.ofReplays)
    while slots.mayStart(window, circuit, of: concurrency),
      let delivery = slots.start(
        from: &window, &replays, &circuit, of: concurrency, policy, now: LaneKit.now)
    {
      ids.append(delivery.id.rawValue)
    }
    return ids
  }

  @Test func whatStartsHasLeftTheWindowAndIsInFlight() {
    var (slots, window) = (LaneSlots(), window(fresh: 1...3))
    #expect(start(&slots, &window, of: 2) == [1, 2])
    #expect(window.fresh.deliveries.map(\.id.rawValue) == [3])
    #expect(slots.inFlight.count == 2 && slots.retriesInFlight == 0)
    #expect(!slots.isQuiet)
  }

  @Test func anAttemptsEndFreesItsSlotAndItsOutcomeGoesToTheDisk() {
    var (slots, window) = (LaneSlots(), window(fresh: 1...2, retries: 11...12))
    #expect(start(&slots, &window, of: 2) == [1, 11])
    #expect(slots.retriesInFlight == 1)
    #expect(slots.end(DeliveryID(rawValue: 11))?.id.rawValue == 11)
    #expect(slots.retriesInFlight == 0 && slots.unsettled == 1)
    #expect(start(&slots, &window, of: 2) == [2])
    for id: Int64 in 1...2 { _ = slots.end(DeliveryID(rawValue: id)) }
    #expect(slots.inFlight.isEmpty && !slots.isQuiet)
    for _ in 1...3 { slots.settled() }
    #expect(slots.isQuiet)
  }

  @Test func oneThatWasNotStartedHereIsNobodys() {
    var slots = LaneSlots()
    #expect(slots.end(DeliveryID(rawValue: 1)) == nil)
    #expect(slots.isQuiet)
  }

  @Test func retriesLeaveSlotsToFreshOnes() {
    var (slots, window) = (LaneSlots(), window(retries: 1...8))
    #expect(start(&slots, &window, of: 8).count == 6)
    #expect(!slots.mayStart(window, Circuit(), of: 8))
    _ = window.arrived(Made.delivery(20))
    #expect(start(&slots, &window, of: 8) == [20])
  }
}
