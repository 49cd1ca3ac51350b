import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

struct ShelfWalkTests {
  /// What a table would hold: each event's number, and its deliveries on two shelves.
  private struct Table {
    var numbers: [Int64] = []
    var shelves: [[ShelfWalk.Found]] = [[], []]
    var listed: Set<Int64> = []

    /// - Parameter closeness: How far apart commits are, at most.
    init(_ random: inout SplitMix64, commits: Int, closeness: Int64) {
      var base = 5 * ShelfWalk.span
      for _ in 0..<commits {
        base += 1 + Int64(random.below(Int(closeness)))
        let number = base + Int64(random.below(1_000))
        numbers.append(number)
        base = max(base, number)
        for shelf in 0..<2 where random.below(3) == 0 {
          // Of the same commit: before the event's number, or after it, and as far from it as may be.
          let delivery = number - ShelfWalk.span + Int64(random.below(2 * Int(ShelfWalk.span)))
          shelves[shelf].append(ShelfWalk.Found(delivery: delivery, event: Self.event(number)))
          listed.insert(number)
        }
      }
    }

    static func event(_ number: Int64) -> EventID { EventID(high: 1, low: UInt64(number)) }

    func read(_ range: ClosedRange<Int64>, _ order: EventPageRequest.Order, limit: Int) -> [[ShelfWalk.Found]]
    {
      shelves.map { shelf in
        let rows = shelf.filter { range.contains($0.delivery) }
          .sorted { ($0.delivery < $1.delivery) == (order == .oldestFirst) }
        return Array(rows.prefix(limit))
      }
    }
  }

  @Test(
    arguments: 1...20 as ClosedRange<UInt64>, EventPageRequest.Order.allCases)
  func whatIsOnAShelfIsFoundInItsOrderAndAllOfItIsGoneThroughOnce(
    seed: UInt64, _ order: EventPageRequest.Order
  ) {
    var random = SplitMix64(seed: seed)
    let closeness = random.pick([100, Int64(1) << 24, ShelfWalk.span / 2, 4 * ShelfWalk.span])
    let table = Table(&random, commits: 3_000, closeness: closeness)
    let all = table.numbers[0]..<table.numbers[table.numbers.count - 1] + 1
    // As if there were many shelves: few are read of each.
    var walk = ShelfWalk(all, order, shelves: 100)
    var (found, parts): (Set<Int64>, [Range<Int64>]) = ([], [])
    while let deliveries = walk.deliveries, parts.count < 100_000 {
      switch walk.next(table.read(deliveries, order, limit: walk.page)) {
      case .all(let part):
        found.formUnion(table.numbers.filter { part.contains($0) && table.listed.contains($0) })
        parts.append(part)
      case .events(let events, let part):
        found.formUnion(
          table.numbers.filter { part.contains($0) && events.contains(Table.event($0)) })
        parts.append(part)
      }
    }
    #expect(found == table.listed)
    let rising = order == .oldestFirst ? parts : parts.reversed()
    #expect(rising.first?.lowerBound == all.lowerBound && rising.last?.upperBound == all.upperBound)
    #expect(zip(rising, rising.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
  }

  @Test func whatIsFarApartIsLeaptOver() {
    let events = (0..<3).map {
      ShelfWalk.Found(delivery: (100 + $0) * ShelfWalk.span, event: EventID(high: 1, low: UInt64($0)))
    }
    let all = ShelfWalk.span..<1_000 * ShelfWalk.span
    var walk = ShelfWalk(all, .newestFirst, shelves: 1)
    #expect(walk.next([events.reversed()]) == .events(Set(events.map(\.event)), within: all))
    #expect(walk.deliveries == nil)
  }
}
