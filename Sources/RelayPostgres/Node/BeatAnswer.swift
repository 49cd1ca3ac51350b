import RelayCore

/// What a heartbeat has brought back.
struct BeatAnswer: Sendable, Equatable {
  /// The server's, as it wrote the heartbeat down; nil: the slot has changed hands.
  var time: Timestamp?
  var rows: [NodeRow]
}

extension NodeRow {
  /// A row of `SlotStatements.look`.
  init(_ row: Row) {
    self.init(
      holding: SlotHolding(slot: Int(row.int32(0)), session: row.integer(1)),
      identity: NodeIdentity(name: row.text(2), version: row.text(3), configurationHash: row.text(4)),
      seen: row.time(9), age: .microseconds(row.integer(5)), hasWriter: row.bool(6), hasWatch: row.bool(7),
      isTakenOver: row.bool(8), waitsForStandby: row.bool(10))
  }
}
