import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

@testable import RelaySQLite

struct EventCacheTests {
  private let make = TestEnvelopes()

  private func event(bytes: Int = 0) -> Event {
    make.envelope(body: Array(repeating: 0, count: bytes)).events[0].event
  }

  @Test func theLastOnesReadAreHeldWithinItsLimit() {
    let size = event().footprint
    let cache = EventCache<EventRowID>(limit: 10 * size)
    for row in 1...5_000 as ClosedRange<Int64> { cache.insert(event(), row: RowID(rawValue: row)) }
    #expect(cache.event(4_990) == nil)
    #expect((4_991...5_000).allSatisfy { cache.event(RowID(rawValue: $0)) != nil })
  }

  @Test func oneThatWouldTakeMuchOfItIsNotHeld() {
    let cache = EventCache<EventRowID>(limit: 4_000)
    cache.insert(event(), row: 1)
    cache.insert(event(bytes: 1_000), row: 2)
    #expect(cache.event(1) != nil)
    #expect(cache.event(2) == nil)
  }

  @Test func anEventIsReadOnceForAllItsDeliveries() throws {
    let bench = try SessionBench()
    bench.release(try bench.stored(bench.make.envelope(to: ["crm", "bi"], events: 3)))
    bench.release(try bench.stored(bench.make.envelope(to: ["audit"])))
    let claimed = try ["crm", "bi", "audit"].map { destination in
      try bench.session.claims.claim(
        ClaimRequest(destination: destination, kind: .fresh, now: .second(0), limit: 9, byteLimit: .max)
      ).deliveries
    }
    #expect(claimed.map(\.count) == [3, 3, 1])
    for (crm, bi) in zip(claimed[0], claimed[1]) { #expect(crm.event === bi.event) }
    #expect(bench.session.events.event(1) === claimed[0][0].event)
    #expect(bench.session.events.event(4) == nil, "it has one delivery")
  }

  @Test func aFailedTransactionForgetsThem() throws {
    let bench = try SessionBench()
    bench.release(try bench.stored(bench.make.envelope(to: ["crm", "bi"])))
    _ = try bench.session.claims.claim(
      ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 9, byteLimit: .max))
    #expect(bench.session.events.event(1) != nil)
    try Fault.begin.begin(bench.session.connection)
    #expect(throws: StoreError.self) { try bench.configure(.test) }
    try Fault.begin.end(bench.session.connection)
    #expect(bench.session.events.event(1) == nil)
  }
}
