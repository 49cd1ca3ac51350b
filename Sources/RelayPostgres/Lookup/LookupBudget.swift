/// How much a page may look at.
struct LookupBudget: Sendable {
  var rows: Int
  var time: Duration

  /// Others who ask get their turn after it.
  static let page = LookupBudget(rows: 20_000, time: .milliseconds(20))
}
