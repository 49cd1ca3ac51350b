import NIOCore

/// What came for later requests while one is being answered: first the parts that the decoder had already made of it, then
/// bytes that nothing has looked into.
///
/// Parts are what stood in the same few bytes as the request before them: at most what one slice of
/// `DecoderFeed.sliceBytes` made. A request of 20 bytes makes objects of ten times that, so they are charged to the budget.
///
/// Once there are bytes, the connection isn't read; but one read may bring much, and at the end of the stream NIO reads all
/// that the kernel has, asked or not.
struct WaitingInput {
  enum Item {
    case part(RequestPart)
    case bytes(ByteBuffer)
  }

  static let limitBytes = 64 << 10
  private static let chargedBytesPerPart = 256

  private var parts = CircularBuffer<RequestPart>(initialCapacity: 0)
  private var partsCharge = BudgetCharge()
  private var bytes: ByteBuffer?
  private var bytesCharge = BudgetCharge()
  /// More came than is kept: what follows is lost.
  private var hasLostBytes = false

  var isEmpty: Bool { parts.isEmpty && bytes == nil }
  var hasParts: Bool { !parts.isEmpty }

  /// - Returns: False, if the budget has no room for it; then all parts are gone, and the connection can't go on behind
  ///   the present request.
  mutating func append(_ part: RequestPart, budget: InflightBudget) -> Bool {
    guard budget.grow(&partsCharge, to: partsCharge.bytes + Self.chargedBytesPerPart) else {
      clearParts(budget: budget)
      return false
    }
    parts.append(part)
    return true
  }

  /// - Returns: False, if more has come than is kept; then all bytes are gone, also those that follow, and the connection
  ///   can't go on behind what is here.
  mutating func append(_ input: ByteBuffer, budget: InflightBudget) -> Bool {
    guard !hasLostBytes else { return false }
    var input = input
    let count = (bytes?.readableBytes ?? 0) + input.readableBytes
    guard count <= Self.limitBytes, budget.grow(&bytesCharge, to: max(count, input.storageCapacity)) else {
      clearBytes(budget: budget)
      hasLostBytes = true
      return false
    }
    if bytes?.writeBuffer(&input) == nil { bytes = input }
    return true
  }

  /// Takes out one part, or if there is none, all bytes.
  mutating func takeFirst(budget: InflightBudget) -> Item? {
    if let part = parts.popFirst() {
      if parts.isEmpty { clearParts(budget: budget) }
      return .part(part)
    }
    guard let bytes else { return nil }
    clearBytes(budget: budget)
    return .bytes(bytes)
  }

  mutating func clear(budget: InflightBudget) {
    clearParts(budget: budget)
    clearBytes(budget: budget)
  }

  private mutating func clearParts(budget: InflightBudget) {
    parts = CircularBuffer(initialCapacity: 0)
    budget.release(partsCharge)
    partsCharge = BudgetCharge()
  }

  private mutating func clearBytes(budget: InflightBudget) {
    bytes = nil
    budget.release(bytesCharge)
    bytesCharge = BudgetCharge()
  }
}
