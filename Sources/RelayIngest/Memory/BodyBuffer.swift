import NIOCore

/// A body as it arrives, in one array that the budget has been charged for.
struct BodyBuffer {
  /// Nothing larger is allocated for what a sender has only announced.
  private static let firstBytes = 4 << 10

  private(set) var bytes: [UInt8] = []
  private(set) var charge = BudgetCharge()
  /// The most that this body can come to: its length if that is known, or `max_body`.
  private let limitBytes: Int

  init(limitBytes: Int) {
    self.limitBytes = limitBytes
  }

  /// Copies `input` behind what is here; false, with nothing changed, if the budget has no room for it.
  mutating func append(_ input: ByteBuffer, budget: InflightBudget) -> Bool {
    let needed = bytes.count + input.readableBytes
    if needed > bytes.capacity {
      let capacity = max(needed, min(limitBytes, max(Self.firstBytes, 2 * bytes.capacity)))
      guard budget.grow(&charge, to: capacity) else { return false }
      bytes.reserveCapacity(capacity)
      budget.add(bytes.capacity - charge.bytes, to: &charge)
    }
    input.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    return true
  }
}
