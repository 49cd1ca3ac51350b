import RelayCore
import Testing

@testable import RelaySQLite

struct ClaimTableTests {
  private let key = OrderKey(destination: 1, text: "a")

  private func entry(_ key: String? = nil) -> ClaimTable.Entry {
    ClaimTable.Entry(destination: 1, bytes: 7, received: .second(0), orderKey: key, isFresh: true)
  }

  @Test func aRollbackRestoresWhatWasClaimed() {
    var table = ClaimTable()
    table.add(1, entry("a"))
    table.add(2, entry())
    table.commit()
    let before = table.entries
    // Taken and given a new key, as a reorder does; taken; made.
    var moved = table.take(1)!
    moved.orderKey = "b"
    table.add(1, moved)
    _ = table.take(2)
    table.add(3, entry("a"))
    table.rollback()
    #expect(table.entries == before)
    #expect(table.holds(key))
    #expect(!table.holds(OrderKey(destination: 1, text: "b")))
  }

  @Test func aKeyIsHeldUntilTheLastOfItIsGone() {
    var table = ClaimTable()
    table.add(1, entry("a"))
    table.add(2, entry("a"))
    _ = table.take(1)
    #expect(table.holds(key))
    #expect(!table.holds(OrderKey(destination: 2, text: "a")))
    #expect(table.take(2) == entry("a"))
    #expect(!table.holds(key))
    #expect(table.take(2) == nil)
    #expect(table.isEmpty)
  }
}
