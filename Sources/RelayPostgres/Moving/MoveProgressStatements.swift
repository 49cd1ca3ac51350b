import RelayCore
import RelayStoring

/// How far a move is, and whether a store holds anything else.
struct MoveProgressStatements {
  private let read: Statement
  private let begin: Statement
  /// It was not to begin: nothing was moved.
  let cancel: Statement
  private let update: Statement
  private let holdsSomething: Statement
  private let isUnfinished: Statement

  init(_ names: TableNames) {
    read = Statement(
      name: "move_progress",
      sql: """
        SELECT origin, step, event_row, delivery_row, step_row, event_tick, delivery_tick, envelope_tick, ceiling, first_day,
          envelopes_from
        FROM \(names.moving)
        """)
    begin = Statement(
      name: "begin_move",
      sql: """
        INSERT INTO \(names.moving) (origin, step, event_row, delivery_row, step_row, event_tick, delivery_tick, envelope_tick,
          ceiling, first_day, envelopes_from)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
      types: [.text, .int4, .int8, .int8, .int8, .int8, .int8, .int8, .int8, .int8, .int8])
    cancel = Statement(name: "cancel_move", sql: "DELETE FROM \(names.moving)")
    update = Statement(
      name: "update_move",
      sql: """
        UPDATE \(names.moving) SET step = $1, event_row = $2, delivery_row = $3, step_row = $4, event_tick = $5,
          delivery_tick = $6, envelope_tick = $7
        """,
      types: [.int4, .int8, .int8, .int8, .int8, .int8, .int8])
    isUnfinished = Statement(
      name: "is_move_unfinished",
      sql: "SELECT EXISTS (SELECT FROM \(names.moving) WHERE step < \(MoveProgress.Step.done.rawValue))")
    // What a relay writes with its first start, or a move.
    let tables = [
      names.source, names.destination, names.route, names.configuration, names.event, names.delivery,
      names.envelope, names.audit, names.replay, names.gap, names.learnedToken, names.clock,
    ]
    holdsSomething = Statement(
      name: "holds_something",
      sql: "SELECT " + tables.map { "EXISTS (SELECT FROM \($0))" }.joined(separator: " OR "))
  }

  /// nil: nothing was ever moved into this store.
  func read(_ connection: PostgresConnection, within limit: Duration) throws(PostgresError) -> MoveProgress? {
    guard let row = try connection.run(read, within: limit).first else { return nil }
    // A step that only a later release knows is behind all that this one does.
    return MoveProgress(
      origin: row.text(0), step: MoveProgress.Step(rawValue: row.int32(1)) ?? .done,
      place: ArrivalPlace(event: row.integer(2), delivery: row.integer(3)), row: row.integer(4),
      numbering: MoveNumbering(
        ceiling: row.integer(8), event: row.integer(5), delivery: row.integer(6), envelope: row.integer(7)),
      firstDay: Day(number: row.integer(9)), envelopesFrom: row.time(10))
  }

  func holdsSomething(_ connection: PostgresConnection, within limit: Duration) throws(PostgresError) -> Bool
  {
    try connection.run(holdsSomething, within: limit)[0].bool(0)
  }

  func isUnfinished(_ connection: StoreConnection) throws(StoreError) -> Bool {
    try connection.read(isUnfinished)[0].bool(0)
  }

  func begin(_ progress: MoveProgress, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(progress.origin)
    Self.add(progress, to: &parameters)
    parameters.add(progress.numbering.ceiling)
    parameters.add(progress.firstDay.number)
    parameters.add(progress.envelopesFrom)
    pipeline.add(begin, parameters)
  }

  func write(_ progress: MoveProgress, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    Self.add(progress, to: &parameters)
    pipeline.add(update, parameters)
  }

  private static func add(_ progress: MoveProgress, to parameters: inout Parameters) {
    parameters.add(progress.step.rawValue)
    parameters.add(progress.place.event)
    parameters.add(progress.place.delivery)
    parameters.add(progress.row)
    parameters.add(progress.numbering.event)
    parameters.add(progress.numbering.delivery)
    parameters.add(progress.numbering.envelope)
  }
}
