/// The table that says how far a store has been filled from another one: in a store that never was, it has no row.
enum MovingTable {
  static func sql(_ names: TableNames) -> String {
    """
    -- At most one row. It is written in the same transaction as what it tells of.
    CREATE TABLE \(names.moving) (
      is_only bool PRIMARY KEY DEFAULT true CHECK (is_only),
      -- The mark of the store that everything comes from.
      origin text NOT NULL,
      -- See MoveProgress.Step.
      step int4 NOT NULL,
      -- The last rows that were moved, by the origin's numbers: of events, of deliveries, and of what the step goes along.
      event_row int8 NOT NULL,
      delivery_row int8 NOT NULL,
      step_row int8 NOT NULL,
      -- The last ticks that were given.
      event_tick int8 NOT NULL,
      delivery_tick int8 NOT NULL,
      envelope_tick int8 NOT NULL,
      -- No tick is above this one, as long as there is room below it: what comes after the move has later ones.
      ceiling int8 NOT NULL,
      -- What is of an earlier day is kept without a day.
      first_day int8 NOT NULL,
      -- Envelopes that were received before are of no use any more.
      envelopes_from int8 NOT NULL
    );
    """
  }
}
