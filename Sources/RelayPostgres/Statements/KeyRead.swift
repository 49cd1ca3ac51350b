/// How a statement goes along what is pending of an order key, in order of arrival: of a table that is called `e`.
///
/// The index's columns are compared as one row, as in `ShelfRead`: a destination may have one key for nearly all that it has.
enum KeyRead {
  static let order = "e.destination, e.order_key, e.id"

  /// Those between these two, which are not among them.
  static func rows(
    _ destination: String, _ key: String, after first: String = "0", before last: String = "\(Int64.max)"
  ) -> String {
    """
    e.order_key IS NOT NULL AND (\(order)) > (\(destination), \(key), \(first))
      AND (\(order)) < (\(destination), \(key), \(last))
    """
  }
}
