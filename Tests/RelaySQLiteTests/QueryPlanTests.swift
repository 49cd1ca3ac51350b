import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

struct QueryPlanTests {
  private static let listed =
    "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=? AND id>? AND id<?)"
  private static let replaying =
    "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=? AND id>? AND id<?)"
  private static let two = merge([listed], [listed])
  private static let twoReplaying = merge([replaying], [replaying])
  private static let byRow = [
    "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
    "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
  ]

  /// Two walks in step.
  private static func merge(_ left: [String], _ right: [String]) -> [String] {
    ["MERGE (UNION ALL)", "LEFT"] + left + ["RIGHT"] + right
  }

  /// Every statement there is, by its name; those that only insert have no plan.
  private static let plans: [String: [String]] = [
    "begin": [], "commit": [],
    "insertRun": [], "deleteRun": ["SEARCH event_run USING INTEGER PRIMARY KEY (rowid=?)"],
    "insertPage": [], "deletePages": ["SEARCH run_page USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "insertEnvelope": [],
    "insertEnvelopeLike": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid=?)"], "insertEvent": [],
    "insertStraggler": [], "insertDelivery": [],
    "insertOverflow": [], "insertReplay": [], "insertReplayed": [], "insertFailure": [],
    "insertGap": [], "lastDown": ["SEARCH gap USING PRIMARY KEY (kind=?)"], "lastReceived": ["SCAN envelope"],
    "deleteOldGaps": [
      "SEARCH gap USING PRIMARY KEY (kind=? AND began<?)", "SCALAR SUBQUERY 1",
      "SEARCH gap USING PRIMARY KEY (kind=?)",
    ],
    "deleteFailure": ["SEARCH failure USING PRIMARY KEY (delivery=? AND attempt=?)"],
    "settle": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "settleAtOnce": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "list": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "listRange": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    // One row.
    "setUnlisted": ["SCAN unlisted"],
    "setState": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "envelopeByRow": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid=?)"],
    "eventsWithoutDelivery": ["SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "rerouteEvent": ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"],
    "rerouteEnvelope": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid=?)"],
    "freshDeliveries": [
      "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=? AND id>?)"
    ],
    "retryingDeliveries": [
      "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due<?)"
    ],
    "nextDue": [
      "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due>?)"
    ],
    "bringIn": [
      "SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1",
      "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due>?)",
    ],
    "freshReplays": [
      "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=? AND id>?)"
    ],
    "retryingReplays": [
      "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due<?)"
    ],
    "nextReplayDue": [
      "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due>?)"
    ],
    "bringInReplays": [
      "SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1",
      "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due>?)",
    ],
    "replayByNumber": ["SEARCH replay USING INTEGER PRIMARY KEY (rowid=?)"],
    "updateReplay": ["SEARCH replay USING INTEGER PRIMARY KEY (rowid=?)"],
    "amendReplay": ["SEARCH replay USING INTEGER PRIMARY KEY (rowid=?)"],
    "newestReplay": ["SEARCH replay"],
    "oldReplays": ["SEARCH replay USING INTEGER PRIMARY KEY (rowid<?)"],
    "deleteReplay": ["SEARCH replay USING INTEGER PRIMARY KEY (rowid=?)"],
    // Once, at the start: the end of the table.
    "unlistedDeliveries": [
      "SEARCH delivery USING INTEGER PRIMARY KEY (rowid>?)", "SCALAR SUBQUERY 1", "SCAN unlisted",
    ],
    "followers": [
      "SEARCH delivery USING INDEX delivery_ordered (destination=? AND order_key=? AND id>?)"
    ],
    "headOfKey": ["SEARCH delivery USING INDEX delivery_ordered (destination=? AND order_key=?)"],
    "pendingByRow": byRow,
    "deliveryByRow": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "eventByRow": Array(byRow.dropFirst()),
    // Pages of persons' wishes: walks in step, each along its index, none sorted.
    "pendingPage": merge(merge(two, [listed]), merge(twoReplaying, [replaying])),
    "deadPage": [listed],
    "openPage": merge(merge(two, [listed]), merge(twoReplaying, merge([replaying], [listed]))),
    "replaysPage": merge(twoReplaying, [replaying]),
    // All there are, a page at a time.
    "allPage": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "deliveryForChange": byRow,
    "setOrder": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "retry": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "discard": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    // An erasure.
    "erasedAt": ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"],
    "deliveriesOfEvent": [
      "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ],
    "bodyOfEvent": ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"],
    "replaysOfEvent": [
      "SEARCH r USING PRIMARY KEY (event=?)", "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "eraseEvent": ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"],
    "eraseAnswers": ["SEARCH failure USING PRIMARY KEY (delivery=?)"],
    // Once, at the start.
    "all": ["SCAN destination"],
    "update": ["SEARCH destination USING INTEGER PRIMARY KEY (rowid=?)"],
    // One row a source, all read when the relay starts.
    "learnedTokens": ["SCAN learned_token"], "keepToken": [],
    "forgetToken": ["SEARCH learned_token USING PRIMARY KEY (source=?)"],
  ]

  private func statements(_ session: StoreSession) throws -> [(name: String, sql: String)] {
    let connection = session.connection
    let holders: [Any] = [
      session.transactions, session.keys, session.runs, try ClaimStatements(connection),
      try EnvelopeStatements(connection),
      try EventStatements(connection), try DeliveryStatements(connection), try SettleStatements(connection),
      try ChangeStatements(connection), try DestinationStatements(connection),
      try TokenStatements(connection),
      try ReplayStatements(connection),
      try GapStatements(connection),
      try EraseStatements(connection),
    ]
    return holders.flatMap { Mirror(reflecting: $0).children }.compactMap { child in
      (child.value as? Statement).map { (child.label!, $0.sql) }
    }
  }

  @Test func everyStatementGoesByItsIndexAndSortsNothing() throws {
    let session = try SessionBench().session
    let statements = try statements(session)
    #expect(Set(statements.map(\.name)) == Set(Self.plans.keys))
    for (name, sql) in statements {
      let plan = try session.connection.texts("EXPLAIN QUERY PLAN " + sql, column: 3)
      #expect(plan == Self.plans[name], "\(name)")
    }
  }

  /// Statistics must not change the planner's mind: nobody runs ANALYZE, but an operator may.
  @Test func noStatementScansATableOrSortsAlsoAfterAnalyze() throws {
    let bench = try SessionBench()
    try bench.reorder("bi", by: .chat)
    let held = try (0..<50).flatMap {
      try bench.stored(bench.make.envelope(to: ["crm", "bi"], chat: String($0 % 3)))
    }
    _ = bench.write(settle: held.prefix(30).map { $0.retried(at: 1) })
    _ = bench.write(
      settle: held.suffix(20).map { $0.settled($0.id.rawValue % 2 == 0 ? .delivered : .dead(.expired)) })
    try bench.session.connection.execute("ANALYZE")
    try bench.reopen()
    for (name, sql) in try statements(bench.session)
    where !["all", "setUnlisted", "unlistedDeliveries", "learnedTokens", "lastReceived"].contains(name) {
      let plan = try bench.session.connection.texts("EXPLAIN QUERY PLAN " + sql, column: 3)
      #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(name): \(plan)")
      #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(name): \(plan)")
    }
  }
}
