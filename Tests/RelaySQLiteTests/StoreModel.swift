import RelayCore
import RelayTestSupport

/// What a store is to do, in memory and without a thought for speed.
struct StoreModel {
  struct Row: Equatable {
    var id: DeliveryID
    var event: EventID
    var destination: String
    var chat: String?
    /// What it is ordered by: for a pending one always by the destination's present order.
    var key: String?
    var state = DeliveryState.fresh
    var attempts = 0
    var counted = 0
    var due: Timestamp?
    var reason: DiscardReason?
  }

  /// What a test's delivery counts.
  static let bytes = 2 + 512

  /// In order of arrival.
  var rows: [Row] = []
  var held: Set<DeliveryID> = []
  /// An envelope that was stored: its first event, and which of its events have had a delivery.
  struct Stored: Equatable {
    var firstEventID: EventID
    var hadDelivery: [Bool]

    /// The events that go out now, by their places.
    mutating func reroute(_ again: NewEnvelope) -> [Int] {
      let places = hadDelivery.indices.filter {
        !hadDelivery[$0] && $0 < again.events.count && !again.events[$0].deliveries.isEmpty
      }
      for place in places { hadDelivery[place] = true }
      return places
    }
  }

  /// By its bytes.
  var remembered: [UInt64: Stored] = [:]
  var orderings: [String: Ordering] = [:]
  var maxBacklog: [String: Int] = [:]
  var heldDestinations: Set<String> = []
  /// Whose lanes have given back fresh ones, and not come to the end since.
  var behind: Set<String> = []

  // MARK: Order

  private func key(_ chat: String?, _ destination: String) -> String? {
    (orderings[destination] ?? .none).key(source: "huggy", chat: chat)
  }

  /// Those of the row's key that are pending, itself included, in their order.
  private func peers(_ row: Row) -> [Row] {
    guard let key = row.key else { return [row] }
    return rows.filter { $0.state.isPending && $0.destination == row.destination && $0.key == key }
  }

  /// From scratch: the first of each key may be attempted, all others wait.
  private mutating func place() {
    for index in rows.indices where rows[index].state.isPending {
      let isFirst = peers(rows[index])[0].id == rows[index].id
      rows[index].state = !isFirst ? .waiting : rows[index].due == nil ? .fresh : .retrying
    }
  }

  /// Nobody holds it, or another of its key.
  private func isFree(_ row: Row) -> Bool {
    !heldDestinations.contains(row.destination) && peers(row).allSatisfy { !held.contains($0.id) }
  }

  // MARK: Calls

  mutating func release(_ id: DeliveryID) {
    held.remove(id)
    let row = rows.first { $0.id == id }!
    if row.state == .fresh { behind.insert(row.destination) }
  }

  /// - Returns: Whether it is handed out.
  mutating func append(_ id: DeliveryID, _ event: EventID, to destination: String, chat: String?) -> Bool {
    var row = Row(id: id, event: event, destination: destination, chat: chat)
    if backlogBytes(destination) + Self.bytes > maxBacklog[destination] ?? .max {
      (row.state, row.reason) = (.discarded, .overflow)
    } else {
      row.key = key(chat, destination)
    }
    rows.append(row)
    place()
    guard rows.last!.state == .fresh, !heldDestinations.contains(destination), !behind.contains(destination)
    else {
      return false
    }
    held.insert(id)
    return true
  }

  /// - Returns: The delivery whose turn it has become.
  mutating func settle(_ settlement: Settlement) -> DeliveryID? {
    guard let place = rows.firstIndex(where: { $0.id == settlement.delivery && $0.state.isPending }) else {
      return nil
    }
    held.remove(settlement.delivery)
    rows[place].attempts = settlement.attempts
    rows[place].counted = settlement.countedAttempts
    let row = rows[place]
    switch settlement.outcome {
    case .delivered: rows[place].state = .delivered
    case .dead: rows[place].state = .dead
    case .retry(let due): rows[place].due = due
    }
    self.place()
    guard row.key != nil,
      let next = rows.first(where: {
        $0.state.isPending && $0.key == row.key
          && $0.destination == row.destination
      }), next.id != row.id, isFree(next)
    else { return nil }
    held.insert(next.id)
    return next.id
  }

