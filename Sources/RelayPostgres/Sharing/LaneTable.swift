import RelayStoring
import RelayThreads

/// The table of lanes, as it was last read. Confined to the store's thread, but for what is shown of it.
final class LaneTable {
  private var rows: [DestinationRowID: LaneRow] = [:]
  private var isShown = true
  /// For people, who ask on other threads.
  let shares = Locked(LaneShares())

  /// nil: it has no row, so nobody serves the destination.
  subscript(row: DestinationRowID) -> LaneRow? {
    get { rows[row] }
    set {
      rows[row] = newValue
      isShown = false
    }
  }

  func forget() {
    rows = [:]
    isShown = false
  }

  /// nil: nobody's.
  func owner(of row: DestinationRowID) -> Int16? { rows[row]?.owner }

  /// Those that a slot has.
  func owned(by slot: Int16) -> [DestinationRowID] { rows.lazy.filter { $0.value.owner == slot }.map(\.key) }

  /// Whose any of them is.
  var owners: Set<Int16> { Set(rows.values.compactMap(\.owner)) }

  /// Shows it as it is now, if it is another one than before.
  ///
  /// - Parameter known: All destinations.
  func show(_ known: @autoclosure () -> [(row: DestinationRowID, name: String)]) {
    guard !isShown else { return }
    isShown = true
    let shown = LaneShares(known().map { (name: $0.name, owner: rows[$0.row]?.owner) })
    shares.withLock { $0 = shown }
  }
}

@available(*, unavailable)
extension LaneTable: Sendable {}

/// Who serves which destinations.
struct LaneShares: Sendable, Equatable {
  /// By the owners' slots, in order of their names.
  private(set) var destinations: [Int16: [String]] = [:]
  /// Those that no node serves, in order of their names.
  private(set) var unserved: [String] = []

  init() {}

  /// - Parameter lanes: Each destination by its name, with its owner's slot (nil: nobody's).
  init(_ lanes: [(name: String, owner: Int16?)]) {
    for lane in lanes.sorted(by: { $0.name < $1.name }) {
      if let owner = lane.owner {
        destinations[owner, default: []].append(lane.name)
      } else {
        unserved.append(lane.name)
      }
    }
  }
}
