import RelayCore

/// Reads replays. Confined to the thread of its connection.
final class ReplayReader {
  private let before: Statement
  private let byNumber: Statement
  private let unfinishedOnes: Statement
  private let connection: LookupConnection

  init(_ names: TableNames, _ connection: LookupConnection) {
    self.connection = connection
    let columns = "SELECT \(ReplayRow.columns) FROM \(ReplayRow.source(names))"
    before = Statement(
      name: "replays_before", sql: "\(columns) WHERE id < $1 ORDER BY id DESC LIMIT $2",
      types: [.int8, .int8])
    byNumber = Statement(name: "replay_of_number", sql: "\(columns) WHERE id = $1", types: [.int8])
    unfinishedOnes = Statement(
      name: "unfinished_replays", sql: "\(columns) WHERE walk = 0 ORDER BY id")
  }

  /// Newest first.
  func replays(before number: Int?, limit: Int, _ history: ClockHistory) throws(StoreError) -> [Replay] {
    var parameters = Parameters()
    parameters.add(Int64(number ?? .max))
    parameters.add(Int64(max(0, limit)))
    return try connection.read(before, parameters).map { Self.replay($0, history) }
  }

  func replay(_ id: Int, _ history: ClockHistory) throws(StoreError) -> Replay? {
    var parameters = Parameters()
    parameters.add(Int64(id))
    return try connection.read(byNumber, parameters).first.map { Self.replay($0, history) }
  }

  /// By the store's own times.
  func unfinished() throws(StoreError) -> [Replay] {
    try connection.read(unfinishedOnes).map(ReplayRow.replay)
  }

  private static func replay(_ row: Row, _ history: ClockHistory) -> Replay {
    var replay = ReplayRow.replay(row)
    replay.new.startedAt = history.wall(at: replay.new.startedAt)
    replay.endedAt = replay.endedAt.map(history.wall(at:))
    return replay
  }
}

@available(*, unavailable)
extension ReplayReader: Sendable {}
