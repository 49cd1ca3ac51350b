import RelayCore

/// What `PostgresVerifier` asks. Most statements give a sentence for each row that is wrong.
struct VerifyStatements {
  /// Of each table how many rows there are.
  let deliveryCount: Statement
  let eventCount: Statement
  let states: Statement
  let books: Statement
  let sums: Statement
  let orderKeys: Statement
  let bodies: Statement
  let replays: Statement
  let replaySums: Statement
  /// Sentences: what deliveries say of themselves.
  let deliveries: [Statement]
  /// Sentences: what rows lead to.
  let references: [Statement]
  /// Sentences: events, and where their deliveries are.
  let events: [Statement]
  /// Sentences: what replays have queued.
  let replayed: [Statement]

  init(_ names: TableNames) {
    deliveryCount = Statement(name: "count_deliveries", sql: "SELECT count(*) FROM \(names.delivery)")
    eventCount = Statement(name: "count_events", sql: "SELECT count(*) FROM \(names.event)")
    states = Statement(
      name: "states",
      sql:
        "SELECT state, reason, min(id), count(*) FROM \(names.delivery) GROUP BY state, reason ORDER BY 1, 2")
    books = BookStatements(names).allBooks
    sums = Self.sums(names)
    orderKeys = Self.orderKeys(names)
    bodies = Statement(
      name: "bodies",
      sql: """
        SELECT id, body FROM \(names.event) WHERE id > $1 AND length(body) > 0 ORDER BY id LIMIT $2
        """,
      types: [.uuid, .int8])
    replays = Statement(
      name: "all_replays",
      sql:
        "SELECT id, queued, delivered, dead, discarded, walk, ended IS NULL FROM \(ReplayRow.source(names)) ORDER BY id"
    )
    replaySums = Statement(
      name: "replay_sums",
      sql: """
        SELECT run, count(*) FILTER (WHERE state < 3), count(*) FILTER (WHERE state = 3),
          count(*) FILTER (WHERE state = 4), count(*) FILTER (WHERE state = 5)
        FROM \(names.delivery) WHERE run <> 0 GROUP BY run ORDER BY run
        """)
    deliveries = Self.deliveries(names)
    references = Self.references(names)
    events = Self.events(names)
    replayed = Self.replayed(names)
  }

  /// The first sentences of a query that gives one column of them, and how many there are of all.
  private static func sentences(_ name: String, _ sql: String) -> Statement {
    Statement(
      name: "verify_\(name)",
      sql: """
        SELECT sentence, count(*) OVER () FROM (\(sql)) AS wrong (sentence) LIMIT \(StoreVerification.Check.told)
        """)
  }

  // MARK: Deliveries

  /// Where one is to be found by those who look for it (`PathTables`).
  private static let shelf =
    "CASE WHEN d.state = 3 THEN NULL WHEN d.state < 3 AND d.run > 0 THEN d.state - 4 ELSE d.state END"

  private static func deliveries(_ names: TableNames) -> [Statement] {
    [
      sentences(
        "settled",
        """
        SELECT 'delivery ' || d.id || CASE WHEN d.state < 3 THEN ' is pending, and settled'
          ELSE ' is settled, and says not when' END
        FROM \(names.delivery) d WHERE (d.state < 3) <> (d.settled IS NULL)
        """),
      sentences(
        "due",
        """
        SELECT 'delivery ' || d.id || CASE WHEN d.state = 1 THEN ' is to be tried again at no time'
          ELSE ' is dead, and says not since when' END
        FROM \(names.delivery) d WHERE d.state IN (1, 4) AND d.due IS NULL
        """),
      sentences(
        "left_over",
        """
        SELECT 'delivery ' || d.id || ' is settled, and stands among those that wait'
        FROM \(names.delivery) d
        WHERE d.state > 2 AND (d.order_key IS NOT NULL OR (d.state <> 4 AND d.due IS NOT NULL))
        """),
      // One in its lane's hands since it arrived stands nowhere, if it is so new that a start looks for it.
      sentences(
        "shelf",
        """
        SELECT 'delivery ' || d.id || CASE WHEN d.state < 3 AND d.shelf IS NULL
          THEN ' is pending, and no index leads to it' ELSE ' stands in the wrong queue' END
        FROM \(names.delivery) d LEFT JOIN \(names.unlisted) u ON u.slot = d.slot
        WHERE d.shelf IS DISTINCT FROM \(shelf)
          AND NOT (d.state = 0 AND d.run = 0 AND d.shelf IS NULL AND d.id >= coalesce(u.first, \(Int64.max)))
        """),
    ]
  }

