import RelayCore

/// How the tables came to be: each migration takes the schema from its place in the list to the next. What all of them
/// together have made, with the meaning of each column, is in docs/schema.sql.
///
/// `PRAGMA user_version` holds how many have been applied. A migration that was released never changes.
enum Schema {
  static let migrations = [
    initial, booksAndOrder, placesOfDeliveries, unlistedDeliveries, twoIndexesLess, unstoredEvents, marks,
    keptClock,
    lateDeliveries,
    auditOfPeople,
    eventRuns,
    learnedTokens,
    replays,
    attemptEvidence,
    gaps,
    removedBodies,
    oneIndexOfBothQueues,
  ]

  static var version: Int64 { Int64(migrations.count) }

  /// Marks the file as ours ("hugr").
  static let applicationID: Int64 = 0x6875_6772

  /// Partial indexes serve literals only (`state = 0`), so each state that is looked for has its own; `state` stands
  /// in them too, or SQLite 3.40 would read the table's row for it. No hash is
  /// indexed: keys that arrive in random order double the cost of an insert.
  private static let initial = """
    CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE destination (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE route (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE configuration (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE);

    CREATE TABLE envelope (
      id INTEGER PRIMARY KEY,
      source INTEGER NOT NULL REFERENCES source,
      configuration INTEGER NOT NULL REFERENCES configuration,
      received INTEGER NOT NULL,     -- microseconds since 1970
      first_event BLOB NOT NULL,     -- 16 bytes; the events' ids count up from it
      accepted INTEGER NOT NULL,
      hash BLOB,                     -- SHA-256 of the body; null: not deduplicated
      time BLOB,                     -- as it came
      token BLOB                     -- as it came
    );

    CREATE TABLE event (
      id INTEGER PRIMARY KEY,
      uuid BLOB NOT NULL UNIQUE,     -- 16 bytes
      envelope INTEGER NOT NULL REFERENCES envelope,
      type TEXT NOT NULL,
      raw_type BLOB,                 -- as it was spelled; null: like type
      company TEXT,
      channel TEXT,
      chat TEXT,
      routes TEXT NOT NULL,          -- ids of the routes that matched, in their order, separated by spaces
      dropped INTEGER NOT NULL,      -- 1: the last of them dropped it
      body BLOB NOT NULL             -- as it came
    );

    CREATE TABLE delivery (
      id INTEGER PRIMARY KEY,        -- rises in order of arrival
      event INTEGER NOT NULL REFERENCES event,
      destination INTEGER NOT NULL REFERENCES destination,
      route INTEGER NOT NULL REFERENCES route,
      run INTEGER NOT NULL,          -- 0: routed on arrival; each replay is the next
      state INTEGER NOT NULL,        -- 0 fresh, 1 retrying, 2 waiting, 3 delivered, 4 dead, 5 discarded
      attempts INTEGER NOT NULL,
      since INTEGER NOT NULL,        -- what max_age counts from
      due INTEGER,                   -- of a retrying one
      order_key TEXT,
      settled INTEGER,
      reason INTEGER,                -- of a dead one: 1 permanent, 2 exhausted, 3 expired
      last_at INTEGER,               -- the last attempt
      last_duration INTEGER,         -- microseconds
      last_status INTEGER,
      last_error TEXT
    );
    CREATE INDEX delivery_event ON delivery (event);
    CREATE INDEX delivery_fresh ON delivery (destination, state, id) WHERE state = 0;
    CREATE INDEX delivery_retrying ON delivery (destination, state, due, id) WHERE state = 1;
    CREATE INDEX delivery_dead ON delivery (destination, state, id) WHERE state = 4;

    CREATE TABLE failure (           -- of each delivery the first attempt that failed and the last nine
      delivery INTEGER NOT NULL REFERENCES delivery,
      attempt INTEGER NOT NULL,
      at INTEGER NOT NULL,
      duration INTEGER NOT NULL,
      status INTEGER,
      error TEXT,
      answer BLOB,                   -- its first 1 KiB
      PRIMARY KEY (delivery, attempt)
    ) WITHOUT ROWID;
    """

