-- The schema of a store of huggy-relay, as it is now.
--
-- A test compares it with a fresh store's, so it is always right. How it came to be, and how an older store is brought up to
-- date, is in Sources/RelaySQLite/Schema.swift.
--
-- All times are microseconds since 1970 by the relay's own clock, unless it is said otherwise; `clock_step` says what the wall
-- clock showed then (docs/decisions/0020-a-time-that-nobody-sets.md). All durations are microseconds.
--
-- Rows of `envelope`, `event` and `delivery` rise in order of arrival. Their numbers go on from the highest there is, and none is
-- given twice.

PRAGMA application_id = 1752524658;  -- "hugr": marks the file as a store of huggy-relay
PRAGMA user_version = 17;            -- how many migrations have been applied

-- MARK: Names, and the numbers that stand for them in other rows

-- A place that envelopes come from.
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE          -- as in routes.yaml
);

-- A place that events are delivered to, with its books: counts that are kept, not counted
-- (docs/decisions/0009-books.md). They change in the same transaction as the deliveries that they count.
CREATE TABLE destination (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,         -- as in routes.yaml
  pending INTEGER NOT NULL DEFAULT 0,        -- deliveries in the states -4 to 2
  dead INTEGER NOT NULL DEFAULT 0,           -- deliveries in the state 4
  delivered INTEGER NOT NULL DEFAULT 0,      -- how many were ever delivered, those that are gone included
  discarded INTEGER NOT NULL DEFAULT 0,      -- how many a person has ever discarded
  overflowed INTEGER NOT NULL DEFAULT 0,     -- how many were ever discarded because the backlog was full
  backlog_bytes INTEGER NOT NULL DEFAULT 0,  -- the sum of delivery.bytes of those that are pending or dead
  ordering INTEGER DEFAULT 0,        -- what its deliveries are in order by: 0 none, 1 chat, 2 destination; null: it is being changed
  paused_until INTEGER,              -- a person has paused it until then; null: nobody has
  suspended INTEGER NOT NULL DEFAULT 0,      -- how long it has been suspended, all suspensions that have ended taken together
  suspended_since INTEGER,           -- when the suspension that lasts began; null: it is not suspended
  replaying INTEGER NOT NULL DEFAULT 0       -- those of the pending that replays have queued: in the states -4, -3 and -2
);

-- A rule of routes.yaml that matches events.
CREATE TABLE route (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE          -- as in routes.yaml
);

-- A version of routes.yaml that has routed events.
CREATE TABLE configuration (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE          -- of the file's contents
);

-- MARK: What was received

-- One accepted POST. What is stored of it later, when it comes again, has a row of its own.
CREATE TABLE envelope (
  id INTEGER PRIMARY KEY,            -- rises in order of arrival
  source INTEGER NOT NULL REFERENCES source,                -- where it came from
  configuration INTEGER NOT NULL REFERENCES configuration,  -- what routed its events
  received INTEGER NOT NULL,         -- when
  first_event BLOB NOT NULL,         -- the id of its first event, 16 bytes; the ids of the others count up from it
  accepted INTEGER NOT NULL,         -- how many events it had
  hash BLOB,                         -- SHA-256 of the body, by which it is recognized when it comes again; null: it is not
  time BLOB,                         -- the envelope's field `time`, as it came
  token BLOB,                        -- the envelope's field `token`, as it came
  first_row INTEGER,                 -- event.id of its first event that was stored; null: none was
  unstored BLOB,                     -- places of accepted events that were not stored, 2 bytes each; null: all were
  trace BLOB                         -- the request's `traceparent`: trace id 16 bytes, parent id 8, flags 1; null: it had none, and
                                     -- goes on with `first_event` as trace id, the last 8 bytes of that as parent id, and 1
);

