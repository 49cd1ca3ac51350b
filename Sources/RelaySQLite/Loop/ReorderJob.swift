import RelayCore
import RelayStoring

/// Gives a destination's pending deliveries their keys anew, in their order of arrival.
///
/// Nothing of the destination is handed out meanwhile, and its `ordering` is unknown on disk: a restart shows that it
/// was cut off. What arrives has its new key at once, but may not see an earlier one that has not: so the walk goes
/// on over what arrived while it went over the rest. What arrives then finds all keys in their place.
final class ReorderJob: StoreJob {
  let destination: String
  private let ordering: Ordering
  private let completion: (Result<Void, StoreError>) -> Void
  private var cursor = DeliveryID(rawValue: 0)
  /// The last delivery of the walk; nil: it has not begun.
  private var end: DeliveryID?
  private var isOverArrivals = false

  init(_ destination: String, by ordering: Ordering, completion: @escaping (Result<Void, StoreError>) -> Void)
  {
    self.destination = destination
    self.ordering = ordering
    self.completion = completion
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    guard let row = session.names.destinations.row(of: destination) else {
      throw .unknown(destination: destination)
    }
    if end == nil {
      guard session.destinations[row].ordering != ordering else { return true }
      try session.claims.list(of: row)
      session.destinations.setNextOrdering(ordering, of: row)
      session.destinations.change(row) { $0.ordering = nil }
    }
    let end = end ?? session.numbers.lastDelivery
    let page = try session.changes.page(.pending, of: row, after: cursor, upTo: end, limit: deliveriesPerStep)
    for id in page {
      guard let delivery = try session.changes.changeable(id) else { continue }
      try session.changes.reorder(delivery, by: ordering)
    }
    self.end = end
    cursor = page.last ?? end
    guard page.count < deliveriesPerStep else { return false }
    guard isOverArrivals || session.numbers.lastDelivery == end else {
      (isOverArrivals, self.end, cursor) = (true, session.numbers.lastDelivery, end)
      return false
    }
    session.destinations.change(row) { $0.ordering = ordering }
    return true
  }

  func committed() {}

  func end(_ error: StoreError?) { completion(error.map { .failure($0) } ?? .success(())) }
}

@available(*, unavailable)
extension ReorderJob: Sendable {}
