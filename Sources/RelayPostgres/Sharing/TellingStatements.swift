import RelayCore

/// Which nodes tell the others what tells envelopes that come again.
struct TellingStatements: Sendable {
  struct Other: Equatable {
    var holding: SlotHolding
    /// From a commit on that has ended by now, and as long as there are others.
    var tells: Bool
  }

  private let others: Statement
  private let announce: Statement
  private let cease: Statement

  /// No node is kept waiting by another one that stands still in the middle of a change.
  private static let wait = Statement(
    name: "telling_wait", sql: "SELECT set_config('lock_timeout', '200ms', true)")
  /// Who comes, and who finds itself alone, take turns. No commit of the path takes this lock.
  private static let lock = Statement(name: "lock_telling", sql: "SELECT version FROM store FOR UPDATE")

  init(_ names: TableNames) {
    others = Statement(
      name: "other_nodes",
      sql: """
        SELECT n.slot, n.session, t.slot IS NOT NULL FROM node n
        LEFT JOIN \(names.telling) t ON t.slot = n.slot AND t.session = n.session
        WHERE n.slot <> $1 AND n.backend IS NOT NULL
        """,
      types: [.int2])
    announce = Statement(
      name: "announce_telling",
      sql: """
        INSERT INTO \(names.telling) (slot, session) VALUES ($1, $2)
        ON CONFLICT (slot) DO UPDATE SET session = excluded.session
        """,
      types: [.int2, .int8])
    cease = Statement(
      name: "cease_telling",
      sql: """
        DELETE FROM \(names.telling)
        WHERE slot = $1 AND NOT EXISTS (SELECT FROM node WHERE slot <> $1 AND backend IS NOT NULL)
        """,
      types: [.int2])
  }

  /// All nodes that somebody has, or that nobody has cleared up after, but this one.
  func others(than slot: Int16, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(slot)
    pipeline.add(others, parameters)
  }

  static func others(_ rows: Rows) -> [Other] {
    rows.map {
      Other(holding: SlotHolding(slot: Int($0.int32(0)), session: $0.integer(1)), tells: $0.bool(2))
    }
  }

  func announce(_ holding: SlotHolding, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(Int16(holding.slot))
    parameters.add(holding.session)
    pipeline.add(Self.wait)
    pipeline.add(Self.lock)
    pipeline.add(announce, parameters)
  }

  /// How many statements come before what is asked after it.
  static let ceasing = 3

  /// Where there are others by now, it goes on telling.
  func cease(_ slot: Int16, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(slot)
    pipeline.add(Self.wait)
    pipeline.add(Self.lock)
    pipeline.add(cease, parameters)
  }
}
