import NIOCore

/// Bytes that came while the request before them was being answered.
///
/// Once there is any, the connection isn't read; but one read may bring much, and at the end of the stream NIO reads all
/// that the kernel has, asked or not.
struct HeldInput {
  static let limitBytes = 64 << 10

  private var buffer: ByteBuffer?
  private var charge = BudgetCharge()
  /// More came than is held: what follows is lost, and the connection can't go on behind what is here.
  private(set) var overflowed = false

  var isEmpty: Bool { buffer == nil }

  mutating func append(_ input: ByteBuffer, budget: InflightBudget) {
    guard !overflowed else { return }
    var input = input
    let count = (buffer?.readableBytes ?? 0) + input.readableBytes
    if count <= Self.limitBytes, budget.grow(&charge, to: max(count, input.storageCapacity)) {
      if buffer?.writeBuffer(&input) == nil { buffer = input }
    } else {
      clear(budget: budget)
      overflowed = true
    }
  }

  mutating func take(budget: InflightBudget) -> ByteBuffer? {
    defer { clear(budget: budget) }
    return buffer
  }

  mutating func clear(budget: InflightBudget) {
    buffer = nil
    budget.release(charge)
    charge = BudgetCharge()
  }
}
