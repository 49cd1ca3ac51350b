import RelayCore
import RelayStoring
import Testing

@testable import RelaySQLite

struct ClaimTableTests {
  private let first = DeliveryID(rawValue: 1)
  private let second = DeliveryID(rawValue: 2)
  private let third = DeliveryID(rawValue: 3)
  private let key = OrderKey(destination: 1, text: "a")

  private func entry(_ key: String? = nil) -> ClaimTable.Entry {
    ClaimTable.Entry(destination: 1, bytes: 7, received: .second(0), orderKey: key, isFresh: true)
  }

  @Test func aRollbackRestoresWhatWasClaimed() {
    var table = ClaimTable()
    table.add(first, entry("a"))
    table.add(second, entry())
    table.commit()
    let before = table.entries
    // Taken and given a new key, as a reorder does; taken; made.
    var moved = table.take(first)!
    moved.orderKey = "b"
    table.add(first, moved)
    _ = table.take(second)
    table.add(third, entry("a"))
    table.rollback()
    #expect(table.entries == before)
    #expect(table.holds(key))
    #expect(!table.holds(OrderKey(destination: 1, text: "b")))
  }

  @Test func aKeyIsHeldUntilTheLastOfItIsGone() {
    var table = ClaimTable()
    table.add(first, entry("a"))
    table.add(second, entry("a"))
    _ = table.take(first)
    #expect(table.holds(key))
    #expect(!table.holds(OrderKey(destination: 2, text: "a")))
    #expect(table.take(second) == entry("a"))
    #expect(!table.holds(key))
    #expect(table.take(second) == nil)
    #expect(table.isEmpty)
  }
}