-- One event of an envelope. Where its deliveries stand: docs/decisions/0013-an-event-knows-its-deliveries.md. The body comes after
-- nearly all else, so that what stands before it is read without the body's pages.
CREATE TABLE event (
  id INTEGER PRIMARY KEY,            -- rises in order of arrival
  uuid BLOB NOT NULL,                -- the event's id, 16 bytes; no two are the same
  envelope INTEGER NOT NULL REFERENCES envelope,            -- what it came in
  type TEXT NOT NULL,                -- the key that it stood under, decoded
  raw_type BLOB,                     -- the same as the sender spelled it; null: like `type`
  company TEXT,                      -- whose it is; null: it does not say
  channel TEXT,                      -- what it came over; null: it does not say
  chat TEXT,                         -- the conversation that it belongs to; null: it does not say
  routes TEXT NOT NULL,              -- route.id of those that matched, in their order, separated by spaces
  dropped INTEGER NOT NULL,          -- 1: the last of them dropped it; else 0
  first_delivery INTEGER,            -- delivery.id of its first, which the others follow; null: it has none
  deliveries INTEGER NOT NULL DEFAULT 0,     -- how many
  body BLOB NOT NULL,                -- its bytes, as they came; empty: they were removed, see `erased` and `unrouted_walk`
  configuration INTEGER REFERENCES configuration,           -- what routed it, where that is another than its envelope's; else null
  erased INTEGER                     -- when a person's right to be forgotten was exercised on it; null: never
);

-- One row. Of events that went nowhere, up to this one, the bodies older than `store.unrouted_retention` are removed.
CREATE TABLE unrouted_walk (
  event INTEGER NOT NULL             -- the last event that was looked at
);

-- An event whose id is not above the ids of all events before it. All others are found by their ids along the rows
-- (docs/decisions/0015-two-indexes-less.md).
CREATE TABLE straggler (
  uuid BLOB PRIMARY KEY,             -- the event's id, 16 bytes
  event INTEGER NOT NULL,            -- its row
  previous INTEGER NOT NULL          -- the row of the last event before it that is no straggler; it may be gone
) WITHOUT ROWID;

-- What events are found by, beside their ids: a run covers the rows of a range, and its pages say which of them have which type,
-- company, channel, chat, source, route and destination (docs/decisions/0026-events-in-sorted-runs.md). It is made when all of
-- its rows have come. What is in none is found by a walk.
CREATE TABLE event_run (
  id INTEGER PRIMARY KEY             -- twice its number, and one if it is large: a small one covers 4,096 rows, a large one 262,144
);

-- The pages of runs. Those that belong to no run are left from a crash, and will go.
CREATE TABLE run_page (
  id INTEGER PRIMARY KEY,            -- event_run.id times 2^20, and the page's number in it
  body BLOB NOT NULL                 -- Sources/RelaySQLite/Index/ says how to read it
);

-- MARK: What is sent

-- An event on its way to one destination. The states:
--
--     -4 fresh, -3 retrying, -2 waiting: the same as 0, 1 and 2, of those that a replay has queued
--        (docs/decisions/0029-replays.md)
--     -1 fresh, and unlisted: one of the newest, in no index. It becomes 0 when many others have come after it, or before
--        somebody walks along the index (docs/decisions/0014-unlisted-deliveries.md)
--      0 fresh: never attempted
--      1 retrying: an attempt has failed, the next is due at `due`
--      2 waiting: an earlier one of its order key comes first; it has a `due` if it was retrying before
--      3 delivered
--      4 dead: kept until a person acts
--      5 discarded
--
-- The reasons of a dead one are 1 permanent, 2 exhausted, 3 expired; of a discarded one 4 overflow, 5 person, 6 retention (it was dead for
-- too long), 7 erased.
--
-- A destination's clock stands still while it is suspended (docs/decisions/0008-a-clock-that-stands-still.md).
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,            -- rises in order of arrival
  event INTEGER NOT NULL REFERENCES event,                  -- what is sent
  destination INTEGER NOT NULL REFERENCES destination,      -- where to
  route INTEGER NOT NULL REFERENCES route,                  -- why
  run INTEGER NOT NULL,              -- 0: it was routed on arrival; else replay.id of the replay that has queued it
  state INTEGER NOT NULL,            -- see above
  attempts INTEGER NOT NULL,         -- how many have ended
  since INTEGER NOT NULL,            -- what `max_age` counts from, by the destination's clock, see above
  due INTEGER,                       -- when the next attempt is, in the states 1, 2, -3 and -2
  order_key TEXT,                    -- those of a destination with the same key are sent one after another; null: it waits for none
  settled INTEGER,                   -- when it came into one of the states 3, 4 and 5; null: it is pending
  reason INTEGER,                    -- why it is dead or discarded, see above; else null
  last_at INTEGER,                   -- when the last attempt began; null: there was none
  last_duration INTEGER,             -- how long the last attempt took
  last_status INTEGER,               -- the HTTP status of the last attempt; null: there was no response
  last_error TEXT,                   -- why the last attempt had no response; null: it had one
  counted INTEGER NOT NULL DEFAULT 0,        -- attempts that count toward `max_attempts`: no probes, none before a person's retry
  probed INTEGER,                    -- when it last failed as a probe of an open circuit; null: never
  bytes INTEGER NOT NULL DEFAULT 0,  -- what it counts in destination.backlog_bytes: its event's body, and 512 beside it
  revisit INTEGER,                   -- when it was settled, if it is dead, or if retention's walk along the events would miss it;
                                     -- else null
  arrived INTEGER,                   -- when it was routed anew, or queued by a replay; null: it came with its event
  last_peer BLOB,                    -- whom the last attempt went to: the address, 4 bytes or 16, and 2 of the port; null: nobody
  last_first_byte INTEGER            -- how long it took until the answer's first byte; null: there was none
);

