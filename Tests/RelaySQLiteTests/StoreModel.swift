import RelayCore

/// What a store is to do, in memory and without a thought for speed.
struct StoreModel: Equatable {
  struct Row: Equatable {
    var id: DeliveryID
    var event: EventID
    var destination: String
    var state = DeliveryState.fresh
    var attempts = 0
    var due: Timestamp?
  }

  /// In order of arrival.
  var rows: [Row] = []
  var held: Set<DeliveryID> = []
  /// The first event of what was stored, by its bytes.
  var remembered: [UInt64: EventID] = [:]

  /// - Returns: Whether a row changed.
  mutating func settle(_ settlement: Settlement) -> Bool {
    guard let place = rows.firstIndex(where: { $0.id == settlement.delivery && $0.state.isPending }) else {
      return false
    }
    rows[place].attempts = settlement.attempts
    switch settlement.outcome {
    case .delivered: rows[place].state = .delivered
    case .dead: rows[place].state = .dead
    case .retry(let due): (rows[place].state, rows[place].due) = (.retrying, due)
    }
    return true
  }

  mutating func claim(_ request: ClaimRequest) -> Claim {
    let state: DeliveryState = request.kind == .fresh ? .fresh : .retrying
    let free = rows.filter {
      $0.destination == request.destination && $0.state == state && !held.contains($0.id)
    }
    let due = free.filter { ($0.due ?? .epoch) <= request.now || request.kind == .fresh }
      .sorted { request.kind == .fresh ? $0.id < $1.id : ($0.due!, $0.id) < ($1.due!, $1.id) }
    let found = due.prefix(request.limit)
    held.formUnion(found.map(\.id))
    var claim = Claim(
      destination: request.destination, kind: request.kind, deliveries: [],
      isExhausted: found.count < request.limit)
    if claim.isExhausted && request.kind == .retrying {
      claim.nextDue = free.compactMap(\.due).filter { $0 > request.now }.min()
    }
    claim.deliveries = found.map(delivery)
    return claim
  }

  var counts: [String: DeliveryCounts] {
    var counts: [String: DeliveryCounts] = [:]
    for row in rows {
      if row.state.isPending { counts[row.destination, default: DeliveryCounts()].pending += 1 }
      if row.state == .dead { counts[row.destination, default: DeliveryCounts()].dead += 1 }
    }
    return counts
  }

  func delivery(_ row: Row) -> Delivery {
    let context = EnvelopeContext(source: "huggy", receivedAt: .epoch, time: nil, token: nil)
    let event = Event(
      id: row.event, envelope: context, type: "", rawType: [], company: nil, channel: nil, chat: nil,
      body: [])
    return Delivery(
      id: row.id, event: event, destination: row.destination, attempts: row.attempts, since: .epoch)
  }
}

/// What of a claim is compared.
struct ClaimShape: Equatable {
  var rows: [String]
  var isExhausted: Bool
  var nextDue: Timestamp?

  init(_ claim: Claim) {
    rows = claim.deliveries.map { "\($0.id) \($0.event.id) \($0.destination) \($0.attempts)" }
    isExhausted = claim.isExhausted
    nextDue = claim.nextDue
  }
}
