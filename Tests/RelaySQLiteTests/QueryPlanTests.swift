import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

struct QueryPlanTests {
  /// Every statement there is, by its name; those that only insert have no plan.
  private static let plans: [String: [String]] = [
    "insertEnvelope": [], "insertEvent": [], "insertDelivery": [], "insertFailure": [],
    "deleteFailure": ["SEARCH failure USING PRIMARY KEY (delivery=? AND attempt=?)"],
    "settle": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "envelopeByRow": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid=?)"],
    "freshDeliveries": [
      "SEARCH delivery USING COVERING INDEX delivery_fresh (destination=? AND state=?)"
    ],
    "retryingDeliveries": [
      "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due<?)"
    ],
    "nextDue": [
      "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due>?)"
    ],
    "deliveryByRow": [
      "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    // A walk over a partial index, which holds only what is counted.
    "countFresh": ["SCAN delivery USING COVERING INDEX delivery_fresh"],
    "countRetrying": ["SCAN delivery USING COVERING INDEX delivery_retrying"],
    "countDead": ["SCAN delivery USING COVERING INDEX delivery_dead"],
  ]

  @Test func everyStatementGoesByItsIndexAndSortsNothing() throws {
    let session = try SessionBench().session
    let statements = Mirror(reflecting: session.statements).children.compactMap { child in
      (child.value as? Statement).map { (child.label!, $0) }
    }
    #expect(Set(statements.map(\.0)) == Set(Self.plans.keys))
    for (name, statement) in statements {
      let plan = try session.connection.texts("EXPLAIN QUERY PLAN " + statement.sql, column: 3)
      #expect(plan == Self.plans[name], "\(name)")
    }
  }

  /// Statistics must not change the planner's mind: nobody runs ANALYZE, but an operator may.
  @Test func noStatementScansATableOrSortsAlsoAfterAnalyze() throws {
    let bench = try SessionBench()
    let held = try (0..<50).flatMap { _ in try bench.stored(bench.make.envelope(to: ["crm", "bi"])) }
    _ = bench.write(settle: held.prefix(40).map { $0.retried(at: 1) })
    _ = bench.write(settle: held.suffix(30).map { $0.settled(.delivered) })
    try bench.session.connection.execute("ANALYZE")
    try bench.reopen()
    for statement in bench.session.statements.queries {
      let plan = try bench.session.connection.texts("EXPLAIN QUERY PLAN " + statement.sql, column: 3)
      #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(statement.sql)")
      #expect(!plan.contains { $0.hasPrefix("SCAN") && !$0.contains("INDEX") }, "\(plan): \(statement.sql)")
    }
  }
}
