import RelayCore

/// From which delivery on those with an order key that are pending may stand: who looks for the first of a key opens the tables of no day
/// before it. Known to the day, and found anew once a day. Confined to the store's thread.
final class KeyBound {
  private(set) var first = Int64.min
  private let connection: StoreConnection
  private let statements: DayTableStatements
  /// When it was found.
  private var day: Day?

  init(_ tables: TableNames, _ connection: StoreConnection) {
    self.connection = connection
    statements = DayTableStatements(tables)
  }

  /// These are given keys: what arrives is behind the bound anyway.
  func lower(to deliveries: some Sequence<DeliveryID>) {
    if let least = deliveries.min() { first = min(first, least.rawValue) }
  }

  /// Another node has given keys until now.
  func forget() { (day, first) = (nil, .min) }

  /// - Parameter today: The day of the next commit.
  func renew(_ today: Day) throws(StoreError) {
    guard day != today else { return }
    // What was kept of days that have gone may be of any day.
    first = try statements.firstKeyedDay(connection).map { min($0, today).firstNumber } ?? .min
    day = today
  }
}

@available(*, unavailable)
extension KeyBound: Sendable {}
