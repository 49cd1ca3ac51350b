import RelayCore

/// What people do with replays.
package protocol ReplayOperations: AnyObject, Sendable {
  /// What a replay would come to, as things are now. Changes nothing.
  ///
  /// - Parameter limit: It counts for so long, and says what it has come to by then.
  /// - Throws: `notFound` for a destination that there is not.
  func count(_ plan: ReplayPlan, within limit: Duration) async throws(OperationError) -> ReplayCount

  /// Begins a replay, which goes on by itself, also over a restart. What arrives from now on is not meant.
  ///
  /// - Parameters:
  ///   - expected: How many deliveries it is likely to be; nil: nobody has counted.
  ///   - who: Who wants it; nil: that is not known.
  func replay(
    _ plan: ReplayPlan, expected: Int?, who: String?, reason: String?
  ) async throws(OperationError) -> ReplayReport

  /// Newest first.
  func replays(before: Int?, limit: Int) async throws(OperationError) -> [ReplayReport]

  /// nil: there is no such one (any more).
  func replay(_ id: Int) async throws(OperationError) -> ReplayReport?

  /// What it has queued and nobody has begun to send goes, too. One that has ended is left as it is.
  ///
  /// - Returns: nil: there is no such one.
  func cancelReplay(_ id: Int) async throws(OperationError) -> ReplayReport?
}

/// What a replay would come to.
package struct ReplayCount: Sendable, Equatable {
  /// Events that fit, and those of them that would go nowhere.
  package var matched = 0
  package var skipped = 0
  /// Those of them whose bodies are gone: erased, or removed after `store.unrouted_retention`. Nothing is left to be sent.
  package var bodiless = 0
  /// Deliveries, by destination.
  package var deliveries: [String: Int] = [:]
  /// There was no time for all: there are at least so many.
  package var isPartial = false

  package init() {}

  package var total: Int { deliveries.values.reduce(0, +) }
}

/// A replay, as people are told of it: its times are the wall clock's.
package struct ReplayReport: Sendable, Equatable {
  package var replay: Replay
  /// nil: another version's, which this one does not understand.
  package var plan: ReplayPlan?
  /// What it has queued waits at these destinations, and it goes on when there is room; empty: it does not wait.
  package var waitsFor: [String]

  package init(replay: Replay, plan: ReplayPlan?, waitsFor: [String] = []) {
    self.replay = replay
    self.plan = plan
    self.waitsFor = waitsFor
  }
}
