/// What the decoder keeps of a head that is still coming in.
///
/// A head arrives in one piece, as a rule, and is gone when it is complete. Ten thousand senders that withhold
/// the end of long ones would be another matter: those are charged to the budget too.
struct HeadMemory {
  private static let freeBytes = 1 << 10
  /// Its strings, and the buffers that they were cut from.
  private static let chargedBytes = 3 * RequestParser.maxHeaderBytes

  private var count = 0
  private var charge = BudgetCharge()

  /// False, if the budget has no room for more.
  mutating func add(bytes: Int, budget: InflightBudget) -> Bool {
    count += bytes
    return count <= Self.freeBytes || budget.grow(&charge, to: Self.chargedBytes)
  }

  mutating func clear(budget: InflightBudget) {
    guard count > 0 else { return }
    budget.release(charge)
    self = HeadMemory()
  }
}
