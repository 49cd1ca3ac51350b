/// How a statement goes along what is pending of an order key, in order of arrival: of a table that is called `e`.
///
/// The index's columns are compared as one row, and days are said beside that, as in `ShelfRead`: a destination may have one key for nearly
/// all that it has.
///
/// Where the key is null, nothing is read. The comparison fits nothing then, but the server would go along all of the destination to find that.
enum KeyRead {
  static let order = "e.destination, e.order_key, e.id"

  /// Those from this number on that come before that one; nil: all to that side, of whichever day.
  static func rows(
    _ destination: String, _ key: String, from first: String? = nil, before end: String? = nil
  ) -> String {
    """
    \(key) IS NOT NULL AND e.order_key IS NOT NULL AND (\(order)) >= (\(destination), \(key), \(first ?? "0"))
      AND (\(order)) < (\(destination), \(key), \(end ?? "\(Int64.max)"))\
    \(DayBounds.and("e.id", from: first, upTo: end))
    """
  }
}
