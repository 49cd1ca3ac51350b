import RelayCore

/// What one of the pruner's walks comes to next, read a page at a time.
struct PrunePage<Row> {
  /// Reads what follows the walk's position: `Pruner.page` rows, or fewer at its end.
  private let read: () throws(StoreError) -> [Row]
  private var rows: ArraySlice<Row> = []
  private var isLast = false

  init(_ read: @escaping () throws(StoreError) -> [Row]) {
    self.read = read
  }

  /// nil: the walk has come to its end.
  mutating func first() throws(StoreError) -> Row? {
    if rows.isEmpty && !isLast {
      rows = try read()[...]
      isLast = rows.count < Pruner.page
    }
    return rows.first
  }

  mutating func removeFirst() { rows.removeFirst() }

  /// The walk goes no further for now.
  mutating func end() {
    rows = []
    isLast = true
  }
}