  mutating func claim(_ request: ClaimRequest) -> Claim {
    guard !heldDestinations.contains(request.destination) else {
      return Claim(destination: request.destination, kind: request.kind, deliveries: [], isExhausted: false)
    }
    let state: DeliveryState = request.kind == .fresh ? .fresh : .retrying
    let unclaimed = rows.filter {
      $0.destination == request.destination && $0.state == state && !held.contains($0.id)
    }
    let due = unclaimed.filter { isFree($0) && (request.kind == .fresh || $0.due! <= request.now) }
      .sorted { request.kind == .fresh ? $0.id < $1.id : ($0.due!, $0.id) < ($1.due!, $1.id) }
    let found = due.prefix(request.limit)
    held.formUnion(found.map(\.id))
    var claim = Claim(
      destination: request.destination, kind: request.kind, deliveries: [],
      isExhausted: found.count < request.limit)
    if claim.isExhausted && request.kind == .fresh { behind.remove(request.destination) }
    if claim.isExhausted && request.kind == .retrying {
      claim.nextDue = unclaimed.compactMap(\.due).filter { $0 > request.now }.min()
    }
    claim.deliveries = found.map(delivery)
    return claim
  }

  mutating func reorder(_ destination: String, by ordering: Ordering) {
    orderings[destination] = ordering
    for index in rows.indices where rows[index].destination == destination && rows[index].state.isPending {
      rows[index].key = key(rows[index].chat, destination)
    }
    place()
  }

  /// - Returns: How many were changed.
  mutating func change(
    _ change: DeliveryChange, _ destination: String, ids: Set<DeliveryID>?, state: DeliveryFilter.State? = nil
  ) -> Int {
    var changed = 0
    for index in rows.indices where rows[index].destination == destination {
      let row = rows[index]
      guard ids?.contains(row.id) ?? true else { continue }
      switch change {
      case .retry(let time) where isRetried(row, isNamed: ids != nil, state):
        rows[index].state = .retrying
        (rows[index].due, rows[index].counted, rows[index].key) = (time, 0, key(row.chat, destination))
      case .discard where row.state == .dead || row.state.isPending && !held.contains(row.id):
        (rows[index].state, rows[index].due, rows[index].reason) = (.discarded, nil, .person)
      case .retry, .discard: continue
      }
      changed += 1
    }
    place()
    return changed
  }

  /// Dead ones; discarded ones where they are named or their state is, as far as there is room for them.
  private func isRetried(_ row: Row, isNamed: Bool, _ state: DeliveryFilter.State?) -> Bool {
    guard row.state == .discarded else { return row.state == .dead && state == nil }
    let isMeant = isNamed || state.map { $0.holds(row.state, discarded: row.reason) } ?? false
    return isMeant && backlogBytes(row.destination) + Self.bytes <= maxBacklog[row.destination] ?? .max
  }

  // MARK: What is so

  func backlogBytes(_ destination: String) -> Int {
    rows.count { $0.destination == destination && ($0.state.isPending || $0.state == .dead) } * Self.bytes
  }

  var books: [String: Books] {
    var books: [String: Books] = [:]
    for row in rows {
      switch row.state {
      case .fresh, .retrying, .waiting: books[row.destination, default: Books()].pending += 1
      case .dead: books[row.destination, default: Books()].dead += 1
      case .delivered: books[row.destination, default: Books()].delivered += 1
      case .discarded where row.reason == .person: books[row.destination, default: Books()].discarded += 1
      case .discarded: books[row.destination, default: Books()].overflowed += 1
      }
    }
    return books
  }

  func delivery(_ row: Row) -> Delivery {
    let context = EnvelopeContext(source: "huggy", receivedAt: .epoch, time: nil, token: nil)
    let event = Event(
      id: row.event, envelope: context, type: "", rawType: [], company: nil, channel: nil, chat: row.chat,
      body: [])
    return Delivery(
      id: row.id, event: event, destination: row.destination, attempts: row.attempts,
      countedAttempts: row.counted, since: .epoch)
  }
}

/// What of a claim is compared.
struct ClaimShape: Equatable {
  var rows: [String]
  var isExhausted: Bool
  var nextDue: Timestamp?

  init(_ claim: Claim) {
    rows = claim.deliveries.map {
      "\($0.id) \($0.event.id) \($0.destination) \($0.attempts) \($0.countedAttempts)"
    }
    isExhausted = claim.isExhausted
    nextDue = claim.nextDue
  }
}
