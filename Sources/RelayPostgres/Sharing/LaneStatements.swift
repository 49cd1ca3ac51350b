import RelayCore
import RelayStoring

/// Who serves which destination. Each change is a commit of its own, and changes nothing where the owner is another one by then.
struct LaneStatements: Sendable {
  private let all: Statement
  private let concerning: Statement
  private let take: Statement
  private let ask: Statement
  private let handOver: Statement
  private let leave: Statement
  private let release: Statement
  private let releaseAbandoned: Statement
  private let configured: Statement
  private let configure: Statement

  /// No node is kept waiting by another one that stands still in the middle of a change of a lane.
  private static let wait = Statement(
    name: "lane_wait", sql: "SELECT set_config('lock_timeout', '200ms', true)")
  private static let notify = Statement(
    name: "lane_notify", sql: "SELECT pg_notify('\(NodeMessage.channel)', $1)", types: [.text])

  init(_ names: TableNames) {
    all = Statement(name: "lanes", sql: "SELECT destination, owner, wanted FROM \(names.lane)")
    concerning = Statement(
      name: "lanes_concerning",
      sql: """
        SELECT destination, owner, wanted FROM \(names.lane)
        WHERE owner IS NULL OR wanted IS NOT NULL OR (owner = $1) <> (destination = ANY($2))
        """,
      types: [.int2, .int4Array])
    take = Statement(
      name: "take_lanes",
      sql: """
        INSERT INTO \(names.lane) AS l (destination, owner) SELECT u, $1 FROM unnest($2::int4[]) AS u
        ON CONFLICT (destination) DO UPDATE SET owner = excluded.owner, wanted = NULL WHERE l.owner IS NULL
        """,
      types: [.int2, .int4Array])
    ask = Statement(
      name: "ask_for_lanes",
      sql: """
        UPDATE \(names.lane) SET wanted = $1 WHERE destination IN (
          SELECT destination FROM \(names.lane) WHERE destination = ANY($2) AND owner <> $1 ORDER BY destination FOR UPDATE)
        """,
      types: [.int2, .int4Array])
    handOver = Statement(
      name: "hand_over_lane",
      sql: """
        UPDATE \(names.lane) SET owner = wanted, wanted = NULL WHERE destination = $1 AND owner = $2 AND wanted = $3
        """,
      types: [.int4, .int2, .int2])
    leave = Statement(
      name: "leave_lanes",
      sql: """
        UPDATE \(names.lane) l SET owner = u.owner, wanted = NULL
        FROM unnest($2::int4[], $3::int2[]) AS u(destination, owner)
        WHERE l.destination = u.destination AND l.owner = $1
        """,
      types: [.int2, .int4Array, .int2Array])
    release = Statement(
      name: "release_lanes", sql: "UPDATE \(names.lane) SET owner = NULL, wanted = NULL WHERE owner = $1",
      types: [.int2])
    // Whoever takes such a slot at this moment waits for the lock of its row, and then finds none of these lanes its own.
    releaseAbandoned = Statement(
      name: "release_abandoned_lanes",
      sql: """
        WITH nobodys AS MATERIALIZED (
          SELECT slot FROM node WHERE slot = ANY($1) AND backend IS NULL ORDER BY slot FOR UPDATE)
        UPDATE \(names.lane) l SET owner = NULL, wanted = NULL FROM nobodys n WHERE l.owner = n.slot
        """,
      types: [.int2Array])
    configured = Statement(
      name: "all_configured", sql: "SELECT slot, session, destinations FROM \(names.configured)")
    configure = Statement(
      name: "set_configured",
      sql: """
        INSERT INTO \(names.configured) (slot, session, destinations) VALUES ($1, $2, $3)
        ON CONFLICT (slot) DO UPDATE SET session = excluded.session, destinations = excluded.destinations
        """,
      types: [.int2, .int8, .int4Array])
  }

