import RelayCore

/// Looks into a store from outside, on a connection of its own that can't write: also while a relay runs.
package final class StoreReader {
  package struct StoredDelivery: Hashable, Sendable {
    package let event: EventID
    package let destination: String
    package let state: DeliveryState
    package let attempts: Int
    package let reason: DeathReason?
    package let discardReason: DiscardReason?
    package let lastStatus: Int?
    package let lastError: String?
  }

  private let connection: Connection

  package init(path: String) throws(StoreError) {
    connection = try Connection(path: path, readOnly: true)
  }

  /// The ids of all events, in order of arrival.
  package func eventIDs() throws(StoreError) -> [EventID] {
    let query = try connection.prepare("SELECT uuid FROM event ORDER BY id")
    var ids: [EventID] = []
    while try query.step() { ids.append(EventID(bytes: query.bytes(0)!)) }
    return ids
  }

  /// All deliveries, in order of arrival.
  package func deliveries() throws(StoreError) -> [StoredDelivery] {
    let query = try connection.prepare(
      """
      SELECT e.uuid, t.name, d.state, d.attempts, d.reason, d.last_status, d.last_error
      FROM delivery d JOIN event e ON e.id = d.event JOIN destination t ON t.id = d.destination ORDER BY d.id
      """)
    var deliveries: [StoredDelivery] = []
    while try query.step() {
      deliveries.append(
        StoredDelivery(
          event: EventID(bytes: query.bytes(0)!), destination: query.text(1)!,
          state: DeliveryState(stored: query.integer(2))!, attempts: Int(query.integer(3)),
          reason: query.optionalInteger(4).flatMap { DeathReason(rawValue: Int($0)) },
          discardReason: query.optionalInteger(4).flatMap { DiscardReason(rawValue: Int($0)) },
          lastStatus: query.optionalInteger(5).map { Int($0) }, lastError: query.text(6)))
    }
    return deliveries
  }

  /// How many deliveries are not settled.
  package func pendingCount() throws(StoreError) -> Int {
    // One statement: between two, a delivery could pass from the one state to the other.
    let query = """
      SELECT (SELECT count(*) FROM delivery WHERE state = 0) + (SELECT count(*) FROM delivery WHERE state = 1)
        + (SELECT count(*) FROM delivery WHERE state = 2)
        + (SELECT count(*) FROM delivery WHERE id >= (SELECT first FROM unlisted) AND state = -1)
        + (SELECT count(*) FROM delivery WHERE state = -4) + (SELECT count(*) FROM delivery WHERE state = -3)
        + (SELECT count(*) FROM delivery WHERE state = -2)
      """
    return Int(try connection.integer(query) ?? 0)
  }
}

@available(*, unavailable)
extension StoreReader: Sendable {}
