import RelayCore
import RelayStoring

/// Carries out what a person wants of a destination's deliveries, oldest first. What arrives meanwhile is not meant.
final class ChangeJob: StoreJob {
  /// Writes down how far it comes with a commit, and whether it ends with it.
  typealias Keep = (_ progress: ChangeProgress, _ isLast: Bool, _ commit: PendingCommit) -> Void

  private let wish: ChangeWish
  private let clock: any SteadyClock
  private let completion: (ChangedDeliveries, StoreError?) -> Void
  private let keep: Keep
  private var hasListed = false
  private var cursor = DeliveryID(rawValue: .min)
  /// The last delivery of the walk; nil: it has not begun.
  private var end: DeliveryID?
  /// What is left of a selection by ids, and how many have been.
  private var ids: ArraySlice<DeliveryID> = []
  private var idsDone = 0
  private var made = ChangedDeliveries()
  private var madeByStep = ChangedDeliveries()

  var destination: String { wish.destination }

  /// - Parameters:
  ///   - progress: How far another node has come with it.
  ///   - keep: Adds to each of its commits.
  init(
    _ wish: ChangeWish, clock: any SteadyClock, from progress: ChangeProgress = ChangeProgress(),
    keep: @escaping Keep = { _, _, _ in },
    completion: @escaping (ChangedDeliveries, StoreError?) -> Void
  ) {
    self.wish = wish
    self.clock = clock
    self.keep = keep
    self.completion = completion
    (end, made) = (progress.end, progress.made)
    if case .ids(let ids) = wish.walk {
      idsDone = Int(progress.walkedTo ?? 0)
      self.ids = ids.dropFirst(idsDone)
    } else if let walkedTo = progress.walkedTo {
      cursor = DeliveryID(rawValue: walkedTo)
    }
  }

  private var progress: ChangeProgress {
    var progress = ChangeProgress(walkedTo: cursor.rawValue, end: end, made: made)
    progress.made += madeByStep
    if case .ids = wish.walk { progress.walkedTo = Int64(idsDone) }
    return progress
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    guard let row = session.names.destination(destination) else { throw .unknown(destination: destination) }
    if !hasListed {
      hasListed = true
      // Where another node has begun it, what has arrived since is not meant.
      if end == nil { end = try session.newestDelivery() }
      // The walk is along an index.
      let hasListed = try session.commit { (commit) -> () -> Bool in
        let hasListed = session.claims.list(of: row, in: commit)
        return { hasListed }
      }
      if hasListed { return false }
    }
    let page = try nextPage(session, row, end: end!)
    let isLast = ids.isEmpty && cursor == end
    try session.commit { (commit) throws(StoreError) in
      try change(page.filter { applies(to: $0, session) && $0.destination == row }, of: row, session, commit)
      keep(progress, isLast, commit)
      return {}
    }
    return isLast
  }

  private func change(
    _ deliveries: [ChangeableDelivery], of row: DestinationRowID, _ session: StoreSession,
    _ commit: PendingCommit
  ) throws(StoreError) {
    guard !deliveries.isEmpty else { return }
    switch wish.change {
    case .retry(let time):
      var retried: [ChangeableDelivery] = []
      for delivery in deliveries {
        // What was erased can't be sent any more.
        guard delivery.hasBody else {
          madeByStep.erased += 1
          continue
        }
        // What was discarded takes room again, which there may not be.
        guard delivery.state == .dead || session.destinations.hasRoom(row, for: delivery.bytes) else {
          continue
        }
        session.changes.countRetried(delivery)
        retried.append(delivery)
      }
      session.changes.retry(retried, of: row, at: time, in: commit)
      madeByStep.changed += retried.count
    case .discard, .cancelForErasure:
      session.changes.discard(
        deliveries, wish.change == .discard ? .person : .erased, in: commit)
      madeByStep.changed += deliveries.count
    }
  }

  private func applies(to delivery: ChangeableDelivery, _ session: StoreSession) -> Bool {
    guard
      wish.applies(
        to: delivery, isClaimed: session.claims.contains(delivery.id), history: clock.history)
    else { return false }
    guard case .settled(let state) = wish.walk else { return true }
    return state.holds(delivery.state, discarded: delivery.discardReason)
  }

  /// Moves on; whoever finds the step fail does not ask again.
  private func nextPage(
    _ session: StoreSession, _ row: DestinationRowID, end: DeliveryID
  ) throws(StoreError) -> [ChangeableDelivery] {
    if case .ids = wish.walk {
      let page = ids.prefix(deliveriesPerStep)
      ids.removeFirst(page.count)
      idsDone += page.count
      cursor = end
      var last: DeliveryID?
      let once = page.filter { id in
        defer { last = id }
        return id != last
      }
      return try session.changes.deliveries(Array(once))
    }
    guard let shelves = wish.walk.shelves else {
      cursor = end
      return []
    }
    let page = try session.changes.page(
      shelves, of: row, after: cursor, upTo: end, limit: deliveriesPerStep)
    cursor = page.count < deliveriesPerStep ? end : page.last!.id
    return page
  }

  func committed() {
    made += madeByStep
    madeByStep = ChangedDeliveries()
  }

  func end(_ error: StoreError?) { completion(made, error) }
}

@available(*, unavailable)
extension ChangeJob: Sendable {}
