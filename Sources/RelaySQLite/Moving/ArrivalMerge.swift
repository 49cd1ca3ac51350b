import RelayCore
import RelayStoring

/// Events and deliveries in one order: that in which they came.
///
/// Each table is in order of arrival by itself. A delivery that came with its event follows it at once. What was routed or queued later
/// stands where its row does: before the next event that has deliveries of its own behind it, and beside one that has none by their times.
struct ArrivalMerge {
  private let events: MovedEventRows
  private let deliveries: MovedDeliveryRows

  init(_ connection: Connection, _ names: MovingNames) throws(StoreError) {
    events = try MovedEventRows(connection, names)
    deliveries = try MovedDeliveryRows(connection, names)
  }

  func page(after place: ArrivalPlace, limit: Int, byteLimit: Int) throws(StoreError) -> ArrivalPage {
    events.begin(after: place.event)
    deliveries.begin(after: place.delivery)
    defer {
      events.end()
      deliveries.end()
    }
    var page = ArrivalPage(end: place)
    var bytes = 0
    var event = try events.next()
    var delivery = try deliveries.next()
    while event != nil || delivery != nil {
      let isFull = page.arrivals.count >= limit || bytes >= byteLimit
      if let row = delivery, row.event <= page.end.event, Self.comes(row, before: event) {
        guard row.isOwn || !isFull else { return page }
        page.arrivals.append(.delivery(row.delivery, isFirst: row.isFirst))
        page.end.delivery = row.row
        delivery = try deliveries.next()
      } else {
        // Its event is there: who reads deliveries has looked.
        guard !isFull, let row = event else { return page }
        bytes += row.event.body.count
        page.arrivals.append(.event(row.event))
        page.end.event = row.row
        event = try events.next()
      }
    }
    return page
  }

  /// - Parameters:
  ///   - delivery: Its event has been given.
  ///   - event: The next one; nil: there is none.
  private static func comes(_ delivery: MovedDeliveryRows.Row, before event: MovedEventRows.Row?) -> Bool {
    guard !delivery.isOwn, let event, !event.hasOwn else { return true }
    return delivery.delivery.cameAt < event.event.receivedAt
  }
}

@available(*, unavailable)
extension ArrivalMerge: Sendable {}
