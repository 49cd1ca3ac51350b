import RelayCore
import Testing

@testable import RelaySQLite

struct LookupPlanTests {
  private static let delivery = "SEARCH d USING INTEGER PRIMARY KEY (rowid=?)"
  private static let event = "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"
  private static let envelope = "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)"
  /// An event's own deliveries, and what replays have queued of it.
  private static let ofEvent = [
    "COMPOUND QUERY", "LEFT-MOST SUBQUERY", event, "SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    "UNION ALL", "SEARCH r USING PRIMARY KEY (event=?)", delivery,
  ]
  private static let late = "SEARCH delivery USING INDEX delivery_rerouted (<expr>=? AND id>? AND id<?)"
  private static let oldest =
    "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=?)"
  private static let later =
    "SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=? AND due>?)"
  private static let counted = "CO-ROUTINE (subquery-1)"
  private static let listed =
    "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=? AND id>? AND id<?)"

  /// Every statement of lookups, by its name.
  private static let plans: [String: [String]] = [
    // As many as were ever configured.
    "destinations": ["SCAN destination USING COVERING INDEX sqlite_autoindex_destination_1"],
    "destinationByName": [
      "SEARCH destination USING COVERING INDEX sqlite_autoindex_destination_1 (name=?)"
    ],
    "placeByRow": [delivery, "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)", event, envelope],
    "routeName": ["SEARCH route USING INTEGER PRIMARY KEY (rowid=?)"],
    "eventByRow": [
      event, envelope, "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "deliveriesOfEvent": [
      "MERGE (UNION ALL)", "LEFT", event, "SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)", "RIGHT",
      "SEARCH replayed USING PRIMARY KEY (event=?)",
    ],
    "replaysBefore": ["SEARCH replay USING INTEGER PRIMARY KEY (rowid<?)"],
    "replayByNumber": ["SEARCH replay USING INTEGER PRIMARY KEY (rowid=?)"],
    "unfinishedReplays": ["SCAN replay USING INDEX replay_unfinished"],
    "deliveriesFrom": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid>?)"],
    "replayedFrom": ["SEARCH replayed USING PRIMARY KEY (event>?)"],
    "replayedDelivery": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "deliveryByRow": [
      delivery, event, envelope, "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)",
    ],
    "failures": ["SEARCH failure USING PRIMARY KEY (delivery=?)"],
    "headOfKey": ["SEARCH delivery USING INDEX delivery_ordered (destination=? AND order_key=?)"],
    "deadBefore": [listed],
    "discardedBefore": [listed],
    "freshBefore": [listed],
    "retryingBefore": [listed],
    "waitingBefore": [listed],
    // The end of the table.
    "unlistedBefore": [
      "SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)", "SCALAR SUBQUERY 1", "SCAN unlisted",
    ],
    "unlisted": [
      "SEARCH delivery USING INTEGER PRIMARY KEY (rowid>?)", "SCALAR SUBQUERY 1", "SCAN unlisted",
    ],
    "allBefore": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "reroutedBefore": [late],
    "replayedBefore": [late],
    "oldestFresh": [oldest],
    "oldestRetrying": [oldest],
    "oldestWaiting": [oldest],
    "firstDue": ["SEARCH delivery USING COVERING INDEX delivery_retrying (destination=? AND state=?)"],
    "laterRetries": [counted, later, "SCAN (subquery-1)"],
    "laterReplayRetries": [counted, later, "SCAN (subquery-1)"],
    "inOrder": [counted, oldest, "SCAN (subquery-1)"],
    "replaysInOrder": [counted, oldest, "SCAN (subquery-1)"],
    "receivedFrom": ["SEARCH d USING INTEGER PRIMARY KEY (rowid>?)", event, envelope],
    "received": [delivery, event, envelope],
    "arrivedAt": [delivery, event, envelope],
    "newestDelivery": ["SEARCH delivery"],
    "rowsBefore": ["SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "rowsFrom": ["SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "rowAlone": ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"],
    // At most 500 of each kind.
    "gaps": ["SCAN g", "SEARCH s USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"],
    "deliveries": ofEvent,
    "envelope": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid=?)"],
    "allSources": ["SEARCH source USING INTEGER PRIMARY KEY (rowid>?)"],
    "allRoutes": ["SEARCH route USING INTEGER PRIMARY KEY (rowid>?)"],
    "allDestinations": ["SEARCH destination USING INTEGER PRIMARY KEY (rowid>?)"],
    "arrivedFrom": [
      "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)", envelope,
      "SEARCH d USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
    ],
    "receivedEvent": ["SEARCH e USING INTEGER PRIMARY KEY (rowid>?)", envelope],
    // Few, if any.
    "lateEvents": ["SEARCH delivery USING INDEX delivery_rerouted (<expr>=?)"],
    // A hundred, in a store of ten million events.
    "allRuns": ["SCAN event_run"],
    "runs": ["SCAN event_run"],
    "page": ["SEARCH run_page USING INTEGER PRIMARY KEY (rowid=?)"],
    "replayedEvents": ["SEARCH replayed USING PRIMARY KEY (event>? AND event<?)"],
    "pages": ["SEARCH run_page USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "pageFrom": ["SEARCH run_page USING INTEGER PRIMARY KEY (rowid>?)"],
    "nearestBefore": [
      "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=? AND id<?)"
    ],
    "nearestFrom": [
      "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=? AND id>?)"
    ],
    "eventsOf": [
      "SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=? AND id>? AND id<?)"
    ],
    "newest": [oldest],
    "newestReplaying": ["SEARCH delivery USING COVERING INDEX delivery_listed (destination=? AND state=?)"],
    "firstUnlisted": ["SCAN unlisted"],
    "unlistedBetween": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "replayedDeliveries": ["SEARCH replayed USING PRIMARY KEY (event>? AND event<?)"],
    "deliveriesBetween": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "eventRows": ["SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "envelopeRows": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid>?)"],
    "sourceOfEnvelope": ["SEARCH envelope USING INTEGER PRIMARY KEY (rowid=?)"],
    // Few rows.
    "sources": ["SCAN source"],
    "destinationRows": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "arrival": ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"],
    "eventFrom": ["SEARCH event USING INTEGER PRIMARY KEY (rowid>?)"],
    "straggler": ["SEARCH straggler USING PRIMARY KEY (uuid=?)"],
    "firstEvent": ["SEARCH event"],
    "lastEvent": ["SEARCH event"],
    "eventUntil": [
      "SEARCH e USING INTEGER PRIMARY KEY (rowid<?)", "SEARCH s USING PRIMARY KEY (uuid=?) LEFT-JOIN",
    ],
  ]

