import RelayCore
import Testing

@testable import RelaySQLite

struct KeepingPlanTests {
  /// Every statement of the pruner, by its name.
  private static let plans: [String: [String]] = [
    "revisitThen": ["SEARCH delivery USING INDEX delivery_revisit (revisit=? AND id>?)"],
    "revisitLater": ["SEARCH delivery USING INDEX delivery_revisit (revisit>?)"],
    "eventsAfter": [
      "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)", "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "deliveriesOfEvent": [
      "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ],
    "envelopeAfter": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid>?)"],
    "envelopeOfEvent": [
      "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "envelopeFrom": ["SEARCH event USING INTEGER PRIMARY KEY (rowid>?)"],
    "newestEvent": ["SEARCH event"],
    "newestEnvelope": ["SEARCH envelope"],
    // From its end, and only one row.
    "eventOfNewestDelivery": ["SCAN delivery"],
    "deleteFailures": ["SEARCH failure USING PRIMARY KEY (delivery=?)"],
    "deleteDelivery": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "replaysOfEvent": [
      "SEARCH r USING PRIMARY KEY (event=?)", "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "deleteReplayed": ["SEARCH replayed USING PRIMARY KEY (event=?)"],
    "deleteStraggler": [
      "SEARCH straggler USING PRIMARY KEY (uuid=?)", "SCALAR SUBQUERY 1",
      "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "deleteEvent": ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"],
    "deleteEnvelope": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid=?)"],
  ]

  /// Those of the walks that remove less than an event.
  private static let plansOfWalks: [String: [String]] = [
    // One row.
    "passedEvent": ["SCAN unrouted_walk"], "setPassedEvent": ["SCAN unrouted_walk"],
    "eventsAfter": [
      "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)", "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
      "CORRELATED SCALAR SUBQUERY 1", "SEARCH r USING PRIMARY KEY (event=?)",
    ],
    "eventByRow": ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"],
    "deleteEvent": ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"],
    "insertEvent": [],
  ]

  @Test(arguments: [false, true])
  func everyStatementGoesByItsIndexAndSortsNothing(isAnalyzed: Bool) throws {
    let bench = try KeepingBench()
    if isAnalyzed {
      for second in 0..<300 {
        try bench.add(at: second, [.delivered(second + second % 100), .dead(second)], [.pending], [])
      }
      try bench.execute("ANALYZE")
      try bench.reopen()
    }
    let connection = bench.connection
    try expect(Self.plans, of: [PrunerStatements(connection), RevisitStatements(connection)], connection)
    try expect(
      Self.plansOfWalks,
      of: [UnroutedStatements(connection), BodyRemover(connection)],
      connection)
  }
  private func expect(_ plans: [String: [String]], of holders: [Any], _ connection: Connection) throws {
    let statements = holders.flatMap { Mirror(reflecting: $0).children }.compactMap { child in
      (child.value as? Statement).map { (child.label!, $0) }
    }
    #expect(Set(statements.map(\.0)) == Set(plans.keys))
    for (name, statement) in statements {
      let plan = try connection.texts("EXPLAIN QUERY PLAN " + statement.sql, column: 3)
      #expect(plan == plans[name], "\(name)")
    }
  }
}
