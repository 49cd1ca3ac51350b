import RelayCore
import RelayStoring

/// Carries out what a person wants of a destination's deliveries, oldest first. What arrives meanwhile is not meant.
final class ChangeJob: StoreJob {
  private let wish: ChangeWish
  private let clock: any SteadyClock
  private let completion: (ChangedDeliveries, StoreError?) -> Void
  private var cursor = DeliveryID(rawValue: 0)
  /// The last delivery of the walk; nil: it has not begun.
  private var end: DeliveryID?
  /// What is left of a selection by ids.
  private var ids: ArraySlice<DeliveryID> = []
  private var made = ChangedDeliveries()
  private var madeByStep = ChangedDeliveries()

  var destination: String { wish.destination }

  init(
    _ wish: ChangeWish, clock: any SteadyClock,
    completion: @escaping (ChangedDeliveries, StoreError?) -> Void
  ) {
    self.wish = wish
    self.clock = clock
    self.completion = completion
    if case .ids(let ids) = wish.walk { self.ids = ids[...] }
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
        wish.applies(to: delivery, isClaimed: session.claims.contains(id), history: clock.history)
      else { continue }
      // What was erased can't be sent any more.
      if case .retry = wish.change, !delivery.hasBody {
        madeByStep.erased += 1
        continue
      }
      switch wish.change {
      case .retry(let time):
        // What was discarded takes room again, which there may not be.
        guard delivery.state == .dead || session.destinations.hasRoom(row, for: delivery.bytes) else {
          continue
        }
        try session.changes.retry(delivery, at: time)
      case .discard, .cancelForErasure:
        try session.changes.discard(delivery, at: now, wish.change == .discard ? .person : .erased)
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
    if case .ids = wish.walk {
      let page = ids.prefix(deliveriesPerStep)
      ids.removeFirst(page.count)
      cursor = end
      return Array(page)
    }
    if case .settled(let state) = wish.walk { return try nextSettledPage(state, session, row, end: end) }
    guard let walk = wish.walk.statement else {
      cursor = end
      return []
    }
    let page = try session.changes.page(walk, of: row, after: cursor, upTo: end, limit: deliveriesPerStep)
    cursor = page.count < deliveriesPerStep ? end : page.last!
    return page
  }

  private func nextSettledPage(
    _ state: DeliveryFilter.State, _ session: StoreSession, _ row: DestinationRowID, end: DeliveryID
  ) throws(StoreError) -> [DeliveryID] {
    let page = try session.changes.settledPage(
      state, of: row, after: cursor, upTo: end, limit: deliveriesPerStep)
    cursor = page.last ?? end
    return page.deliveries
  }
}

@available(*, unavailable)
extension ChangeJob: Sendable {}

extension ChangeWish.Walk {
  /// nil: it goes along no index.
  fileprivate var statement: ChangeStatements.Walk? {
    switch self {
    case .pending: .pending
    case .dead: .dead
    case .open: .open
    case .replays: .replays
    case .settled, .ids, .none: nil
    }
  }
}
