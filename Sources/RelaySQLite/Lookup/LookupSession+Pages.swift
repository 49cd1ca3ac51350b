import RelayCore
import RelayText

extension LookupSession {
  /// Rows that a page looks at, at most.
  static let pageRows = 5_000
  /// Rows are in order of commit. No event was received longer before its commit than this, but for those that are routed
  /// anew: their deliveries say when that was (`delivery.arrived`).
  static let longestCommit = Duration.seconds(10)

  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int
  ) throws(StoreError) -> DeliveryPage {
    // As they stand at one time: between two readings one may pass from one index to another. This is soon over.
    try begin()
    defer { end() }
    guard var walk = try walk(filter, after: after) else { return DeliveryPage(deliveries: [], next: nil) }
    let limit = max(1, limit)
    var found: [DeliveryRecord] = []
    var last: DeliveryID?
    for _ in 0..<Self.pageRows {
      guard let step = try walk.next() else { return DeliveryPage(deliveries: found, next: nil) }
      if step.fits, let delivery = try delivery(step.row, where: filter.holds) {
        // One more than asked for: there is a next page.
        guard found.count < limit else { return DeliveryPage(deliveries: found, next: found.last?.id) }
        found.append(delivery)
      }
      last = DeliveryID(rawValue: step.row)
    }
    return DeliveryPage(deliveries: found, next: last)
  }

  func count(_ filter: DeliveryFilter, after: DeliveryID?) throws(StoreError) -> DeliveryCountPage {
    try begin()
    defer { end() }
    var counts = DeliveryCounts()
    guard var walk = try walk(filter, after: after) else {
      return DeliveryCountPage(counts: counts, next: nil)
    }
    var last: DeliveryID?
    for _ in 0..<Self.pageRows {
      guard let step = try walk.next() else { return DeliveryCountPage(counts: counts, next: nil) }
      if step.fits, let place = try place(step.row, where: filter) {
        counts.add(of: place.destination, place.state)
      }
      last = DeliveryID(rawValue: step.row)
    }
    return DeliveryCountPage(counts: counts, next: last)
  }

  /// nil: it is gone, or does not fit.
  private func place(_ row: Int64, where filter: DeliveryFilter) throws(StoreError) -> DeliveryPlace? {
    let query = statements.placeByRow
    query.bind(1, row)
    defer { query.reset() }
    guard try query.step(), let place = DeliveryPlace(query) else { return nil }
    let (type, received) = (query.text(4)!, history.wall(at: Timestamp(microseconds: query.integer(5))))
    let state = DeliveryState(stored: query.integer(2))
    let reason = query.optionalInteger(3).flatMap { DiscardReason(rawValue: Int($0)) }
    guard filter.state.map({ wanted in state.map { wanted.holds($0, discarded: reason) } ?? false }) ?? true,
      filter.destination ?? place.destination == place.destination,
      filter.type?.equalsIgnoringASCIICase(type) ?? true, filter.since.map({ $0 <= received }) ?? true,
      filter.until.map({ received < $0 }) ?? true
    else { return nil }
    return place
  }

  /// What of these there is.
  func places(of ids: [DeliveryID]) throws(StoreError) -> [DeliveryPlace] {
    let query = statements.placeByRow
    var places: [DeliveryPlace] = []
    for id in ids {
      query.bind(1, id.rawValue)
      defer { query.reset() }
      if try query.step(), let place = DeliveryPlace(query) { places.append(place) }
    }
    return places
  }

  /// nil: nothing can fit.
  private func walk(_ filter: DeliveryFilter, after: DeliveryID?) throws(StoreError) -> LookupWalk? {
    var destination: Int64?
    if let name = filter.destination {
      statements.destinationByName.bind(1, name)
      guard let row = try numbers(statements.destinationByName).first else { return nil }
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
    var lanes = try lanes(filter.state, destination, from: first ?? 0)
    guard let end else { return LookupWalk(lanes, before: after?.rawValue ?? .max) }
    lanes = lanes.map { $0.until(end) }
    // What was received before that time and routed anew after it stands there.
    lanes.append(along(statements.reroutedBefore, filter.state, destination, from: max(first ?? 0, end)))
    return LookupWalk(lanes, before: after?.rawValue ?? .max)
  }

  private func lanes(
    _ state: DeliveryFilter.State?, _ destination: Int64?, from first: Int64
  ) throws(StoreError) -> [LookupWalk.Lane] {
    let indexes: [Statement]
    switch state {
    case .dead: indexes = [statements.deadBefore]
    case .pending: indexes = [statements.freshBefore, statements.retryingBefore, statements.waitingBefore]
    case .delivered, .discarded, .overflowed, nil:
      return [along(statements.allBefore, state, destination, from: first)]
    }
    let rows = if let destination { [destination] } else { try destinations().map(\.id) }
    let listed = rows.flatMap { destination in
      indexes.map { index in
        LookupWalk.Lane { [self] (before, limit) throws(StoreError) in
          index.bind(1, destination)
          index.bind(2, before)
          index.bind(3, first)
          index.bind(4, limit)
          return try numbers(index).map { LookupWalk.Step(row: $0, fits: true) }
        }
      }
    }
    guard state == .pending else { return listed }
    return [along(statements.unlistedBefore, state, destination, from: first)] + listed
  }

  /// What no index holds in order of arrival.
  private func along(
    _ query: Statement, _ state: DeliveryFilter.State?, _ destination: Int64?, from first: Int64
  ) -> LookupWalk.Lane {
    return LookupWalk.Lane { before, limit throws(StoreError) in
      query.bind(1, before)
      query.bind(2, first)
      query.bind(3, limit)
      defer { query.reset() }
      var steps: [LookupWalk.Step] = []
      while try query.step() {
        let itsState = DeliveryState(stored: query.integer(2))
        let reason = query.optionalInteger(3).flatMap { DiscardReason(rawValue: Int($0)) }
        let fits = state.map { state in itsState.map { state.holds($0, discarded: reason) } ?? false } ?? true
        steps.append(
          LookupWalk.Step(
            row: query.integer(0), fits: fits && destination ?? query.integer(1) == query.integer(1)))
      }
      return steps
    }
  }

  /// A row before which all deliveries arrived before that steady time, as far as rows are in order of it. No event was
  /// received after its deliveries arrived, and those that were not routed anew arrived with their events.
  private func firstDelivery(receivedFrom time: Timestamp) throws(StoreError) -> Int64 {
    var first: Int64 = 0
    var end = (try numbers(statements.newestDelivery).first ?? 0) + 1
    let query = statements.receivedFrom
    while first < end {
      let middle = first + (end - first) / 2
      query.bind(1, middle)
      defer { query.reset() }
      guard try query.step(), query.integer(0) < end, query.integer(1) < time.microseconds else {
        end = middle
        continue
      }
      first = query.integer(0) + 1
    }
    return first
  }
}

extension DeliveryFilter {
  func holds(_ delivery: DeliveryRecord) -> Bool {
    state?.holds(delivery.state, discarded: delivery.discardReason) ?? true
      && destination ?? delivery.destination == delivery.destination
      && type.map { $0.equalsIgnoringASCIICase(delivery.type) } ?? true
      && since.map { $0 <= delivery.receivedAt } ?? true && until.map { delivery.receivedAt < $0 } ?? true
  }
}

extension DeliveryPlace {
  /// From a row of `LookupStatements.placeByRow`.
  fileprivate init?(_ row: Statement) {
    guard let state = DeliveryState(stored: row.integer(2)) else { return nil }
    let isOverflow = row.optionalInteger(3) == Int64(DiscardReason.overflow.rawValue)
    let shown: DeliveryFilter.State =
      switch state {
      case .fresh, .retrying, .waiting: .pending
      case .delivered: .delivered
      case .dead: .dead
      case .discarded: isOverflow ? .overflowed : .discarded
      }
    self.init(id: DeliveryID(rawValue: row.integer(0)), destination: row.text(1)!, state: shown)
  }
}
