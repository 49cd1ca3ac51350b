import RelayCore

/// Which event has the highest id: one that comes after it with a lower id is a **straggler**.
///
/// Ids rise with rows, but two event loops may append in another order than that in which they took their ids, and
/// after a restart with a clock that went back ids begin lower. What a transaction changes here is undone if it fails.
struct EventOrder {
  struct Place: Equatable {
    var id: EventID
    var row: Int64
  }

  /// Of those that are no stragglers the last; nil: there is none.
  private(set) var highest: Place?
  private var committed: Place?

  /// - Parameter highest: As earlier runs have left it.
  init(highest: Place?) {
    self.highest = highest
    committed = highest
  }

  /// Takes the next event.
  ///
  /// - Returns: Of a straggler the row that it comes too late for; nil: it is none.
  mutating func add(_ id: EventID, row: Int64) -> Int64? {
    if let highest, id <= highest.id { return highest.row }
    highest = Place(id: id, row: row)
    return nil
  }

  mutating func commit() { committed = highest }

  mutating func rollback() { highest = committed }
}
