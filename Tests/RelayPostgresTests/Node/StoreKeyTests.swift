import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct StoreKeyTests {
  @Test func keysAreNeverNegativeAndEachBitOfTheIDChangesThem() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<200 {
      let id = EventID(high: random.next(), low: random.next())
      let key = StoreKey(id: id)
      #expect(key.value >= 0)
      for bit in 0..<64 where bit % 32 != 31 {
        #expect(StoreKey(id: EventID(high: id.high ^ (1 << bit), low: id.low)) != key)
        #expect(StoreKey(id: EventID(high: id.high, low: id.low ^ (1 << bit))) != key)
      }
    }
  }

  @Test func theLocksOfASlotAreNobodyElses() {
    let keys = Slot.all.flatMap { [SlotLock.writer.key(of: $0), SlotLock.watch.key(of: $0)] }
    #expect(Set(keys).count == 2 * Slot.all.count)
  }
}
