import RelayCore
import RelayStoring

/// Which node walks along which replay: who has begun it, and after that one's end another one. Confined to the store's thread, between
/// commits.
final class ReplayRunners {
  private let session: StoreSession
  private let signal: LeaseSignal
  private let statements: ReplayStatements
  /// Those whose walk has not ended, as they were last read, and whose they are.
  private var runners: [Int: Int16?] = [:]
  /// Those that this node goes on with, and its host knows of.
  private var told: Set<Int> = []
  private var hasEndedSome = false

  init(_ session: StoreSession, _ signal: LeaseSignal, _ tables: TableNames) {
    self.session = session
    self.signal = signal
    statements = ReplayStatements(tables)
  }

  private var slot: Int16 { session.slot }
  private var connection: StoreConnection { session.connection }

  func isMine(_ replay: Int) -> Bool { runners[replay] == .some(slot) }
  func hasEnded(_ replay: Int) -> Bool { runners[replay] == nil }

  /// One that nobody walks along this node does from now on: the first that asks.
  func look() throws(StoreError) {
    let host = signal.replayHost
    var found = try read()
    let abandoned = abandoned(found.compactMap(\.runner))
    let areToBeHad = host != nil && found.contains { $0.runner == nil }
    if !abandoned.isEmpty || areToBeHad {
      var pipeline = Pipeline()
      if !abandoned.isEmpty { statements.release(abandonedBy: abandoned, in: &pipeline) }
      if host != nil {
        // In order: two nodes never wait for each other.
        for (replay, runner) in found where runner.map(abandoned.contains) ?? true {
          statements.take(replay.id, for: slot, in: &pipeline)
        }
      }
      _ = try connection.run(pipeline)
      found = try read()
    }
    told.formIntersection(found.filter { $0.runner == slot }.map(\.replay.id))
    guard let host else { return }
    let came = found.filter { $0.runner == slot && !told.contains($0.replay.id) }.map(\.replay)
    guard !came.isEmpty else { return }
    told.formUnion(came.map(\.id))
    host.replaysCame(came)
  }

  private func read() throws(StoreError) -> [(replay: Replay, runner: Int16?)] {
    var pipeline = Pipeline()
    statements.underWay(in: &pipeline)
    let found = ReplayStatements.underWay(try connection.read(pipeline)[0])
    for (replay, runner) in found where runner == slot && !isMine(replay.id) {
      session.walks(along: replay.id)
    }
    runners = Dictionary(uniqueKeysWithValues: found.map { ($0.replay.id, $0.runner) })
    return found
  }

  /// Slots of nodes that have ended, and that nobody clears up after.
  private func abandoned(_ slots: [Int16]) -> [Int16] {
    let nodes = connection.nodes
    let known = Set((nodes.slots + nodes.over.map(\.holding.slot)).map(Int16.init)).union([slot])
    return Set(slots).subtracting(known).sorted()
  }

  // MARK: The end of one

  /// Ends the walk along a replay where this node may.
  ///
  /// - Parameter more: Goes into the same commit.
  /// - Returns: Whether it was this node's; and then the replay as it is now.
  func end(
    _ id: Int, as end: ReplayEnd, with more: (PendingCommit) -> Void = { _ in }
  ) throws(StoreError) -> (isMine: Bool, replay: Replay?) {
    var found = try read().first { $0.replay.id == id }
    if let known = found, known.runner == nil {
      var pipeline = Pipeline()
      statements.take(id, for: slot, in: &pipeline)
      _ = try connection.run(pipeline)
      found = try read().first { $0.replay.id == id }
    }
    guard found == nil || found?.runner == slot else { return (false, nil) }
    let ended = try session.end(replay: id, as: end, with: more)
    hasEndedSome = true
    return (true, ended)
  }

  /// Whether some have ended since the last call: what is to be queued of them is answered so.
  func takeEnded() -> Bool {
    defer { hasEndedSome = false }
    return hasEndedSome
  }

  func replay(_ id: Int) throws(StoreError) -> Replay? { try statements.replay(id, connection) }

  /// This node ends, or another one that it clears up after has ended.
  func release(allOf slot: Int16, in pipeline: inout Pipeline) {
    statements.release(allOf: slot, in: &pipeline)
  }
}

@available(*, unavailable)
extension ReplayRunners: Sendable {}
