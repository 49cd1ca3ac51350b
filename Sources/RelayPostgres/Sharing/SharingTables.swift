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
    \(names.twins.map(twins).joined(separator: "\n"))
    """
  }

  /// Keys of what nodes store, so that of the same bytes that come to two at once one is stored. Not in the server's log, and so empty after it
  /// has crashed: then each node reads the news before it stores anything. Emptied every two minutes: a vacuum that is under way would put
  /// that off.
  private static func twins(_ table: String) -> String {
    "CREATE UNLOGGED TABLE \(table) (key uuid PRIMARY KEY) WITH (autovacuum_enabled = false);"
  }
}
