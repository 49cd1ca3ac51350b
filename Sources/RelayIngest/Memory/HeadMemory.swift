import NIOCore

/// What the decoder keeps of a head that is still coming in.
///
/// A head arrives in one piece, as a rule, and is gone when it is complete. Ten thousand senders that withhold
/// the end of long ones would be another matter: those are charged to the budget too.
struct HeadMemory {
  private static let freeBytes = 1 << 10
  /// Its strings, and the buffers that they were cut from.
  private static let chargedBytes = 3 * RequestParser.maxHeaderBytes

  /// How many bytes of it have come.
  private(set) var count = 0
  /// The first of them.
  private(set) var start: [UInt8] = []
  private var charge = BudgetCharge()

  /// False, if the budget has no room for more.
  mutating func add(bytes: Int, budget: InflightBudget) -> Bool {
    count += bytes
    return count <= Self.freeBytes || budget.grow(&charge, to: Self.chargedBytes)
  }

  /// Notes what the next bytes begin with, before anything looks into them.
  mutating func begin(with bytes: ByteBufferView) {
    guard start.count < ForeignProtocol.telltaleBytes else { return }
    start += bytes.prefix(ForeignProtocol.telltaleBytes - start.count)
  }

  mutating func clear(budget: InflightBudget) {
    guard count > 0 || !start.isEmpty else { return }
    budget.release(charge)
    self = HeadMemory()
  }
}