  /// Books of each destination, order keys, pauses, and what retention walks along.
  ///
  /// The indexes of `delivery` are partial: an unordered delivery that succeeds at once is in none of those made here
  /// before it is settled, and in `delivery_settled` in order of time.
  private static let booksAndOrder = """
    ALTER TABLE destination ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE destination ADD COLUMN dead INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE destination ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE destination ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0;      -- by a person
    ALTER TABLE destination ADD COLUMN overflowed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE destination ADD COLUMN backlog_bytes INTEGER NOT NULL DEFAULT 0;  -- of pending and dead
    ALTER TABLE destination ADD COLUMN ordering INTEGER DEFAULT 0;    -- 0 none, 1 chat, 2 destination; null: being changed
    ALTER TABLE destination ADD COLUMN paused_until INTEGER;          -- by a person
    ALTER TABLE destination ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;      -- microseconds, of all that ended
    ALTER TABLE destination ADD COLUMN suspended_since INTEGER;

    ALTER TABLE delivery ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;  -- attempts that count toward the limits
    ALTER TABLE delivery ADD COLUMN probed INTEGER;                      -- when it last failed as a probe
    ALTER TABLE delivery ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;    -- what it counts in the books

    UPDATE delivery SET counted = attempts,
      bytes = (SELECT length(body) FROM event WHERE event.id = delivery.event) + 512;
    UPDATE destination SET pending = b.pending, dead = b.dead, delivered = b.delivered, backlog_bytes = b.bytes
      FROM (
        SELECT destination, sum(state < 3) AS pending, sum(state = 4) AS dead, sum(state = 3) AS delivered,
          sum(iif(state < 3 OR state = 4, bytes, 0)) AS bytes
        FROM delivery GROUP BY destination
      ) AS b
      WHERE b.destination = destination.id;

    -- reason of a discarded delivery: 4 overflow, 5 a person
    CREATE INDEX delivery_ordered ON delivery (destination, order_key, id)
      WHERE order_key IS NOT NULL AND state < 3;
    CREATE INDEX delivery_late ON delivery (destination, id, state) WHERE state = 1 OR state = 2;
    CREATE INDEX delivery_settled ON delivery (settled, id) WHERE state = 3 OR state = 5;
    """

  /// An event's deliveries stand one after another from the first: the event says where, and no index has to.
  /// docs/decisions/0013-an-event-knows-its-deliveries.md says why.
  private static let placesOfDeliveries = """
    ALTER TABLE event ADD COLUMN first_delivery INTEGER;                 -- null: there is none
    ALTER TABLE event ADD COLUMN deliveries INTEGER NOT NULL DEFAULT 0;
    UPDATE event SET first_delivery = d.first, deliveries = d.count
      FROM (SELECT event, min(id) AS first, count(*) AS count FROM delivery GROUP BY event) AS d
      WHERE d.event = event.id;
    DROP INDEX delivery_event;
    """

  /// A delivery that goes into a lane's hands as it arrives mostly is settled before anybody looks for it: it stands in no
  /// index (state -1), also when its lane gives it back, until many others have come after it or somebody must find it by
  /// the index. One index serves all that are looked for by state.
  /// docs/decisions/0014-unlisted-deliveries.md says why.
  private static let unlistedDeliveries = """
    CREATE TABLE unlisted (first INTEGER NOT NULL);  -- one row: no delivery before this one has the state -1
    INSERT INTO unlisted SELECT coalesce(max(id), 0) + 1 FROM delivery;
    DROP INDEX delivery_fresh;
    DROP INDEX delivery_dead;
    DROP INDEX delivery_late;
    CREATE INDEX delivery_listed ON delivery (destination, state, id)
      WHERE state = 0 OR state = 1 OR state = 2 OR state = 4;
    """

