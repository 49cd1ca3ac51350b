import RelayCore

/// A table's rows in rising order of a key, for somebody whose keys mostly rise in small steps: it goes along the table, where a
/// search for each key would begin at the root again. Confined to the thread of its connection.
final class RisingRows {
  /// Its first column is the key.
  let statement: Statement
  /// The key of the row that it is at; nil: behind the last.
  private var current: Int64?
  /// All rows before that key have been passed, and no others; nil: it is nowhere.
  private var passed: Int64?

  /// So far it goes row by row.
  private static let near: Int64 = 32

  /// - Parameter statement: Of the rows from `?1` on, in order of their key.
  init(_ statement: Statement) {
    self.statement = statement
  }

  /// Goes to the first row of this key or a higher one.
  ///
  /// - Returns: Its key; nil: there is none.
  func find(_ key: Int64) throws(StoreError) -> Int64? {
    guard let passed, key >= passed, current.map({ key - $0 <= Self.near }) ?? true else {
      reset()
      statement.bind(1, key)
      return try step(passed: key)
    }
    while let current, current < key { _ = try next() }
    return current
  }

  /// From the row that it is at.
  ///
  /// - Returns: The next row's key; nil: there is none.
  func next() throws(StoreError) -> Int64? {
    guard let current else { return nil }
    return try step(passed: current + 1)
  }

  private func step(passed: Int64) throws(StoreError) -> Int64? {
    self.passed = passed
    current = try statement.step() ? statement.integer(0) : nil
    return current
  }

  /// To be called before the transaction ends.
  func reset() {
    statement.reset()
    (current, passed) = (nil, nil)
  }
}

@available(*, unavailable)
extension RisingRows: Sendable {}
