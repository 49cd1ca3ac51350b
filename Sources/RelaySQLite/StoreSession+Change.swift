import RelayCore

/// What a person's wish, or a new order, needs to know of a delivery.
struct ChangeableDelivery {
  var row: Int64
  var destination: Int64
  var state: DeliveryState
  /// Of a discarded one.
  var discardReason: DiscardReason?
  var due: Timestamp?
  var bytes: Int
  var orderKey: String?
  var type: String
  var chat: String?
  var source: String
  var receivedAt: Timestamp

  /// What it is ordered by according to this.
  func key(by ordering: Ordering) -> OrderKey? {
    ordering.key(source: source, chat: chat).map { OrderKey(destination: destination, text: $0) }
  }
}

extension StoreSession {
  func changeable(_ row: Int64) throws(StoreError) -> ChangeableDelivery? {
    let query = changes.deliveryForChange
    query.bind(1, row)
    guard try query.step() else { return nil }
    defer { query.reset() }
    return ChangeableDelivery(
      row: row, destination: query.integer(0), state: DeliveryState(stored: query.integer(1))!,
      discardReason: query.optionalInteger(9).flatMap { DiscardReason(rawValue: Int($0)) },
      due: query.optionalInteger(2).map { Timestamp(microseconds: $0) }, bytes: Int(query.integer(3)),
      orderKey: query.text(4), type: query.text(5)!, chat: query.text(6),
      source: names.name(of: query.integer(7), in: .source),
      receivedAt: Timestamp(microseconds: query.integer(8)))
  }

  /// The next rows of a walk along one of `ChangeStatements`' pages.
  func page(
    _ query: Statement, of destination: Int64, after: Int64, upTo: Int64, limit: Int
  ) throws(StoreError) -> [Int64] {
    query.bind(1, destination)
    query.bind(2, after)
    query.bind(3, upTo)
    query.bind(4, limit)
    var rows: [Int64] = []
    while try query.step() { rows.append(query.integer(0)) }
    return rows
  }

  /// The next rows of a walk along all deliveries, of which those are meant that this destination has in this state.
  ///
  /// - Returns: With the last row that was looked at; nil: the walk has come to its end.
  func discardedPage(
    _ state: DeliveryFilter.State, of destination: Int64, after: Int64, upTo: Int64, limit: Int
  ) throws(StoreError) -> (rows: [Int64], last: Int64?) {
    let query = changes.allPage
    query.bind(1, after)
    query.bind(2, upTo)
    query.bind(3, limit)
    var rows: [Int64] = []
    var (seen, last) = (0, after)
    while try query.step() {
      seen += 1
      last = query.integer(0)
      let reason = query.optionalInteger(3).flatMap { DiscardReason(rawValue: Int($0)) }
      guard query.integer(1) == destination, let stored = DeliveryState(stored: query.integer(2)),
        state.holds(stored, discarded: reason)
      else { continue }
      rows.append(last)
    }
    return (rows, seen < limit ? nil : last)
  }

  /// A dead or discarded one becomes pending, at the place where it was. By the present order: it may have changed
  /// since.
  func retry(_ delivery: ChangeableDelivery, at time: Timestamp) throws(StoreError) {
    let key = delivery.key(by: destinations.ordering(of: delivery.destination))
    var state = DeliveryState.retrying
    if let key, let head = try head(of: key) {
      if head.row < delivery.row { state = .waiting } else { try setState(of: head.row, .waiting) }
    }
    let update = changes.retry
    update.bind(1, delivery.row)
    update.bind(2, state.rawValue)
    update.bind(3, time.microseconds)
    update.bind(4, destinations.serviceTime(of: delivery.destination, at: time).microseconds)
    update.bind(5, key?.text)
    try update.run()
    destinations.change(delivery.destination) {
      $0.pending += 1
      guard delivery.state == .discarded else { return $0.dead -= 1 }
      if delivery.discardReason == .overflow { $0.overflowed -= 1 } else { $0.discarded -= 1 }
      $0.backlogBytes += delivery.bytes
    }
  }

  /// A pending or dead one is given up. What comes after it in its order is for the caller to promote.
  func discard(_ delivery: ChangeableDelivery, at time: Timestamp) throws(StoreError) {
    changes.discard.bind(1, delivery.row)
    changes.discard.bind(2, time.microseconds)
    changes.discard.bind(
      3, revisit(delivery.row, received: delivery.receivedAt, settledAt: time)?.microseconds)
    try changes.discard.run()
    destinations.change(delivery.destination) {
      if delivery.state == .dead { $0.dead -= 1 } else { $0.pending -= 1 }
      $0.discarded += 1
      $0.backlogBytes -= delivery.bytes
    }
  }

  /// Gives a pending one its key, and its place among those that come before it and have theirs.
  func reorder(_ delivery: ChangeableDelivery, by ordering: Ordering) throws(StoreError) {
    let key = delivery.key(by: ordering)
    let waits = try key.flatMap { key throws(StoreError) in try head(of: key) }.map { $0.row < delivery.row }
    let state = waits == true ? .waiting : DeliveryState.attemptable(due: delivery.due)
    guard key?.text != delivery.orderKey || state != delivery.state else { return }
    changes.setOrder.bind(1, delivery.row)
    changes.setOrder.bind(2, key?.text)
    changes.setOrder.bind(3, state.rawValue)
    try changes.setOrder.run()
    if state == .fresh { backlogs.becameClaimable(delivery.row, of: delivery.destination) }
    claims.change(delivery.row) { $0.orderKey = key?.text }
  }
}