  /// An event is found by its id along the rows, and retention walks along them: neither takes an index of all.
  /// docs/decisions/0015-two-indexes-less.md says why.
  ///
  /// An event's body comes last, so that what stands beside it is read without its pages.
  private static let twoIndexesLess = """
    CREATE TABLE straggler (         -- events whose id is not above all ids before
      uuid BLOB PRIMARY KEY,
      event INTEGER NOT NULL,
      previous INTEGER NOT NULL      -- the last event before it that is no straggler; it may be gone
    ) WITHOUT ROWID;
    INSERT INTO straggler (uuid, event, previous)
      SELECT uuid, id, (SELECT p.id FROM event p WHERE p.uuid = highest)
      FROM (
        SELECT id, uuid, max(uuid) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS highest
        FROM event
      )
      WHERE uuid <= highest;

    ALTER TABLE envelope ADD COLUMN first_row INTEGER;   -- of its events; null: none was stored
    UPDATE envelope SET first_row = e.first
      FROM (SELECT envelope, min(id) AS first FROM event GROUP BY envelope) AS e
      WHERE e.envelope = envelope.id;

    CREATE TABLE event_without_index (
      id INTEGER PRIMARY KEY,
      uuid BLOB NOT NULL,            -- 16 bytes; no two are the same
      envelope INTEGER NOT NULL REFERENCES envelope,
      type TEXT NOT NULL,
      raw_type BLOB,                 -- as it was spelled; null: like type
      company TEXT,
      channel TEXT,
      chat TEXT,
      routes TEXT NOT NULL,          -- ids of the routes that matched, in their order, separated by spaces
      dropped INTEGER NOT NULL,      -- 1: the last of them dropped it
      first_delivery INTEGER,        -- null: there is none
      deliveries INTEGER NOT NULL DEFAULT 0,
      body BLOB NOT NULL             -- as it came
    );
    INSERT INTO event_without_index
      SELECT id, uuid, envelope, type, raw_type, company, channel, chat, routes, dropped, first_delivery, deliveries, body
      FROM event ORDER BY id;
    DELETE FROM event;  -- to drop a table that is full takes as much memory as it is large
    DROP TABLE event;
    ALTER TABLE event_without_index RENAME TO event;

    DROP INDEX delivery_settled;
    -- when it was settled; only of one that retention's walk along the events has passed, or might find too young
    ALTER TABLE delivery ADD COLUMN revisit INTEGER;
    UPDATE delivery SET revisit = settled
      WHERE (state = 3 OR state = 5) AND settled > 60000000 + (
        SELECT v.received FROM event e CROSS JOIN envelope v ON v.id = e.envelope WHERE e.id = delivery.event
      );
    CREATE INDEX delivery_revisit ON delivery (revisit, id) WHERE revisit IS NOT NULL;
    """

  /// Where only routed events are kept, the envelope says which of its events were left out: when it comes again they
  /// are told from those that have gone meanwhile.
  private static let unstoredEvents = """
    ALTER TABLE envelope ADD COLUMN unstored BLOB;   -- places of accepted events, 2 bytes each; null: none
    """

  /// Tells a log that another file has left: see `StoreMark`.
  private static let marks = """
    CREATE TABLE mark (value TEXT NOT NULL);         -- one row
    INSERT INTO mark VALUES ('');
    """

  /// The relay's own clock, and what the wall clock showed: all other times are by the first. What is older than this
  /// migration was timed by the wall clock, at which the relay's own begins.
  /// docs/decisions/0020-a-time-that-nobody-sets.md says why.
  private static let keptClock = """
    CREATE TABLE clock (             -- at most one row
      boot TEXT,                     -- names the machine's run; null: the system did not say
      since_boot INTEGER NOT NULL,   -- microseconds
      steady INTEGER NOT NULL        -- the relay's own time then
    );
    CREATE TABLE clock_step (
      steady INTEGER PRIMARY KEY,    -- from then on
      offset INTEGER NOT NULL        -- the wall clock was so much ahead
    );
    """

