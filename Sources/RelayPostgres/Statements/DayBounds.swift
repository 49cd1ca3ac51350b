/// How a statement that goes along another index than that of the ids says in which tables of days there may be something for it.
///
/// A plain `id >= $1` says so, too. But the primary key can be gone along by that, and a plan that does not know its parameters may do so,
/// and read all of a day. By an OR no index can be gone along, since sessions have bitmap scans switched off (`SessionSettings`); and the
/// server tells of each table all the same whether it has rows that may fit.
enum DayBounds {
  /// To be added to other conditions.
  ///
  /// - Parameters:
  ///   - id: Which column.
  ///   - first: None is before it; nil: that is not known.
  ///   - last: None is after it; nil: that is not known.
  static func and(_ id: String, from first: String?, upTo last: String?) -> String {
    let bounds = [first.map { "\(id) >= \($0)" }, last.map { "\(id) <= \($0)" }].compactMap { $0 }
    // No number is below zero.
    return bounds.map { " AND (\($0) OR \(id) < 0)" }.joined()
  }

  /// Where the day begins that this number is of.
  static func start(ofDayOf number: String) -> String {
    "\(number) / \(Day.numbers) * \(Day.numbers)"
  }
}
