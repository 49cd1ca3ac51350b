import RelayCore
import RelayStoring

/// Goes along `delivery_revisit`, where what a walk has passed and is to be looked at again has an entry. A test asserts each
/// statement's plan.
final class RevisitStatements {
  private let revisitThen: Statement
  private let revisitLater: Statement

  init(_ connection: Connection) throws(StoreError) {
    // Two, since SQLite does not go to a pair of values in an index whose second is the row's number.
    revisitThen = try connection.prepare(
      "SELECT revisit, id, event, state FROM delivery WHERE revisit = ?1 AND id > ?2 ORDER BY id LIMIT ?3")
    revisitLater = try connection.prepare(
      "SELECT revisit, id, event, state FROM delivery WHERE revisit > ?1 ORDER BY revisit, id LIMIT ?2")
  }

  /// In order of time, none of a later time than the cutoff.
  func entries(
    after place: RevisitPlace, until cutoff: Timestamp, limit: Int
  ) throws(StoreError) -> [RevisitEntry] {
    revisitThen.bind(1, place.settled)
    revisitThen.bind(2, place.delivery)
    revisitThen.bind(3, limit)
    var entries = try entries(revisitThen, until: cutoff)
    guard entries.count < limit else { return entries }
    revisitLater.bind(1, place.settled)
    revisitLater.bind(2, limit - entries.count)
    entries += try self.entries(revisitLater, until: cutoff)
    return entries
  }

  private func entries(_ query: Statement, until cutoff: Timestamp) throws(StoreError) -> [RevisitEntry] {
    defer { query.reset() }
    var entries: [RevisitEntry] = []
    while try query.step() {
      let place = RevisitPlace(settled: query.time(0), delivery: query.deliveryID(1))
      guard place.settled <= cutoff else { break }
      entries.append(
        RevisitEntry(
          place: place, event: query.row(2), isDead: DeliveryState(stored: query.integer(3)) == .dead))
    }
    return entries
  }
}

@available(*, unavailable)
extension RevisitStatements: Sendable {}

/// A place in `delivery_revisit`: its entries are in order of time, and of one time in order of arrival.
struct RevisitPlace {
  var settled: Timestamp
  var delivery: DeliveryID

  /// Before all entries.
  static let beginning = RevisitPlace(
    settled: Timestamp(microseconds: .min), delivery: DeliveryID(rawValue: 0))
}

/// An entry of `delivery_revisit`.
struct RevisitEntry {
  var place: RevisitPlace
  var event: EventRowID
  /// It is a dead letter's.
  var isDead: Bool
}