  /// A delivery that was routed anew came later than its event: by this rows are in order of time all the same, and those
  /// that came late are found at once. And its event was routed by another configuration than the rest of its envelope.
  private static let lateDeliveries = """
    ALTER TABLE event ADD COLUMN configuration INTEGER REFERENCES configuration;  -- null: its envelope's
    ALTER TABLE delivery ADD COLUMN arrived INTEGER;  -- null: with its event
    CREATE INDEX delivery_rerouted ON delivery (run <> 0, id) WHERE arrived IS NOT NULL;
    """

  /// What people do by the admin API, and who saw contents: rows come only when people act.
  private static let auditOfPeople = """
    CREATE TABLE audit (
      id INTEGER PRIMARY KEY,        -- rises in the order in which they were kept
      at INTEGER NOT NULL,           -- by the wall clock
      who TEXT NOT NULL,             -- as the configuration calls them
      role TEXT NOT NULL,
      what TEXT NOT NULL,            -- such as deliveries/retry
      target TEXT NOT NULL,          -- what it was done to, or the filter that said so
      reason TEXT,                   -- in their words
      outcome TEXT,                  -- done, or an error's code, and what else was done; null: nobody knows
      count INTEGER                  -- how many things were changed or shown; null: that can't be said
    );
    """

  /// What events are found by, beside their rows: written when many have come, so that the path pays nothing for it.
  /// docs/decisions/0026-events-in-sorted-runs.md says why.
  private static let eventRuns = """
    CREATE TABLE event_run (id INTEGER PRIMARY KEY);
    CREATE TABLE run_page (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
    """

  /// Of a token that was learned only what it is known by is kept: see docs/decisions/0027-learned-tokens.md.
  private static let learnedTokens = """
    CREATE TABLE learned_token (
      source TEXT PRIMARY KEY,       -- its name
      salt BLOB NOT NULL,
      hash BLOB NOT NULL,            -- SHA-256 of the salt and the token
      learned INTEGER NOT NULL       -- when a person confirmed it, by the wall clock
    ) WITHOUT ROWID;
    """

  /// Deliveries that replays queue have pending states of their own (-4 fresh, -3 retrying, -2 waiting), and places of their own
  /// in the indexes: no walk along live ones comes to them, and none along them to live ones.
  /// docs/decisions/0029-replays.md says why.
  private static let replays = """
    CREATE TABLE replay (
      id INTEGER PRIMARY KEY,        -- rises, and none is given twice
      plan TEXT NOT NULL,            -- which events go where
      expected INTEGER,              -- how many events it is likely to come to
      who TEXT,
      reason TEXT,
      started INTEGER NOT NULL,
      walk INTEGER NOT NULL DEFAULT 0,       -- 0 under way, 1 ended, 2 cancelled, 3 failed
      failure TEXT,
      walked_to TEXT,                -- where it goes on
      matched INTEGER NOT NULL DEFAULT 0,
      skipped INTEGER NOT NULL DEFAULT 0,
      queued INTEGER NOT NULL DEFAULT 0,
      delivered INTEGER NOT NULL DEFAULT 0,
      dead INTEGER NOT NULL DEFAULT 0,
      discarded INTEGER NOT NULL DEFAULT 0,
      ended INTEGER                  -- when the walk did
    );
    CREATE INDEX replay_unfinished ON replay (id) WHERE walk = 0;
    CREATE TABLE replayed (          -- what replays have queued of each event
      event INTEGER NOT NULL REFERENCES event,
      delivery INTEGER NOT NULL REFERENCES delivery,
      PRIMARY KEY (event, delivery)
    ) WITHOUT ROWID;
    ALTER TABLE destination ADD COLUMN replaying INTEGER NOT NULL DEFAULT 0;
    """

