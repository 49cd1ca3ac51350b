import RelayCore

/// What a node keeps of its clock.
struct ClockStatements: Sendable {
  private let clock: Statement
  private let steps: Statement
  private let setClock: Statement
  private let addSteps: Statement
  private let forgetSteps: Statement

  init(_ names: TableNames) {
    clock = Statement(
      name: "clock", sql: "SELECT boot, since_boot, steady FROM \(names.clock) WHERE slot = $1",
      types: [.int2])
    steps = Statement(
      name: "clock_steps",
      sql: "SELECT steady, ahead FROM \(names.clockStep) WHERE slot = $1 ORDER BY steady",
      types: [.int2])
    setClock = Statement(
      name: "set_clock",
      sql: """
        INSERT INTO \(names.clock) (slot, boot, since_boot, steady, written) VALUES ($1, $2, $3, $4, now())
        ON CONFLICT (slot) DO UPDATE SET boot = excluded.boot, since_boot = excluded.since_boot, steady = excluded.steady,
          written = excluded.written
        """,
      types: [.int2, .text, .int8, .int8])
    addSteps = Statement(
      name: "add_clock_steps",
      sql: """
        INSERT INTO \(names.clockStep) (slot, steady, ahead) SELECT $1, u.* FROM unnest($2::int8[], $3::int8[]) AS u
        ON CONFLICT (slot, steady) DO UPDATE SET ahead = excluded.ahead
        """,
      types: [.int2, .int8Array, .int8Array])
    forgetSteps = Statement(
      name: "forget_clock_steps", sql: "DELETE FROM \(names.clockStep) WHERE slot = $1 AND steady < $2",
      types: [.int2, .int8])
  }

  /// nil: no run has left any.
  func read(slot: Int16, _ connection: StoreConnection) throws(StoreError) -> KeptClock? {
    var parameters = Parameters()
    parameters.add(slot)
    var pipeline = Pipeline()
    pipeline.add(clock, parameters)
    pipeline.add(steps, parameters)
    let rows = try connection.read(pipeline)
    guard let kept = rows[0].first else { return nil }
    let history = rows[1].map { ClockHistory.Step(from: $0.time(0), offset: .microseconds($0.integer(1))) }
    return KeptClock(
      boot: kept.optionalText(0), sinceBoot: .microseconds(kept.integer(1)), steady: kept.time(2),
      history: ClockHistory(history))
  }

  /// - Parameter steps: Those that are new.
  func write(_ kept: KeptClock, steps: [ClockHistory.Step], in commit: PendingCommit) {
    var parameters = Parameters()
    parameters.add(commit.slot)
    parameters.add(kept.boot)
    parameters.add(kept.sinceBoot.microseconds)
    parameters.add(kept.steady)
    commit.add(setClock, parameters)
    guard let first = kept.history.steps.first, !steps.isEmpty else { return }
    var added = Parameters()
    added.add(commit.slot)
    added.add(array: steps.lazy.map(\.from))
    added.add(array: steps.lazy.map(\.offset.microseconds))
    commit.add(addSteps, added)
    var forgotten = Parameters()
    forgotten.add(commit.slot)
    forgotten.add(first.from)
    commit.add(forgetSteps, forgotten)
  }
}
