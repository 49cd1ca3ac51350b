/// What makes the tables of the path, and of what people decide.
///
/// They are the embedded store's (docs/schema.sql) with these differences. What an envelope says of its events stands in each event's
/// row, so that a delivery is read from two rows. Where a delivery is found by those who look stands in `shelf`, apart from its state,
/// so that the way of nearly all (it arrives in its lane's hands, and is delivered) touches no index but the primary key's. Books are
/// differences that each commit inserts, so that no two nodes ever wait for one row.
///
/// What arrives stands in tables of days: `DayTableSchema`.
///
/// Text can't hold U+0000 in PostgreSQL: `StoredText` says how it is written.
enum PathTables {
  static func sql(_ names: TableNames) -> String {
    [
      nameTables(names), arrival(names), deliveries(names), books(names), people(names), replays(names),
      clocks(names),
    ].joined(separator: "\n")
  }

  private static func nameTables(_ names: TableNames) -> String {
    """
    CREATE TABLE \(names.source) (id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE \(names.destination) (
      id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text NOT NULL UNIQUE,
      ordering int4 DEFAULT 0,
      paused_until int8,
      suspended int8 NOT NULL DEFAULT 0,
      suspended_since int8
    );
    CREATE TABLE \(names.route) (id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE \(names.configuration) (
      id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE
    );
    """
  }

  /// `envelope` has a row for each POST that can be told when it comes again; nothing looks in it but the start. What is stored later
  /// of a POST's events adds a row that says what is left, in the place of the one before. `is_complete`: all of its events were
  /// stored, and each has a delivery, so that nothing is to be done when it comes again. `unstored`: places of events that were not
  /// stored, 2 bytes each.
  ///
  /// `number` is the place in order of arrival: a microsecond of the server's clock, and in the last 12 bits the node's number.
  private static func arrival(_ names: TableNames) -> String {
    """
    CREATE TABLE \(names.envelope) (
      first uuid NOT NULL,
      slot int2 NOT NULL,
      number int8 NOT NULL,
      source int4 NOT NULL,
      configuration int4 NOT NULL,
      received int8 NOT NULL,
      accepted int4 NOT NULL,
      is_complete bool NOT NULL,
      hash bytea NOT NULL,
      unstored bytea,
      trace bytea
    ) PARTITION BY RANGE (number);
    CREATE TABLE \(names.event) (
      id uuid NOT NULL,
      number int8 NOT NULL,
      received int8 NOT NULL,
      first_delivery int8,
      erased int8,
      envelope uuid NOT NULL,
      source int4 NOT NULL,
      configuration int4 NOT NULL,
      deliveries int4 NOT NULL,
      slot int2 NOT NULL,
      dropped bool NOT NULL,
      kept bool NOT NULL DEFAULT false,
      time bytea,
      token bytea,
      trace bytea,
      type text NOT NULL,
      raw_type bytea,
      company text,
      channel text,
      chat text,
      routes int4[] NOT NULL,
      body bytea NOT NULL
    ) PARTITION BY LIST (kept);
    ALTER TABLE \(names.event) ALTER COLUMN body SET STORAGE EXTERNAL;
    \(parts(of: names.event, by: "id"))
    \(DayTableSchema.event(names, suffix: DayTableSchema.kept, in: names.event, for: "IN (true)"))
    """
  }

  /// States: 0 fresh, 1 retrying, 2 waiting, 3 delivered, 4 dead, 5 discarded. `shelf` is null for one in its lane's hands since it
  /// arrived, and for what was delivered; else it is the state, less 4 for what a replay has queued and is pending. `due` is set while a
  /// delivery is pending, and says of a dead one when it died; `order_key` is set while it is pending, and at no other time. What came later
  /// than its event, with new rules or with a replay, has `arrived`, and an index, since it does not stand where its event was received;
  /// nothing of that is of the others.
  private static func deliveries(_ names: TableNames) -> String {
    """
    CREATE TABLE \(names.delivery) (
      id int8 NOT NULL,
      event uuid NOT NULL,
      since int8 NOT NULL,
      received int8 NOT NULL,
      due int8,
      settled int8,
      probed int8,
      arrived int8,
      last_at int8,
      last_duration int8,
      last_first_byte int8,
      destination int4 NOT NULL,
      route int4 NOT NULL,
      run int4 NOT NULL,
      attempts int4 NOT NULL,
      counted int4 NOT NULL,
      bytes int4 NOT NULL,
      last_status int4,
      slot int2 NOT NULL,
      state int2 NOT NULL,
      shelf int2,
      reason int2,
      kept bool NOT NULL DEFAULT false,
      order_key text,
      last_error text,
      last_peer bytea
    ) PARTITION BY LIST (kept);
    \(parts(of: names.delivery, by: "id"))
    \(DayTableSchema.delivery(names, suffix: DayTableSchema.kept, in: names.delivery, for: "IN (true)"))
    CREATE TABLE \(names.unlisted) (slot int2 PRIMARY KEY, first int8 NOT NULL);
    CREATE TABLE \(names.failure) (
      delivery int8 NOT NULL,
      attempt int4 NOT NULL,
      at int8 NOT NULL,
      duration int8 NOT NULL,
      status int4,
      kept bool NOT NULL DEFAULT false,
      error text,
      answer bytea,
      peer bytea,
      first_byte int8,
      request_headers bytea,
      answer_headers bytea
    ) PARTITION BY LIST (kept);
    \(parts(of: names.failure, by: "delivery"))
    \(DayTableSchema.failure(names, suffix: DayTableSchema.kept, in: names.failure, for: "IN (true)"))
    """
  }