-- A destination's retries, by the time when they are due.
CREATE INDEX delivery_retrying ON delivery (destination, state, due, id) WHERE state = 1 OR state = -3;

-- A destination's deliveries by state, in order of arrival. Partial indexes serve literals only: so each state has its own condition.
-- `state` stands in them too, or SQLite 3.40 would read the table's row for it; and so no walk along live ones comes to what
-- replays have queued.
CREATE INDEX delivery_listed ON delivery (destination, state, id, event)
  WHERE state = 0 OR state = 1 OR state = 2 OR state = 4 OR state = 5 OR state = -4 OR state = -3 OR state = -2;

-- The pending deliveries of each order key, in order of arrival.
CREATE INDEX delivery_ordered ON delivery (destination, order_key, id)
  WHERE order_key IS NOT NULL AND state < 3;

-- Dead letters, and what retention's walk along the events would miss, in order of time.
CREATE INDEX delivery_revisit ON delivery (revisit, id) WHERE revisit IS NOT NULL;

-- What was routed anew, and apart from it what was queued by a replay.
CREATE INDEX delivery_rerouted ON delivery (run <> 0, id) WHERE arrived IS NOT NULL;

-- One row.
CREATE TABLE unlisted (
  first INTEGER NOT NULL             -- no delivery before this one has the state -1
);

-- A failed attempt: of each delivery the first and the last nine.
CREATE TABLE failure (
  delivery INTEGER NOT NULL REFERENCES delivery,            -- whose
  attempt INTEGER NOT NULL,          -- its number, from 1
  at INTEGER NOT NULL,               -- when it began
  duration INTEGER NOT NULL,         -- how long it took
  status INTEGER,                    -- the HTTP status; null: there was no response
  error TEXT,                        -- why there was no response; null: there was one
  answer BLOB,                       -- the first 1 KiB of the response's body
  peer BLOB,                         -- whom it went to, as delivery.last_peer
  first_byte INTEGER,                -- how long it took until the answer's first byte; null: there was none
  request_headers BLOB,              -- header lines as they were sent, secrets masked, at most 4 KiB; null: nothing was sent
  answer_headers BLOB,               -- header lines of the response, at most 1 KiB; null: none came
  PRIMARY KEY (delivery, attempt)
) WITHOUT ROWID;

-- MARK: What people have decided

-- What a source's learned token is known by (docs/decisions/0027-learned-tokens.md): none of those that routes.yaml holds.
CREATE TABLE learned_token (
  source TEXT PRIMARY KEY,           -- as in routes.yaml; it need not be there any more
  salt BLOB NOT NULL,                -- 16 random bytes
  hash BLOB NOT NULL,                -- SHA-256 of the salt and the token
  learned INTEGER NOT NULL           -- when a person confirmed it, by the wall clock
) WITHOUT ROWID;

-- MARK: What is sent again