  /// Whom attempts went to and how soon the answer began, of those that failed also what was sent and what came back beside its
  /// body; and the trace that an envelope's request brought.
  private static let attemptEvidence = """
    ALTER TABLE envelope ADD COLUMN trace BLOB;       -- null: the one that its first event's id makes
    ALTER TABLE delivery ADD COLUMN last_peer BLOB;
    ALTER TABLE delivery ADD COLUMN last_first_byte INTEGER;
    ALTER TABLE failure ADD COLUMN peer BLOB;
    ALTER TABLE failure ADD COLUMN first_byte INTEGER;
    ALTER TABLE failure ADD COLUMN request_headers BLOB;
    ALTER TABLE failure ADD COLUMN answer_headers BLOB;
    """

  /// When senders were turned away, or found nobody.
  private static let gaps = """
    CREATE TABLE gap (
      kind INTEGER NOT NULL,         -- 1 down, 2 refused with 503, 3 refused with 401
      began INTEGER NOT NULL,
      source INTEGER NOT NULL,       -- 0: none
      ended INTEGER NOT NULL,
      count INTEGER NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (kind, began, source)
    ) WITHOUT ROWID;
    """

  /// An event's body may be gone before its event: of one that went nowhere, and of one that was erased. A body is never empty, so
  /// an empty one is one that is gone. And dead letters are found in the order in which they died.
  private static let removedBodies = """
    ALTER TABLE event ADD COLUMN erased INTEGER;       -- when a person's right was exercised; null: never
    CREATE TABLE unrouted_walk (event INTEGER NOT NULL);  -- one row: the last event that was looked at
    INSERT INTO unrouted_walk VALUES (0);
    UPDATE delivery SET revisit = settled WHERE id IN (
      SELECT id FROM delivery INDEXED BY delivery_listed WHERE state = 4
    );
    """

  /// The indexes hold the states of both queues (the state stands before the row in them anyway), and what was discarded as what
  /// is dead. Each index that there is, also one that a row is not in, costs every insert and every settlement a cursor.
  private static let oneIndexOfBothQueues = """
    DROP INDEX delivery_retrying;
    CREATE INDEX delivery_retrying ON delivery (destination, state, due, id) WHERE state = 1 OR state = -3;
    DROP INDEX delivery_listed;
    CREATE INDEX delivery_listed ON delivery (destination, state, id, event)
      WHERE state = 0 OR state = 1 OR state = 2 OR state = 4 OR state = 5 OR state = -4 OR state = -3 OR state = -2;
    """

  /// Whether the migrations from that schema on write each event anew.
  static func rewritesEvents(from current: Int64) -> Bool { current < Self.writtenAnew }
  /// The schema since which events are as `twoIndexesLess` has made them.
  private static let writtenAnew: Int64 = 5

  /// Brings a database up to date that `check` has let pass.
  static func migrate(_ connection: Connection) throws(StoreError) {
    let current = try connection.integer("PRAGMA user_version") ?? 0
    guard current < version else { return }
    try connection.execute("BEGIN IMMEDIATE")
    for migration in migrations[Int(current)...] { try connection.execute(migration) }
    try connection.execute("PRAGMA application_id = \(applicationID)")
    try connection.execute("PRAGMA user_version = \(version)")
    try connection.execute("COMMIT")
  }

  /// Settings of a connection that writes.
  ///
  /// `auto_vacuum` comes first: it takes effect only before the first table.
  static func configure(_ connection: Connection) throws(StoreError) {
    try connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    try connection.execute("PRAGMA journal_mode = WAL")
    try connection.execute("PRAGMA synchronous = FULL")
    try connection.execute("PRAGMA journal_size_limit = 67108864")
    try connection.execute("PRAGMA secure_delete = FAST")
    try connection.execute("PRAGMA cache_size = -16384")
    try connection.execute("PRAGMA temp_store = MEMORY")
  }
}