  /// What is of a day, and what is not any more: `kept`.
  private static func parts(of table: String, by column: String) -> String {
    """
    CREATE TABLE \(table)_\(DayTableSchema.days) PARTITION OF \(table) FOR VALUES IN (false) PARTITION BY RANGE (\(column));
    """
  }

  /// A commit inserts a row for each destination whose books it changes, and at least one (of destination 0): by its `sequence` one
  /// that was cut off is looked for. These rows stand in two tables, which take turns; `fold_turn` counts the turns, and its last bit
  /// says whose turn it is. It is a sequence, since every commit reads it: a row that is updated would be many versions for as long as
  /// somebody keeps a transaction open. What is up to `folded` is in `book`, whether its row is still there or not; `base` is that of
  /// the commit of this `sequence`.
  private static func books(_ names: TableNames) -> String {
    let counts = """
      pending int8 NOT NULL,
        replaying int8 NOT NULL,
        dead int8 NOT NULL,
        delivered int8 NOT NULL,
        discarded int8 NOT NULL,
        overflowed int8 NOT NULL,
        backlog_bytes int8 NOT NULL
      """
    return """
      CREATE TABLE \(names.book) (
        destination int4 PRIMARY KEY,
        \(counts)
      ) WITH (fillfactor = 50);
      CREATE TABLE \(names.folded) (
        slot int2 PRIMARY KEY, sequence int8 NOT NULL, base int8 NOT NULL
      ) WITH (fillfactor = 50);
      CREATE SEQUENCE \(names.foldTurn) MINVALUE 0 START 0;
      \(names.bookDeltas.map { deltas($0, counts) }.joined(separator: "\n"))
      """
  }

  /// It is emptied every few seconds: nothing is left for a vacuum to do, and one that is under way would put that off.
  private static func deltas(_ table: String, _ counts: String) -> String {
    """
    CREATE TABLE \(table) (
      slot int2 NOT NULL,
      sequence int8 NOT NULL,
      base int8 NOT NULL,
      destination int4 NOT NULL,
      \(counts)
    ) WITH (autovacuum_enabled = false);
    """
  }

  private static func people(_ names: TableNames) -> String {
    """
    CREATE TABLE \(names.learnedToken) (
      source text PRIMARY KEY, salt bytea NOT NULL, hash bytea NOT NULL, learned int8 NOT NULL
    );
    CREATE TABLE \(names.gap) (
      kind int4 NOT NULL,
      began int8 NOT NULL,
      source int4 NOT NULL,
      ended int8 NOT NULL,
      count int8 NOT NULL,
      reason text NOT NULL,
      PRIMARY KEY (kind, began, source)
    );
    CREATE TABLE \(names.audit) (
      id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at int8 NOT NULL,
      who text NOT NULL,
      role text NOT NULL,
      what text NOT NULL,
      target text NOT NULL,
      reason text,
      outcome text,
      count int8
    );
    """
  }

  private static func clocks(_ names: TableNames) -> String {
    """
    CREATE TABLE \(names.clock) (
      slot int2 PRIMARY KEY, boot text, since_boot int8 NOT NULL, steady int8 NOT NULL, written timestamptz NOT NULL
    );
    CREATE TABLE \(names.clockStep) (
      slot int2 NOT NULL, steady int8 NOT NULL, ahead int8 NOT NULL, PRIMARY KEY (slot, steady)
    );
    """
  }

  private static func replays(_ names: TableNames) -> String {
    """
    CREATE TABLE \(names.replay) (
      id int4 PRIMARY KEY,
      plan text NOT NULL,
      expected int8,
      who text,
      reason text,
      started int8 NOT NULL,
      walk int4 NOT NULL DEFAULT 0,
      failure text,
      walked_to text,
      matched int8 NOT NULL DEFAULT 0,
      skipped int8 NOT NULL DEFAULT 0,
      queued int8 NOT NULL DEFAULT 0,
      delivered int8 NOT NULL DEFAULT 0,
      dead int8 NOT NULL DEFAULT 0,
      discarded int8 NOT NULL DEFAULT 0,
      ended int8,
      -- The slot whose node walks along it, and alone writes how far it has come; null: nobody does. What comes of its deliveries many nodes
      -- count, with rows of differences.
      runner int2
    );
    CREATE SEQUENCE \(names.replayNumber) AS int4;
    CREATE TABLE \(names.replayDelta) (
      replay int4 NOT NULL, delivered int8 NOT NULL, dead int8 NOT NULL, discarded int8 NOT NULL
    );
    CREATE INDEX \(names.replay)_unfinished ON \(names.replay) (id) WHERE walk = 0;
    CREATE TABLE \(names.replayed) (event uuid NOT NULL, delivery int8 NOT NULL, PRIMARY KEY (event, delivery));
    """
  }
}
