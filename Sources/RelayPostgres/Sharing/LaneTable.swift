import RelayStoring

/// The table of lanes, as it was last read. Confined to the store's thread.
final class LaneTable {
  var rows: [DestinationRowID: LaneRow] = [:]

  func owner(of destination: DestinationRowID) -> Int16? { rows[destination]?.owner }
}

@available(*, unavailable)
extension LaneTable: Sendable {}