  @Test(arguments: [false, true])
  func everyStatementGoesByItsIndexAndSortsNothing(isAnalyzed: Bool) throws {
    let bench = try KeepingBench()
    if isAnalyzed {
      for second in 0..<300 {
        try bench.add(at: second % 10 == 0 ? 0 : second, [.delivered(second), .dead(second)], [.pending], [])
      }
      try bench.execute("UPDATE delivery SET state = 2, order_key = 'a' WHERE id % 7 = 0")
      for row in 2..<9 {
        try bench.execute(
          """
          INSERT INTO source VALUES (\(row), 's\(row)'); INSERT INTO route VALUES (\(row), 'r\(row)');
          INSERT INTO configuration VALUES (\(row), 'c\(row)');
          """)
      }
      try bench.execute("ANALYZE")
    }
    let connection = try Connection(path: bench.path, readOnly: true)
    let listed = try ListedEvents(connection, fewest: 0)
    let holders: [Any] =
      [
        try RecordReader(connection), try DeliveryWalks(connection), try EventSearch(connection),
        try GapReader(connection),
        try EventRows(connection), try EventNames(connection), try EventBounds(connection),
        try RunReader(connection), listed, try ReplayedEvents(connection),
        try IndexSource(connection, .standard),
        try ReplayReader(connection), listed.dead, listed.discarded,
      ] + listed.pending
    let statements =
      holders.flatMap { Mirror(reflecting: $0).children }.compactMap { child in
        (child.value as? Statement).map { (child.label!, $0) }
      } + listed.replaying.map { ("newestReplaying", $0) }
    #expect(Set(statements.map(\.0)) == Set(Self.plans.keys))
    for (name, statement) in statements {
      let plan = try connection.texts("EXPLAIN QUERY PLAN " + statement.sql, column: 3)
      #expect(plan == Self.plans[name], "\(name)")
    }
  }
}
