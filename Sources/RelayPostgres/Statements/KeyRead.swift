/// How a statement goes along what is pending of an order key, in order of arrival: of a table that is called `e`.
///
/// The key and the number are compared as one row, and days are said beside that, as in `ShelfRead`: a destination may have one key for
/// nearly all that it has. A read ends where its key does. So whoever asks what stands before a number asks for the first, and then
/// whether that does.
enum KeyRead {
  static let order = "e.order_key, e.id"

  /// Those from this number on; nil: all, of whichever day.
  ///
  /// - Parameter last: Nobody wants to know of one behind it; nil: that is not known.
  static func rows(
    _ destination: String, _ key: String, from first: String? = nil, upTo last: String? = nil
  ) -> String {
    """
    e.order_key IS NOT NULL AND e.destination = \(destination) AND (\(order)) >= (\(key), \(first ?? "0"))
      AND (\(order)) <= (\(key), \(Int64.max))\(DayBounds.and("e.id", from: first, upTo: last))
    """
  }

  /// The first of them, where it comes before that number: a query that gives its `id`, or nothing.
  static func first(
    of table: String, _ destination: String, _ key: String, from first: String? = nil, before end: String
  ) -> String {
    """
    SELECT f.id FROM (
      SELECT e.id FROM \(table) e WHERE \(rows(destination, key, from: first, upTo: end)) ORDER BY \(order) LIMIT 1) f
    WHERE f.id < \(end)
    """
  }
}
