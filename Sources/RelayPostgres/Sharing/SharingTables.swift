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
    -- A row for each commit that has stored deliveries for destinations that other nodes serve. The newest of each slot stays, the others
    -- for a minute. `previous`: the sequence of the slot's news before. `base`: the tick of the commit.
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
      PRIMARY KEY (slot, sequence)
    );
    """
  }
}
