import RelayCore

/// What is asked of the store, on its way to the store's thread.
enum StoreOperation: Sendable {
  // Written together, in one transaction.
  case configure(StoreConfiguration, @Sendable (Result<Void, StoreError>) -> Void)
  case append(NewEnvelope, @Sendable (Result<AppendOutcome, StoreError>) -> Void)
  case settle([Settlement], @Sendable ([Delivery]) -> Void)
  case pause(String, until: Timestamp?, @Sendable (Result<Void, StoreError>) -> Void)
  case note(SuspendedTime, of: String)
  // Kept in memory.
  case release([DeliveryID])
  case withhold([String], @Sendable () -> Void)
  case handOut([String])
  // Read, after what was written before them.
  case claim(ClaimRequest, @Sendable (Claim) -> Void)
  case destinations(@Sendable (Result<[StoredDestination], StoreError>) -> Void)
  case size(@Sendable (Result<Int, StoreError>) -> Void)
  case ping(@Sendable () -> Void)
  // Many transactions.
  case reorder(String, by: Ordering, @Sendable (Result<Void, StoreError>) -> Void)
  case change(DeliveryChange, DeliverySelection, of: String, @Sendable (Int, StoreError?) -> Void)
}

/// Operations that nobody has taken yet.
struct StoreInbox: Sendable {
  private var operations: [StoreOperation] = []
  private(set) var isClosing = false

  var isEmpty: Bool { operations.isEmpty }

  /// - Returns: Whether it will be carried out.
  mutating func post(_ operation: StoreOperation) -> Bool {
    guard !isClosing else { return false }
    operations.append(operation)
    return true
  }

  mutating func close() { isClosing = true }

  /// The oldest.
  mutating func take(atMost limit: Int) -> [StoreOperation] {
    guard operations.count > limit else {
      defer { operations = [] }
      return operations
    }
    let taken = Array(operations.prefix(limit))
    operations.removeFirst(limit)
    return taken
  }
}
