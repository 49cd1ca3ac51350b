import RelayCore
import RelayStoring

/// Which event has the highest id: one that comes after it with a lower id is a **straggler**. Confined to the store's thread.
///
/// Ids rise with rows, but two event loops may append in another order than that in which they took their ids, and
/// after a restart with a clock that went back ids begin lower. docs/decisions/0015-two-indexes-less.md says what it is
/// for.
final class EventOrder: TransactionMember {
  struct Place: Equatable {
    var id: EventID
    var row: EventRowID
  }

  /// The last one that is no straggler; nil: there is none.
  private(set) var highest: Place?
  private var committed: Place?

  /// - Parameter highest: As earlier runs have left it.
  init(highest: Place?, _ transactions: Transactions) {
    self.highest = highest
    committed = highest
    transactions.register(self)
  }

  /// Takes the next event.
  ///
  /// - Returns: The row that it comes too late for; nil: it is no straggler.
  func add(_ id: EventID, row: EventRowID) -> EventRowID? {
    if let highest, id <= highest.id { return highest.row }
    highest = Place(id: id, row: row)
    return nil
  }

  func commit() { committed = highest }

  func rollback() { highest = committed }
}

@available(*, unavailable)
extension EventOrder: Sendable {}
