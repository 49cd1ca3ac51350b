import RelayCore

/// The first pending delivery of an order key.
struct KeyHead {
  var row: Int64
  var state: DeliveryState
  var due: Timestamp?
}

extension StoreSession {
  func head(of key: OrderKey) throws(StoreError) -> KeyHead? {
    let query = statements.headOfKey
    query.bind(1, key.destination)
    query.bind(2, key.text)
    guard try query.step() else { return nil }
    defer { query.reset() }
    return KeyHead(
      row: query.integer(0), state: DeliveryState(stored: query.integer(1))!,
      due: query.optionalInteger(2).map { Timestamp(microseconds: $0) })
  }

  /// Lets the key's first be attempted: the one before it has been settled.
  ///
  /// - Returns: It, if there is one.
  @discardableResult
  func promote(_ key: OrderKey) throws(StoreError) -> KeyHead? {
    guard var head = try head(of: key) else { return nil }
    guard head.state == .waiting else { return head }
    head.state = .attemptable(due: head.due)
    if head.state == .fresh { backlogs.becameClaimable(head.row, of: key.destination) }
    try setState(of: head.row, head.state)
    return head
  }

  func setState(of row: Int64, _ state: DeliveryState) throws(StoreError) {
    statements.setState.bind(1, row)
    statements.setState.bind(2, state.rawValue)
    try statements.setState.run()
  }

  /// The key's first, claimed, if nobody holds one of the key. If it is not due yet it says so: its lane gives it
  /// back, and knows when to come for it.
  func handOut(_ head: KeyHead, of key: OrderKey, now: Timestamp) throws(StoreError) -> Delivery? {
    guard !claims.holds(key), destinations.handsOut(key.destination) else { return nil }
    var envelopes = EnvelopeCache()
    guard
      let (found, claim) = try delivery(
        head.row, destination: key.destination, name: destinations[key.destination].name, &envelopes)
    else {
      damage.note(head.row)
      return nil
    }
    var delivery = found
    if let due = head.due, due > now { delivery.due = due }
    claims.add(head.row, claim)
    return delivery
  }
}

extension DeliveryState {
  /// Of one whose turn it is: only those that were attempted, or that a person put back, have a time of their own.
  static func attemptable(due: Timestamp?) -> DeliveryState { due == nil ? .fresh : .retrying }
}
