import RelayCore
import RelayText

/// Carries out what a person wants of a destination's deliveries, oldest first. What arrives meanwhile is not meant.
final class ChangeJob: StoreJob {
  private let change: DeliveryChange
  private let selection: DeliverySelection
  let destination: String
  private let clock: any SteadyClock
  private let completion: (Int, StoreError?) -> Void
  private var cursor: Int64 = 0
  /// The last delivery of the walk; nil: it has not begun.
  private var end: Int64?
  /// Of a selection by ids: those that are left, the lowest last.
  private var ids: [Int64] = []
  private var changed = 0
  private var changedByStep = 0

  init(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String, clock: any SteadyClock,
    completion: @escaping (Int, StoreError?) -> Void
  ) {
    self.change = change
    self.selection = selection
    self.destination = destination
    self.clock = clock
    self.completion = completion
    if case .ids(let ids) = selection { self.ids = ids.map(\.rawValue).sorted(by: >) }
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    guard let id = session.names.id(of: destination, in: .destination) else {
      throw .unknown(destination: destination)
    }
    // The walk is along indexes.
    if end == nil { try session.list(of: id) }
    let now = clock.now()
    var keys: Set<OrderKey> = []
    for row in try nextPage(session, id) {
      guard let delivery = try session.changeable(row), delivery.destination == id,
        applies(to: delivery, session)
      else { continue }
      switch change {
      case .retry(let time):
        // What was discarded takes room again, which there may not be.
        guard delivery.state == .dead || session.destinations.hasRoom(id, for: delivery.bytes) else {
          continue
        }
        try session.retry(delivery, at: time)
      case .discard:
        try session.discard(delivery, at: now)
        if let key = delivery.orderKey { keys.insert(OrderKey(destination: id, text: key)) }
      }
      changedByStep += 1
    }
    for key in keys { try session.promote(key) }
    return ids.isEmpty && cursor == end
  }

  func committed() {
    changed += changedByStep
    changedByStep = 0
  }

  func end(_ error: StoreError?) { completion(changed, error) }

  /// Moves on; whoever finds the step fail does not ask again.
  private func nextPage(_ session: StoreSession, _ id: Int64) throws(StoreError) -> [Int64] {
    let end = end ?? session.nextDelivery
    self.end = end
    let pages: Statement
    switch selection {
    case .ids:
      let page = Array(ids.suffix(deliveriesPerStep).reversed())
      ids.removeLast(page.count)
      cursor = end
      return page
    case .filter(let filter):
      if let state = filter.state, case .retry = change, state == .discarded || state == .overflowed {
        return try nextDiscardedPage(state, session, id, end: end)
      }
      guard let statement = self.pages(filter, session.changes) else {
        cursor = end
        return []
      }
      pages = statement
    }
    let page = try session.page(pages, of: id, after: cursor, upTo: end, limit: deliveriesPerStep)
    cursor = page.count < deliveriesPerStep ? end : page.last!
    return page
  }

  private func nextDiscardedPage(
    _ state: DeliveryFilter.State, _ session: StoreSession, _ id: Int64, end: Int64
  ) throws(StoreError) -> [Int64] {
    let page = try session.discardedPage(state, of: id, after: cursor, upTo: end, limit: deliveriesPerStep)
    cursor = page.last ?? end
    return page.rows
  }

  /// What to walk along; nil: nothing can fit.
  private func pages(_ filter: DeliveryFilter, _ statements: ChangeStatements) -> Statement? {
    if let destination = filter.destination, destination != self.destination { return nil }
    switch (change, filter.state) {
    case (.retry, nil), (.retry, .dead), (.discard, .dead): return statements.deadPage
    case (.discard, nil): return statements.openPage
    case (.discard, .pending): return statements.pendingPage
    case (.retry, .pending), (_, .delivered), (_, .discarded), (_, .overflowed): return nil
    }
  }

  /// What is in somebody's hands is left as it is.
  private func applies(to delivery: ChangeableDelivery, _ session: StoreSession) -> Bool {
    switch change {
    case .retry: guard delivery.state == .dead || delivery.state == .discarded else { return false }
    case .discard:
      let isOpen = delivery.state.isPending && !session.claims.contains(delivery.row)
      guard delivery.state == .dead || isOpen else { return false }
    }
    guard case .filter(let filter) = selection else { return true }
    if let destination = filter.destination, destination != self.destination { return false }
    if let type = filter.type, !delivery.type.equalsIgnoringASCIICase(type) { return false }
    guard filter.since != nil || filter.until != nil else { return true }
    let received = clock.history.wall(at: delivery.receivedAt)
    if let since = filter.since, received < since { return false }
    if let until = filter.until, received >= until { return false }
    return true
  }
}

@available(*, unavailable)
extension ChangeJob: Sendable {}