-- A person's wish to send stored events again: a job that walks along them and queues deliveries.
CREATE TABLE replay (
  id INTEGER PRIMARY KEY,            -- rises, and none is given twice
  plan TEXT NOT NULL,                -- which events go where, and how: as the query of an address
  expected INTEGER,                  -- how many events it is likely to come to; null: nobody has counted
  who TEXT,                          -- who wants it; null: it is not known
  reason TEXT,                       -- why; null: nobody has said
  started INTEGER NOT NULL,          -- when
  walk INTEGER NOT NULL DEFAULT 0,           -- 0 under way, 1 ended, 2 cancelled, 3 failed
  failure TEXT,                      -- why it failed
  walked_to TEXT,                    -- where the walk goes on, or `over`, and behind it where those that were parted from it do, by
                                     -- destination: `480&bi=over&crm=96`; null: at the beginning
  matched INTEGER NOT NULL DEFAULT 0,        -- events that it has come to, of those that fit
  skipped INTEGER NOT NULL DEFAULT 0,        -- those of them that it had nowhere to send
  queued INTEGER NOT NULL DEFAULT 0,         -- deliveries that it has queued
  delivered INTEGER NOT NULL DEFAULT 0,      -- those of them that were delivered
  dead INTEGER NOT NULL DEFAULT 0,           -- that are dead
  discarded INTEGER NOT NULL DEFAULT 0,      -- that were discarded
  ended INTEGER                      -- when its walk did; null: it has not
);

-- Those that are to be gone on with.
CREATE INDEX replay_unfinished ON replay (id) WHERE walk = 0;

-- What replays have queued of each event: its own deliveries stand one after another from its arrival on.
CREATE TABLE replayed (
  event INTEGER NOT NULL REFERENCES event,                  -- of which
  delivery INTEGER NOT NULL REFERENCES delivery,            -- what
  PRIMARY KEY (event, delivery)
) WITHOUT ROWID;

-- MARK: What was turned away

-- A time in which envelopes were refused, or nobody was there to take them. Of each kind the newest 500. The kinds:
--
--      1 down: the relay did not run
--      2 refused with 503: there was no room, or the store could not take them
--      3 refused with 401: there was no token, or a wrong one
CREATE TABLE gap (
  kind INTEGER NOT NULL,             -- see above
  began INTEGER NOT NULL,            -- when
  source INTEGER NOT NULL,           -- source.id of whose envelopes they were; 0: of all, or of nobody that is known
  ended INTEGER NOT NULL,            -- when; like `began` of a relay that is being stopped
  count INTEGER NOT NULL,            -- how many requests were refused; 0: nobody knows
  reason TEXT NOT NULL,              -- the code of the last refusal; of the kind 1 `stopped` or `killed`
  PRIMARY KEY (kind, began, source)
) WITHOUT ROWID;

-- MARK: The store itself

-- One row. A log that another file has left is told by it: see Sources/RelaySQLite/Backup/StoreMark.swift.
CREATE TABLE mark (
  value TEXT NOT NULL                -- a random number, in hexadecimal digits, anew with each start; empty: none was written yet
);

-- Where the relay's own clock goes on from. At most one row.
CREATE TABLE clock (
  boot TEXT,                         -- names the machine's run; null: the system did not say
  since_boot INTEGER NOT NULL,       -- how long that had lasted
  steady INTEGER NOT NULL            -- what the relay's own clock showed then
);

-- What people and programs did by the admin API, and who saw contents of events. Kept before it is done.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,            -- rises in the order in which they were kept
  at INTEGER NOT NULL,               -- when it was begun, by the wall clock
  who TEXT NOT NULL,                 -- as the configuration calls them
  role TEXT NOT NULL,                -- what they might do then
  what TEXT NOT NULL,                -- the path without its beginning and without names: deliveries/retry
  target TEXT NOT NULL,              -- what it was done to, or the filter that said so; no contents
  reason TEXT,                       -- in their words; null: none was given
  outcome TEXT,                      -- done, or an error's code, and behind ": " what else was done; null: under way, or nobody knows
  count INTEGER                      -- how many things were changed or shown; null: that can't be said
);

-- What the wall clock showed, from each time that it was set.
CREATE TABLE clock_step (
  steady INTEGER PRIMARY KEY,        -- from then on, by the relay's own clock
  offset INTEGER NOT NULL            -- the wall clock was so much ahead, or behind (negative)
);
