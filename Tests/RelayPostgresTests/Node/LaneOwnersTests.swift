import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct LaneOwnersTests {
  private let names = (0..<3_000).map { "destination-\($0)" }

  private func owners(_ slots: [Int]) -> [Int?] {
    let owners = LaneOwners(slots: slots)
    return names.map { owners.owner(of: $0) }
  }

  @Test func withoutANodeNobodyOwnsAnything() {
    #expect(LaneOwners(slots: []).owner(of: "crm") == nil)
  }

  @Test func allNodesComeToTheSameAnswerInWhateverOrderTheyFindEachOther() {
    #expect(owners([5, 0, 9]) == owners([9, 5, 5, 0]))
  }

  @Test(arguments: [[0, 1], [0, 1, 2], [3, 17, 4_095], Array(0..<8)])
  func eachNodeOwnsItsShare(slots: [Int]) {
    let owned = Dictionary(grouping: owners(slots)) { $0 }.mapValues(\.count)
    let share = Double(names.count) / Double(slots.count)
    for slot in slots {
      let count = Double(owned[slot] ?? 0)
      // Five times what chance allows for.
      let spread = 5 * share.squareRoot()
      #expect(abs(count - share) < spread, "slot \(slot) owns \(count) of \(names.count)")
    }
  }

  @Test func namesThatDifferInOneCharacterAreSpread() {
    let owners = LaneOwners(slots: 0..<4)
    let owned = Set((0..<40).map { owners.owner(of: "crm\($0)") })
    #expect(owned.count == 4)
  }

  @Test func aNodeThatComesTakesItsShareAndNothingElseMoves() {
    let (before, after) = (owners([0, 1, 2]), owners([0, 1, 2, 3]))
    let moved = zip(before, after).filter { $0 != $1 }
    #expect(moved.allSatisfy { $0.1 == 3 })
    #expect((600...900).contains(moved.count))
    // From all others alike.
    for slot in 0..<3 { #expect((180...320).contains(moved.count { $0.0 == slot })) }
  }

  @Test func aNodeThatGoesLeavesItsShareToAllOthersAndNothingElseMoves() {
    let (before, after) = (owners([0, 1, 2, 3]), owners([0, 2, 3]))
    let moved = zip(before, after).filter { $0 != $1 }
    #expect(moved.allSatisfy { $0.0 == 1 })
    for slot in [0, 2, 3] { #expect((180...320).contains(moved.count { $0.1 == slot })) }
  }
}