  private static func references(_ names: TableNames) -> [Statement] {
    [
      // What was delivered may stay longer than its event: a replay's.
      sentences(
        "events_of_deliveries",
        """
        SELECT 'delivery ' || d.id || ': its event ' || d.event || ' is missing'
        FROM \(names.delivery) d LEFT JOIN \(names.event) e ON e.id = d.event
        WHERE d.state IN (0, 1, 2, 4) AND e.id IS NULL
        """),
      sentences(
        "names_of_deliveries",
        """
        SELECT 'delivery ' || d.id || ': its ' || CASE WHEN t.id IS NULL THEN 'destination ' || d.destination
          ELSE 'route ' || d.route END || ' is missing'
        FROM \(names.delivery) d LEFT JOIN \(names.destination) t ON t.id = d.destination
          LEFT JOIN \(names.route) r ON r.id = d.route
        WHERE t.id IS NULL OR r.id IS NULL
        """),
      sentences(
        "names_of_events",
        """
        SELECT 'event ' || e.id || ': its ' || CASE WHEN s.id IS NULL THEN 'source ' || e.source
          ELSE 'configuration ' || e.configuration END || ' is missing'
        FROM \(names.event) e LEFT JOIN \(names.source) s ON s.id = e.source
          LEFT JOIN \(names.configuration) c ON c.id = e.configuration
        WHERE s.id IS NULL OR c.id IS NULL
        """),
    ]
  }

  /// By destination; what counts as what, `StoredDestination+Books` says.
  private static func sums(_ names: TableNames) -> Statement {
    let overflow = DiscardReason.overflow.rawValue
    return Statement(
      name: "sums_of_deliveries",
      sql: """
        SELECT destination, count(*) FILTER (WHERE state < 3), count(*) FILTER (WHERE state < 3 AND run > 0),
          count(*) FILTER (WHERE state = 4), count(*) FILTER (WHERE state = 3),
          count(*) FILTER (WHERE state = 5 AND reason IS DISTINCT FROM \(overflow)),
          count(*) FILTER (WHERE state = 5 AND reason = \(overflow)),
          coalesce(sum(bytes) FILTER (WHERE state < 3 OR state = 4), 0)::int8
        FROM \(names.delivery) GROUP BY destination
        """)
  }

  // MARK: Order

  private static func orderKeys(_ names: TableNames) -> Statement {
    Statement(
      name: "order_keys",
      sql: """
        SELECT t.name, min(d.id), count(*) FILTER (WHERE d.state <> 2), min(d.id) FILTER (WHERE d.state <> 2)
        FROM \(names.delivery) d JOIN \(names.destination) t ON t.id = d.destination
        WHERE d.order_key IS NOT NULL AND d.state < 3 AND d.run = 0 AND t.ordering IS NOT NULL
        GROUP BY d.destination, t.name, d.order_key
        """)
  }

  // MARK: Events

  /// An event's deliveries were numbered one after another, 4096 apart. Those of before all that are there have gone.
  private static func events(_ names: TableNames) -> [Statement] {
    [
      sentences(
        "deliveries_of_events",
        """
        SELECT 'event ' || e.id || CASE WHEN e.first_delivery IS NULL
          THEN ' has ' || e.deliveries || ' deliveries, and does not say where'
          ELSE ' says that it has ' || e.deliveries || ' deliveries, and ' || t.found || ' are there' END
        FROM \(names.event) e CROSS JOIN LATERAL (
          SELECT count(*) AS found FROM \(names.delivery) d
          WHERE d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries::int8 * 4096 AND d.event = e.id) t
        WHERE e.deliveries > 0 AND (e.first_delivery IS NULL
          OR (t.found <> e.deliveries AND e.first_delivery >= (SELECT min(id) FROM \(names.delivery))))
        """),
      // A replay's stand elsewhere.
      sentences(
        "places_of_deliveries",
        """
        SELECT 'delivery ' || d.id || ' is not where its event says that its deliveries are'
        FROM \(names.delivery) d JOIN \(names.event) e ON e.id = d.event
        WHERE d.run = 0 AND NOT (d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries::int8 * 4096)
        """),
      // Of what goes somewhere, a body goes only with an erasure.
      sentences(
        "events_without_body",
        """
        SELECT 'event ' || e.id || ' has deliveries, and no body'
        FROM \(names.event) e WHERE e.deliveries > 0 AND length(e.body) = 0 AND e.erased IS NULL
        """),
    ]
  }

  // MARK: Replays

  private static func replayed(_ names: TableNames) -> [Statement] {
    [
      sentences(
        "strays",
        """
        SELECT 'event ' || r.event || ' leads to the replayed delivery ' || r.delivery || ', which is '
          || CASE WHEN d.run = 0 THEN 'none that a replay has queued' ELSE 'of event ' || d.event END
        FROM \(names.replayed) r JOIN \(names.delivery) d ON d.id = r.delivery
        WHERE d.event <> r.event OR d.run = 0
        """),
      sentences(
        "unlinked",
        """
        SELECT 'delivery ' || d.id || ' of replay ' || d.run || ' can''t be found by its event'
        FROM \(names.delivery) d
        WHERE d.run <> 0
          AND NOT EXISTS (SELECT FROM \(names.replayed) r WHERE r.event = d.event AND r.delivery = d.id)
        """),
    ]
  }
}
