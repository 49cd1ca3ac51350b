/// How a statement goes along the deliveries of a destination that are on one shelf: of a table that is called `d`.
///
/// An index's columns are compared as one row. Compared one by one they are found by the primary key as well, with a filter: a plan that
/// does not know its parameters does so where one destination, or one shelf, has much of the table, and then it reads all of the table.
/// Rows say nothing of days: that is said beside them (`DayBounds`).
enum ShelfRead {
  static let order = "d.destination, d.shelf, d.id"
  static let newestFirst = "d.destination DESC, d.shelf DESC, d.id DESC"
  /// Of those that are due at a time.
  static let orderOfDue = "d.destination, d.shelf, d.due, d.id"

  /// Those of these numbers, both ends included; nil: all to that side, of whichever day.
  static func rows(
    _ destination: String, _ shelf: String, from first: String? = nil, upTo last: String? = nil
  ) -> String {
    """
    d.shelf IS NOT NULL AND (\(order)) >= (\(destination), \(shelf), \(first ?? "0"))
      AND (\(order)) <= (\(destination), \(shelf), \(last ?? "\(Int64.max)"))\
    \(DayBounds.and("d.id", from: first, upTo: last))
    """
  }

  /// Those that are due after a place in this order, and by a time: of whichever day.
  static func due(
    _ destination: String, _ shelf: String, after place: (due: String, id: String),
    by last: String = "\(Int64.max)"
  ) -> String {
    """
    d.due IS NOT NULL AND (\(orderOfDue)) > (\(destination), \(shelf), \(place.due), \(place.id))
      AND (\(orderOfDue)) <= (\(destination), \(shelf), \(last), \(Int64.max))
    """
  }
}
