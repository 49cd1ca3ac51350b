import RelayCore

/// Which events have got deliveries later than they came: with new rules, or with a replay. Confined to the thread of its connection.
///
/// The pages of one search read on from what the pages before have read.
final class LateEvents {
  private struct Asked: Hashable {
    var first: Int64
    var withReplays: Bool
  }

  private struct Known {
    /// Rising, each once.
    var numbers: [Int64] = []
    /// From which delivery on to read.
    var next: Int64
    var areTooMany = false
  }

  private let statements: BoundStatements
  private let connection: LookupConnection
  /// More are not kept: whoever asks is as quick without them.
  private let limit: Int
  private var known: [Asked: Known] = [:]
  /// Searches of which it is kept.
  private static let maxKnown = 16
  /// A delivery that was not there yet may have a number that is lower than those of others by this.
  private static let overlap =
    Int64(TimeBounds.longestCommit / .microseconds(1)) << CommitBase.slotBits

  init(_ statements: BoundStatements, _ connection: LookupConnection, limit: Int = 10_000) {
    self.statements = statements
    self.connection = connection
    self.limit = limit
  }

  func forget() { known = [:] }

  /// The numbers, rising, of events that have such a delivery from this one on; nil: there are too many.
  ///
  /// - Parameters:
  ///   - withReplays: Also those that only replays have sent.
  ///   - isFirstPage: A search begins: what was read for an earlier one does not count.
  func numbers(
    from first: Int64, withReplays: Bool, isFirstPage: Bool
  ) throws(StoreError) -> [Int64]? {
    let asked = Asked(first: first, withReplays: withReplays)
    var known = isFirstPage ? Known(next: first) : self.known[asked] ?? Known(next: first)
    if !known.areTooMany { try read(on: &known, withReplays: withReplays) }
    if self.known.count >= Self.maxKnown, self.known[asked] == nil { self.known = [:] }
    self.known[asked] = known
    return known.areTooMany ? nil : known.numbers
  }

  private func read(on known: inout Known, withReplays: Bool) throws(StoreError) {
    var parameters = Parameters()
    parameters.add(known.next)
    parameters.add(Int64(limit) + 1)
    var pipeline = Pipeline()
    pipeline.add(statements.reroutedFrom, parameters)
    if withReplays { pipeline.add(statements.replayedFrom, parameters) }
    let rows = try connection.read(pipeline)
    let new = rows.flatMap { $0.map { $0.integer(0) } }
    if !new.isEmpty { known.numbers = Set(known.numbers + new).sorted() }
    known.areTooMany = rows.contains { $0.count > limit } || known.numbers.count > limit
    // The one of both that has come less far would be read again from there: both are read to their ends.
    let last = rows.compactMap { $0.count > 0 ? $0[$0.count - 1].integer(1) : nil }.max()
    known.next = max(known.next, (last ?? known.next) - Self.overlap)
  }
}

@available(*, unavailable)
extension LateEvents: Sendable {}