  // MARK: Reading

  func all(in pipeline: inout Pipeline) { pipeline.add(all) }

  /// Those that this node may have to do something about, since it was told of them last.
  ///
  /// - Parameter known: Those that it takes for its own.
  func concerning(_ slot: Int16, knownAsOwn known: [DestinationRowID], in pipeline: inout Pipeline) {
    pipeline.add(concerning, Self.parameters(slot, known.map { Int32($0.rawValue) }))
  }

  static func lanes(_ rows: Rows) -> [(destination: Int32, lane: LaneRow)] {
    rows.map {
      (
        $0.int32(0),
        LaneRow(owner: $0.optionalInt32(1).map(Int16.init), wanted: $0.optionalInt32(2).map(Int16.init))
      )
    }
  }

  func configured(in pipeline: inout Pipeline) { pipeline.add(configured) }

  static func configured(_ rows: Rows) -> [(holding: SlotHolding, destinations: Set<Int32>)] {
    rows.map { row in
      (
        SlotHolding(slot: Int(row.int32(0)), session: row.integer(1)),
        Set(row.integers(2).map { Int32($0) })
      )
    }
  }

  // MARK: Writing

  func configure(_ holding: SlotHolding, _ destinations: Set<Int32>, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(Int16(holding.slot))
    parameters.add(holding.session)
    parameters.add(array: destinations.sorted())
    pipeline.add(configure, parameters)
  }

  /// Takes those that nobody has, and asks for others.
  func change(_ slot: Int16, take taken: [Int32], ask asked: [Int32], in pipeline: inout Pipeline) {
    pipeline.add(Self.wait)
    // In order: two nodes never wait for each other.
    if !taken.isEmpty { pipeline.add(take, Self.parameters(slot, taken.sorted())) }
    if !asked.isEmpty { pipeline.add(ask, Self.parameters(slot, asked.sorted())) }
  }

  /// - Parameter isDone: Told whether the lane is the other one's now.
  func handOver(
    _ destination: DestinationRowID, to other: Int16, in commit: PendingCommit,
    isDone: @escaping (Bool) -> Void
  ) {
    commit.add(Self.wait, Parameters(capacity: 0))
    var parameters = Parameters()
    parameters.add(Int32(destination.rawValue))
    parameters.add(commit.slot)
    parameters.add(other)
    commit.add(handOver, parameters) { isDone($0.affected > 0) }
  }

  /// This node ends: each of its lanes goes to another one, or is nobody's.
  func leave(_ slot: Int16, _ heirs: [(destination: Int32, heir: Int16?)], in pipeline: inout Pipeline) {
    var parameters = Parameters(capacity: 24 * heirs.count + 256)
    parameters.add(slot)
    parameters.add(array: heirs.lazy.map(\.destination))
    parameters.add(array: heirs.lazy.map(\.heir))
    pipeline.add(Self.wait)
    pipeline.add(leave, parameters)
  }

  /// All lanes of a slot are nobody's.
  func release(allOf slot: Int16, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(slot)
    pipeline.add(Self.wait)
    pipeline.add(release, parameters)
  }

  /// The same for slots whose nodes have ended in order, where somebody handed them a lane at that very moment. Such a node has left nothing in
  /// no index.
  func release(abandonedBy slots: some Collection<Int16>, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(array: slots)
    pipeline.add(Self.wait)
    pipeline.add(releaseAbandoned, parameters)
  }

  /// Tells the other nodes to look: after the change, in no transaction with it.
  func notify(from slot: Int16, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(NodeMessage(slot: Int(slot), id: 0).payload)
    pipeline.add(Self.notify, parameters)
  }

  private static func parameters(_ slot: Int16, _ destinations: [Int32]) -> Parameters {
    var parameters = Parameters(capacity: 8 * destinations.count + 256)
    parameters.add(slot)
    parameters.add(array: destinations)
    return parameters
  }
}
