/// The tables by which nodes share destinations out among themselves (docs/decisions/0049-lanes-are-leased.md).
enum SharingTables {
  static func sql(_ names: TableNames) -> String {
    """
    -- Who serves a destination. Without a row: nobody yet. Each change is a commit of its own.
    CREATE TABLE \(names.lane) (
      destination int4 PRIMARY KEY,
      -- The slot whose node alone hands out deliveries of it; null: none does.
      owner int2,
      -- The slot whose node asks the owner for it.
      wanted int2
    ) WITH (fillfactor = 50);
    -- What each node that serves destinations has configured. It counts while the slot is in this session's hands.
    CREATE TABLE \(names.configured) (
      slot int2 PRIMARY KEY, session int8 NOT NULL, destinations int4[] NOT NULL
    ) WITH (fillfactor = 50);
    -- A row for each commit that has stored deliveries for destinations that other nodes serve, or what tells an envelope that comes again.
    -- The newest of each slot stays, the others for a minute. `previous`: the sequence of the slot's news before. `base`: the tick of the
    -- commit; `at`: the server's time, in microseconds.
    CREATE TABLE \(names.news) (
      slot int2 NOT NULL,
      sequence int8 NOT NULL,
      previous int8 NOT NULL,
      base int8 NOT NULL,
      destinations int4[] NOT NULL,
      -- Those of them that a replay has queued something for.
      replayed int4[] NOT NULL,
      -- Order keys of what waits, each with its destination.
      key_destinations int4[] NOT NULL,
      keys text[] NOT NULL,
      at int8 NOT NULL,
      -- What tells envelopes that come again (`ToldEnvelopes`); null: none; empty: more than fits.
      envelopes bytea,
      PRIMARY KEY (slot, sequence)
    );
    -- Hashes: nothing of them can be made smaller.
    ALTER TABLE \(names.news) ALTER COLUMN envelopes SET STORAGE EXTERNAL;
    -- Which nodes tell the others what tells envelopes that come again, and write keys of them: those whose slot is in this session's hands.
    CREATE TABLE \(names.telling) (slot int2 PRIMARY KEY, session int8 NOT NULL);
    \(requests(names))
    \(names.twins.map(twins).joined(separator: "\n"))
    """
  }

  /// What people have asked for at one node, and another one does: the one that serves the destination, or walks
  /// along the replay. Times are the server's, in microseconds.
  private static func requests(_ names: TableNames) -> String {
    """
    CREATE TABLE \(names.request) (
      -- In the order in which one node has asked.
      id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      -- 0 a change of deliveries, 1 a pause or its end, 2 the end of a `Retry-After`, 3 the end of a replay.
      kind int2 NOT NULL,
      -- The destination's number; for the end of a replay the replay's.
      target int4 NOT NULL,
      payload text NOT NULL,
      -- Who has asked: a number of that session's.
      slot int2 NOT NULL,
      session int8 NOT NULL,
      number int8 NOT NULL,
      asked int8 NOT NULL,
      begun int8,
      -- When something of it was last done.
      touched int8 NOT NULL,
      -- How far a change has come: whoever goes on with it begins behind that.
      walked_to int8,
      walk_end int8,
      changed int8 NOT NULL DEFAULT 0,
      erased int8 NOT NULL DEFAULT 0,
      -- null: it has not ended.
      answer text,
      UNIQUE (slot, session, number)
    ) WITH (fillfactor = 50);
    """
  }

  /// Keys of what nodes store, so that of the same bytes that come to two at once one is stored. Not in the server's log, and so empty after it
  /// has crashed: then each node reads the news before it stores anything. Emptied every two minutes: a vacuum that is under way would put
  /// that off.
  private static func twins(_ table: String) -> String {
    "CREATE UNLOGGED TABLE \(table) (key uuid PRIMARY KEY) WITH (autovacuum_enabled = false);"
  }
}
