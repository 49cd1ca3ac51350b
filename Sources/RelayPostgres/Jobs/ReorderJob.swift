import RelayCore
import RelayStoring

/// Gives a destination's pending deliveries their keys anew, in their order of arrival.
///
/// Nothing of the destination is handed out meanwhile, and its `ordering` is unknown in its row: a restart shows that it
/// was cut off. What arrives has its new key at once, but may not see an earlier one that has not: so the walk goes
/// on over what arrived while it went over the rest. What arrives then finds all keys in their place.
final class ReorderJob: StoreJob {
  let destination: String
  private let ordering: Ordering
  private let completion: (Result<Void, StoreError>) -> Void
  private var cursor = DeliveryID(rawValue: .min)
  /// The last delivery of the walk; nil: it has not begun.
  private var end: DeliveryID?
  private var isOverArrivals = false

  init(
    _ destination: String, by ordering: Ordering, completion: @escaping (Result<Void, StoreError>) -> Void
  ) {
    self.destination = destination
    self.ordering = ordering
    self.completion = completion
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    guard let row = session.names.destination(destination) else { throw .unknown(destination: destination) }
    guard let end else {
      guard session.destinations[row].ordering != ordering else { return true }
      try session.commit { commit in
        _ = session.claims.list(of: row, in: commit)
        session.destinations.setNextOrdering(ordering, of: row)
        session.destinations.change(row) { $0.ordering = nil }
        return {}
      }
      end = try session.newestDelivery()
      return false
    }
    let page = try session.changes.page(
      ChangeWish.Walk.pending.shelves!, of: row, after: cursor, upTo: end, limit: deliveriesPerStep)
    let newest = try session.newestDelivery()
    let isLast = page.count < deliveriesPerStep && (isOverArrivals || newest == end)
    try session.commit { commit in
      session.changes.reorder(page, of: row, by: ordering, in: commit)
      if isLast { session.destinations.change(row) { $0.ordering = ordering } }
      return {}
    }
    cursor = page.last?.id ?? end
    guard page.count < deliveriesPerStep, !isLast else { return isLast }
    (isOverArrivals, self.end, cursor) = (true, newest, end)
    return false
  }

  func committed() {}

  func end(_ error: StoreError?) { completion(error.map { .failure($0) } ?? .success(())) }
}

@available(*, unavailable)
extension ReorderJob: Sendable {}
