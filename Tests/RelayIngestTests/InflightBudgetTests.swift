import Testing

@testable import RelayIngest

extension InflightBudget {
  /// A charge grown, if there is room.
  func grown(_ charge: BudgetCharge = BudgetCharge(), to bytes: Int) -> BudgetCharge? {
    var charge = charge
    return grow(&charge, to: bytes) ? charge : nil
  }
}

@Suite struct InflightBudgetTests {
  let budget = InflightBudget(limitBytes: 4 << 20, largestBodyBytes: 1 << 20)

  @Test func largeBodiesCannotTakeTheQuarterOfTheSmallOnes() {
    #expect(budget.grown(to: (3 << 20) + 1) == nil)
    #expect(budget.grown(to: 3 << 20) == BudgetCharge(bytes: 3 << 20, pool: .shared))
    #expect(budget.grown(to: 64 << 10) == BudgetCharge(bytes: 64 << 10, pool: .reserved))
  }

  @Test func smallBodiesMayUseWhatLargeOnesLeave() {
    let charges = (0..<64).compactMap { _ in budget.grown(to: 64 << 10) }
    #expect(charges.count == 64)
    #expect(charges.filter { $0.pool == .reserved }.count == 16)
    #expect(budget.grown(to: 1) == nil)
    for charge in charges { budget.release(charge) }
    #expect(budget.chargedBytes == 0)
  }

  @Test func aBodyThatGrowsLargeIsMovedOutOfTheReserve() throws {
    let small = try #require(budget.grown(to: 64 << 10))
    let large = try #require(budget.grown(small, to: (64 << 10) + 1))
    #expect(large == BudgetCharge(bytes: (64 << 10) + 1, pool: .shared))
    #expect(budget.chargedBytes == (64 << 10) + 1)
    let others = (0..<16).compactMap { _ in budget.grown(to: 64 << 10) }
    #expect(others.filter { $0.pool == .reserved }.count == 16)
  }

  @Test func aBodyThatCannotGrowKeepsWhatItHas() throws {
    let charge = try #require(budget.grown(to: 1000))
    #expect(budget.grown(charge, to: 4 << 20) == nil)
    #expect(budget.chargedBytes == 1000)
    budget.release(charge)
    #expect(budget.chargedBytes == 0)
  }

  /// `max_inflight` from `max_body` itself to well above it.
  @Test(arguments: [5 << 20, 6 << 20, 20 << 20 / 3, 7 << 20, 64 << 20])
  func oneOfTheLargestBodiesAlwaysHasRoom(limitBytes: Int) throws {
    let budget = InflightBudget(limitBytes: limitBytes, largestBodyBytes: 5 << 20)
    let largest = try #require(budget.grown(to: 5 << 20))
    // What decodes it counts beside it.
    #expect(budget.grown(to: Inflater.stateBytes) != nil)
    budget.release(largest)
    let reserved = (0..<2_000).compactMap { _ in budget.grown(to: 64 << 10) }.filter { $0.pool == .reserved }
    #expect(reserved.count * 64 << 10 <= limitBytes / 4)
    #expect(budget.chargedBytes <= max(limitBytes, (5 << 20) + Inflater.stateBytes), "all together")
  }

  @Test func aReloadKeepsTheRoomForOneOfTheLargestBodies() {
    budget.setLimit(bytes: 6 << 20, largestBodyBytes: 5 << 20)
    #expect(budget.grown(to: 5 << 20) != nil)
  }

  @Test func manyThreadsLeaveNothingBehind() async {
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask { [budget] in
          for size in 1...1000 {
            if let charge = budget.grown(to: size * 100) { budget.release(charge) }
          }
        }
      }
    }
    #expect(budget.chargedBytes == 0)
  }
}
