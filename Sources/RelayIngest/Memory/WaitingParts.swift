import NIOCore

/// Decoded parts of requests behind the one that is being answered: what stood in the same few bytes.
///
/// A request of 20 bytes makes objects of ten times that, so they are charged to the budget as well.
struct WaitingParts {
  private static let chargedBytesPerPart = 256

  private var parts = CircularBuffer<RequestPart>(initialCapacity: 0)
  private var charge = BudgetCharge()

  var isEmpty: Bool { parts.isEmpty }

  /// False, if the budget has no room for it; then all are gone.
  mutating func append(_ part: RequestPart, budget: InflightBudget) -> Bool {
    guard budget.grow(&charge, to: charge.bytes + Self.chargedBytesPerPart) else {
      clear(budget: budget)
      return false
    }
    parts.append(part)
    return true
  }

  mutating func popFirst(budget: InflightBudget) -> RequestPart? {
    guard let part = parts.popFirst() else { return nil }
    if parts.isEmpty { clear(budget: budget) }
    return part
  }

  mutating func clear(budget: InflightBudget) {
    parts = CircularBuffer(initialCapacity: 0)
    budget.release(charge)
    charge = BudgetCharge()
  }
}
