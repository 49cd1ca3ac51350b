/// How a statement goes along the deliveries of a destination that are on one shelf: of a table that is called `d`.
///
/// The shelf and the number are compared as one row. Compared one by one they are found by the primary key as well, with a filter: a plan
/// that does not know its parameters does so where one destination, or one shelf, has much of the table, and then it reads all of the
/// table. The destination is not of the row: the server stops where a row's first column differs, and at no other one. So a read ends where
/// its shelf does, and at no number: the far end of what is asked for is said behind the LIMIT.
///
/// Rows say nothing of days: that is said beside them (`DayBounds`).
enum ShelfRead {
  static let order = "d.shelf, d.id"
  static let newestFirst = "d.shelf DESC, d.id DESC"
  /// Of those that are due at a time.
  static let orderOfDue = "d.due, d.id"

  /// In order of arrival: those from this number on; nil: all, of whichever day.
  static func rows(_ destination: String, _ shelf: String, from first: String? = nil) -> String {
    rows(destination, shelf, first, nil, DayBounds.and("d.id", from: first, upTo: nil))
  }

  /// Newest first: those up to this number.
  ///
  /// - Parameter first: From the day of this number on; nil: of whichever day.
  static func rows(
    _ destination: String, _ shelf: String, upTo last: String, fromDayOf first: String? = nil
  ) -> String {
    rows(
      destination, shelf, nil, last,
      DayBounds.and("d.id", from: first.map(DayBounds.start(ofDayOf:)), upTo: last))
  }

  private static func rows(
    _ destination: String, _ shelf: String, _ first: String?, _ last: String?, _ days: String
  ) -> String {
    """
    d.shelf IS NOT NULL AND d.destination = \(destination) AND (d.shelf, d.id) >= (\(shelf), \(first ?? "0"))
      AND (d.shelf, d.id) <= (\(shelf), \(last ?? "\(Int64.max)"))\(days)
    """
  }

  /// Those that are due after a place in this order, and by a time: of whichever day.
  static func due(
    _ destination: String, _ shelf: String, after place: (due: String, id: String) = ("0", "0"),
    by last: String = "\(Int64.max)"
  ) -> String {
    """
    d.due IS NOT NULL AND d.destination = \(destination) AND d.shelf = \(shelf)
      AND (d.due, d.id) > (\(place.due), \(place.id)) AND d.due <= \(last)
    """
  }
}
