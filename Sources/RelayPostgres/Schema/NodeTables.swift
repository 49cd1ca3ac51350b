/// The tables that say which store this is, and who works on it.
enum NodeTables {
  static let sql = """
    -- One row. The advisory locks are made of its id: a copy of the database is another store only once its id is another one.
    CREATE TABLE store (
      id uuid NOT NULL DEFAULT gen_random_uuid(),
      version int4 NOT NULL,
      is_only bool PRIMARY KEY DEFAULT true CHECK (is_only)
    );

    -- A row for each slot that was ever taken. Written each half second: the room is for versions on the same page.
    CREATE TABLE node (
      slot int2 PRIMARY KEY CHECK (slot BETWEEN 0 AND \(Slot.all.upperBound - 1)),
      -- How often the slot has changed hands.
      session int8 NOT NULL,
      name text NOT NULL,
      version text NOT NULL,
      -- A hash of the node's configuration.
      configuration text NOT NULL,
      -- The server process of its writer connection; null: nobody has the slot, and nothing is left of who had it.
      backend int4,
      -- The same of its second connection; null until its first heartbeat.
      watcher int4,
      -- The slot of the node that clears up after the one that had this; null: none does.
      taker int2,
      -- No tick that the slot gives is lower: it never goes back.
      last_tick int8 NOT NULL,
      -- Its last heartbeat, by the server's clock.
      seen timestamptz NOT NULL,
      started timestamptz NOT NULL
    ) WITH (fillfactor = 50);
    """
}
