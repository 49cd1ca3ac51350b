import RelayCore
import RelayStoring
import RelayText

/// Carries out what a person wants of a destination's deliveries, oldest first. What arrives meanwhile is not meant.
final class ChangeJob: StoreJob {
  private let change: DeliveryChange
  private let selection: DeliverySelection
  let destination: String
  private let clock: any SteadyClock
  private let completion: (ChangedDeliveries, StoreError?) -> Void
  private var cursor = DeliveryID(rawValue: 0)
  /// The last delivery of the walk; nil: it has not begun.
  private var end: DeliveryID?
  /// What is left of a selection by ids, the lowest last.
  private var ids: [DeliveryID] = []
  private var made = ChangedDeliveries()
  private var madeByStep = ChangedDeliveries()

  init(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String, clock: any SteadyClock,
    completion: @escaping (ChangedDeliveries, StoreError?) -> Void
  ) {
    self.change = change
    self.selection = selection
    self.destination = destination
    self.clock = clock
    self.completion = completion
    if case .ids(let ids) = selection { self.ids = ids.sorted(by: >) }
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    guard let row = session.names.destinations.row(of: destination) else {
      throw .unknown(destination: destination)
    }
    // The walk is along indexes.
    if end == nil { try session.claims.list(of: row) }
    let now = clock.now()
    var keys: Set<OrderKey> = []
    for id in try nextPage(session, row) {
      guard let delivery = try session.changes.changeable(id), delivery.destination == row,
        applies(to: delivery, session)
      else { continue }
      // What was erased can't be sent any more.
      if case .retry = change, !delivery.hasBody {
        madeByStep.erased += 1
        continue
      }
      switch change {
      case .retry(let time):
        // What was discarded takes room again, which there may not be.
        guard delivery.state == .dead || session.destinations.hasRoom(row, for: delivery.bytes) else {
          continue
        }
        try session.changes.retry(delivery, at: time)
      case .discard, .cancelForErasure:
        try session.changes.discard(delivery, at: now, change == .discard ? .person : .erased)
        if let key = delivery.presentKey { keys.insert(key) }
      }
      madeByStep.changed += 1
    }
    for key in keys { try session.keys.promote(key) }
    return ids.isEmpty && cursor == end
  }

  func committed() {
    made += madeByStep
    madeByStep = ChangedDeliveries()
  }

  func end(_ error: StoreError?) { completion(made, error) }

  /// Moves on; whoever finds the step fail does not ask again.
  private func nextPage(_ session: StoreSession, _ row: DestinationRowID) throws(StoreError) -> [DeliveryID] {
    let end = end ?? session.numbers.lastDelivery
    self.end = end
    switch selection {
    case .ids:
      let page = Array(ids.suffix(deliveriesPerStep).reversed())
      ids.removeLast(page.count)
      cursor = end
      return page
    case .replay:
      let page = try session.changes.page(
        .replays, of: row, after: cursor, upTo: end, limit: deliveriesPerStep)
      cursor = page.count < deliveriesPerStep ? end : page.last!
      return page
    case .filter(let filter):
      if let state = filter.state, case .retry = change, state == .discarded || state == .overflowed {
        return try nextSettledPage(state, session, row, end: end)
      }
      guard let walk = walk(filter) else {
        cursor = end
        return []
      }
      let page = try session.changes.page(walk, of: row, after: cursor, upTo: end, limit: deliveriesPerStep)
      cursor = page.count < deliveriesPerStep ? end : page.last!
      return page
    }
  }

  private func nextSettledPage(
    _ state: DeliveryFilter.State, _ session: StoreSession, _ row: DestinationRowID, end: DeliveryID
  ) throws(StoreError) -> [DeliveryID] {
    let page = try session.changes.settledPage(
      state, of: row, after: cursor, upTo: end, limit: deliveriesPerStep)
    cursor = page.last ?? end
    return page.deliveries
  }

  /// What to walk along; nil: nothing can fit.
  private func walk(_ filter: DeliveryFilter) -> ChangeStatements.Walk? {
    if let destination = filter.destination, destination != self.destination { return nil }
    switch (change, filter.state) {
    case (.retry, nil), (.retry, .dead), (.discard, .dead), (.cancelForErasure, .dead): return .dead
    case (.discard, nil), (.cancelForErasure, nil): return .open
    case (.discard, .pending), (.cancelForErasure, .pending): return .pending
    case (.retry, .pending), (_, .delivered), (_, .discarded), (_, .overflowed): return nil
    }
  }

  /// What is in somebody's hands is left as it is.
  private func applies(to delivery: ChangeableDelivery, _ session: StoreSession) -> Bool {
    switch change {
    case .retry:
      guard delivery.state == .dead || delivery.state == .discarded else { return false }
    case .discard, .cancelForErasure:
      let isOpen = delivery.state.isPending && !session.claims.contains(delivery.id)
      guard delivery.state == .dead || isOpen else { return false }
    }
    let filter: DeliveryFilter
    switch selection {
    case .ids: return true
    case .replay(let run): return delivery.run == run && delivery.state.isPending
    case .filter(let given): filter = given
    }
    if let destination = filter.destination, destination != self.destination { return false }
    if let type = filter.type, !delivery.type.equalsIgnoringASCIICase(type) { return false }
    guard filter.holds(delivery.deathReason, delivery.lastStatus, wasAttempted: delivery.wasAttempted) else {
      return false
    }
    guard filter.since != nil || filter.until != nil else { return true }
    let received = clock.history.wall(at: delivery.receivedAt)
    if let since = filter.since, received < since { return false }
    if let until = filter.until, received >= until { return false }
    return true
  }
}

@available(*, unavailable)
extension ChangeJob: Sendable {}
