import RelayCore
import RelayStoring

/// Finds deliveries along the indexes and along their rows. Confined to the thread of its connection.
///
/// Each walk reads pages with a limit; a test asserts each statement's plan.
final class DeliveryWalks {
  /// Rows are in order of commit. No event was received longer before its commit than this, but for those that are routed
  /// anew: their deliveries say when that was (`delivery.arrived`).
  static let longestCommit = Duration.seconds(10)

  private let destinations: Statement
  private let destinationByName: Statement
  private let deadBefore: Statement
  private let discardedBefore: Statement
  private let freshBefore: Statement
  private let retryingBefore: Statement
  private let waitingBefore: Statement
  private let replaysBefore: [Statement]
  private let unlistedBefore: Statement
  private let allBefore: Statement
  private let reroutedBefore: Statement
  private let replayedBefore: Statement
  private let oldestFresh: Statement
  private let oldestRetrying: Statement
  private let oldestWaiting: Statement
  private let firstDue: Statement
  private let laterRetries: Statement
  private let laterReplayRetries: Statement
  private let inOrder: Statement
  private let replaysInOrder: Statement
  private let unlisted: Statement
  private let receivedFrom: Statement
  private let received: Statement
  private let arrivedAt: Statement
  private let newestDelivery: Statement

  init(_ connection: Connection) throws(StoreError) {
    destinations = try connection.prepare("SELECT id, name FROM destination")
    destinationByName = try connection.prepare("SELECT id FROM destination WHERE name = ?1")
    // Named, since retrying ones stand in two indexes, and only in this one in order of arrival.
    let listed = "delivery INDEXED BY delivery_listed"
    // Of one destination in one state, newest first: before ?2, not before ?3, at most ?4.
    func page(_ condition: String) throws(StoreError) -> Statement {
      try connection.prepare(
        """
        SELECT id FROM \(listed) WHERE destination = ?1 AND \(condition) AND id < ?2 AND id >= ?3
        ORDER BY id DESC LIMIT ?4
        """)
    }
    deadBefore = try page("state = 4")
    discardedBefore = try page("state = 5")
    freshBefore = try page("state = 0")
    retryingBefore = try page("state = 1")
    waitingBefore = try page("state = 2")
    replaysBefore = [
      try page("state = -4"), try page("state = -3"), try page("state = -2"),
    ]
    unlistedBefore = try connection.prepare(
      """
      SELECT id, destination, state, NULL FROM delivery
      WHERE id < ?1 AND id >= max(?2, (SELECT first FROM unlisted)) AND state = -1 ORDER BY id DESC LIMIT ?3
      """)
    allBefore = try connection.prepare(
      """
      SELECT id, destination, state, reason FROM delivery WHERE id < ?1 AND id >= ?2 ORDER BY id DESC LIMIT ?3
      """)
    func late(byReplay: Bool) throws(StoreError) -> Statement {
      try connection.prepare(
        """
        SELECT id, destination, state, reason FROM delivery INDEXED BY delivery_rerouted
        WHERE arrived IS NOT NULL AND (run <> 0) = \(byReplay ? 1 : 0) AND id < ?1 AND id >= ?2
        ORDER BY id DESC LIMIT ?3
        """)
    }
    reroutedBefore = try late(byReplay: false)
    replayedBefore = try late(byReplay: true)
    func oldest(_ condition: String) throws(StoreError) -> Statement {
      try connection.prepare(
        "SELECT id FROM \(listed) WHERE destination = ?1 AND \(condition) ORDER BY id LIMIT 1")
    }
    oldestFresh = try oldest("state = 0")
    oldestRetrying = try oldest("state = 1")
    oldestWaiting = try oldest("state = 2")
    firstDue = try connection.prepare(
      """
      SELECT due FROM delivery INDEXED BY delivery_retrying WHERE destination = ?1 AND state = 1 ORDER BY due, id LIMIT 1
      """)
    func count(_ index: String, _ condition: String) throws(StoreError) -> Statement {
      try connection.prepare(
        """
        SELECT count(*) FROM (
          SELECT 1 FROM delivery INDEXED BY \(index) WHERE destination = ?1 AND \(condition) LIMIT ?2)
        """)
    }
    laterRetries = try count("delivery_retrying", "state = 1 AND due > ?3")
    laterReplayRetries = try count("delivery_retrying", "state = -3 AND due > ?3")
    inOrder = try count("delivery_listed", "state = 2")
    replaysInOrder = try count("delivery_listed", "state = -2")
    unlisted = try connection.prepare(
      """
      SELECT id, destination FROM delivery WHERE id >= (SELECT first FROM unlisted) AND state = -1 ORDER BY id
      """)
    receivedFrom = try connection.prepare(
      """
      SELECT d.id, coalesce(d.arrived, v.received)
      FROM delivery d CROSS JOIN event e ON e.id = d.event CROSS JOIN envelope v ON v.id = e.envelope
      WHERE d.id >= ?1 ORDER BY d.id LIMIT 1
      """)
    received = try connection.prepare(
      """
      SELECT v.received
      FROM delivery d CROSS JOIN event e ON e.id = d.event CROSS JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
    arrivedAt = try connection.prepare(
      """
      SELECT coalesce(d.arrived, v.received)
      FROM delivery d CROSS JOIN event e ON e.id = d.event CROSS JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
    newestDelivery = try connection.prepare("SELECT max(id) FROM delivery")
  }

  // MARK: What a filter may hold

  /// Through all that may fit, newest first; nil: nothing can.
  func walk(
    _ filter: DeliveryFilter, after: DeliveryID?, _ history: ClockHistory
  ) throws(StoreError) -> LookupWalk? {
    var destination: DestinationRowID?
    if let name = filter.destination {
      guard let row = try self.destination(name) else { return nil }
      destination = row
    }
    // Where the wall clock was set back, more than fits lies between the two: each delivery is asked itself, too.
    let first = try filter.since.map { time throws(StoreError) in
      try firstDelivery(
        receivedFrom: history.firstMoment(from: time).advanced(by: .zero - Self.longestCommit))
    }
    let end = try filter.until.map { time throws(StoreError) in
      try firstDelivery(receivedFrom: history.lastMoment(before: time).advanced(by: Self.longestCommit))
    }
    let start = first ?? DeliveryID(rawValue: 0)
    var lanes = try lanes(filter.state, destination, from: start)
    if let end {
      lanes = lanes.map { $0.until(end) }
      // What was received before that time, and routed anew or replayed after it, stands there.
      for late in [reroutedBefore, replayedBefore] {
        lanes.append(along(late, filter.state, destination, from: max(start, end)))
      }
    }
    return LookupWalk(lanes, before: after ?? DeliveryID(rawValue: .max))
  }

  private func lanes(
    _ state: DeliveryFilter.State?, _ destination: DestinationRowID?, from first: DeliveryID
  ) throws(StoreError) -> [LookupWalk.Lane] {
    let indexes: [Statement]
    switch state {
    case .dead: indexes = [deadBefore]
    case .pending: indexes = [freshBefore, retryingBefore, waitingBefore] + replaysBefore
    // Which of the discarded ones are overflowed is asked of each.
    case .discarded, .overflowed: indexes = [discardedBefore]
    case .delivered, nil:
      return [along(allBefore, state, destination, from: first)]
    }
    let rows = if let destination { [destination] } else { try allDestinations().map(\.row) }
    let listed = rows.flatMap { destination in
      indexes.map { index in
        LookupWalk.Lane { [self] (before, limit) throws(StoreError) in
          index.bind(1, destination)
          index.bind(2, before)
          index.bind(3, first)
          index.bind(4, limit)
          return try deliveries(index).map { LookupWalk.Step(delivery: $0, fits: true) }
        }
      }
    }
    guard state == .pending else { return listed }
    return [along(unlistedBefore, state, destination, from: first)] + listed
  }

  /// What no index holds in order of arrival.
  private func along(
    _ query: Statement, _ state: DeliveryFilter.State?, _ destination: DestinationRowID?,
    from first: DeliveryID
  ) -> LookupWalk.Lane {
    LookupWalk.Lane { before, limit throws(StoreError) in
      query.bind(1, before)
      query.bind(2, first)
      query.bind(3, limit)
      defer { query.reset() }
      var steps: [LookupWalk.Step] = []
      while try query.step() {
        let itsDestination: DestinationRowID = query.row(1)
        let itsState = DeliveryState(stored: query.integer(2))
        let reason = query.optionalInteger(3).flatMap { DiscardReason(rawValue: Int($0)) }
        let fits = state.map { state in itsState.map { state.holds($0, discarded: reason) } ?? false } ?? true
        steps.append(
          LookupWalk.Step(
            delivery: query.deliveryID(0), fits: fits && destination ?? itsDestination == itsDestination))
      }
      return steps
    }
  }

  /// A row before which all deliveries arrived before that steady time, as far as rows are in order of it. No event was
  /// received after its deliveries arrived, and those that were not routed anew arrived with their events.
  private func firstDelivery(receivedFrom time: Timestamp) throws(StoreError) -> DeliveryID {
    var first: Int64 = 0
    var end = (try newestDelivery.firstInteger() ?? 0) + 1
    let query = receivedFrom
    while first < end {
      let middle = first + (end - first) / 2
      query.bind(1, middle)
      defer { query.reset() }
      guard try query.step(), query.integer(0) < end, query.time(1) < time else {
        end = middle
        continue
      }
      first = query.integer(0) + 1
    }
    return DeliveryID(rawValue: first)
  }

  // MARK: Destinations

  func allDestinations() throws(StoreError) -> [(row: DestinationRowID, name: String)] {
    var found: [(DestinationRowID, String)] = []
    while try destinations.step() { found.append((destinations.row(0), destinations.text(1)!)) }
    return found
  }

  private func destination(_ name: String) throws(StoreError) -> DestinationRowID? {
    destinationByName.bind(1, name)
    return try destinationByName.firstInteger().map { DestinationRowID(rawValue: $0) }
  }

  // MARK: The oldest

  /// Of a destination's listed pending deliveries the one that arrived first.
  func oldestListed(of destination: DestinationRowID) throws(StoreError) -> DeliveryID? {
    var oldest: DeliveryID?
    for query in [oldestFresh, oldestRetrying, oldestWaiting] {
      query.bind(1, destination)
      guard let first = try query.firstInteger().map(DeliveryID.init) else { continue }
      oldest = min(first, oldest ?? first)
    }
    return oldest
  }

  /// Of a destination's listed deliveries that were never attempted the one that arrived first.
  func oldestFresh(of destination: DestinationRowID) throws(StoreError) -> DeliveryID? {
    oldestFresh.bind(1, destination)
    return try oldestFresh.firstInteger().map(DeliveryID.init)
  }

  /// When the first of a destination's retries is due.
  func firstRetry(of destination: DestinationRowID) throws(StoreError) -> Timestamp? {
    firstDue.bind(1, destination)
    return try firstDue.firstInteger().map { Timestamp(microseconds: $0) }
  }

  /// What a destination's pending deliveries wait for; nil: there are too many.
  func waits(of destination: DestinationRowID, at now: Timestamp) throws(StoreError) -> PendingWaits? {
    func count(_ query: Statement) throws(StoreError) -> Int {
      query.bind(1, destination)
      query.bind(2, Int64(PendingWaits.maxCounted + 1))
      return Int(try query.firstInteger() ?? 0)
    }
    for query in [laterRetries, laterReplayRetries] { query.bind(3, now) }
    let waits = PendingWaits(
      later: try count(laterRetries) + count(laterReplayRetries),
      ordered: try count(inOrder) + count(replaysInOrder))
    return max(waits.later, waits.ordered) > PendingWaits.maxCounted ? nil : waits
  }

  /// When the delivery came into its lane: with its event, or later; nil: it is gone.
  func arrived(_ delivery: DeliveryID) throws(StoreError) -> Timestamp? {
    arrivedAt.bind(1, delivery)
    return try arrivedAt.firstInteger().map { Timestamp(microseconds: $0) }
  }

  /// Of each destination's unlisted deliveries the one that arrived first.
  func oldestUnlisted() throws(StoreError) -> [DestinationRowID: DeliveryID] {
    var oldest: [DestinationRowID: DeliveryID] = [:]
    while try unlisted.step() {
      let destination: DestinationRowID = unlisted.row(1)
      if oldest[destination] == nil { oldest[destination] = unlisted.deliveryID(0) }
    }
    return oldest
  }

  /// When the delivery's event was received, by the relay's own clock; nil: it is gone.
  func received(_ delivery: DeliveryID) throws(StoreError) -> Timestamp? {
    received.bind(1, delivery)
    return try received.firstInteger().map { Timestamp(microseconds: $0) }
  }

  private func deliveries(_ query: Statement) throws(StoreError) -> [DeliveryID] {
    defer { query.reset() }
    var ids: [DeliveryID] = []
    while try query.step() { ids.append(query.deliveryID(0)) }
    return ids
  }
}

@available(*, unavailable)
extension DeliveryWalks: Sendable {}
