"""What an event costs a relay over PostgreSQL while the database holds millions, and while somebody keeps a transaction open."""
import contextlib, subprocess, time

import measure, postgres
from harness import configuration
from measure import fresh_relay
from processes import running
from report import median, number, table
from setups import SETUPS, destination
from stores import cost, new_database, over

SETTLED, PENDING, BODY_BYTES = 10_000_000, 5_000_000, 400
SCHEMA = "huggy_relay"
OPEN_SECONDS = 600
ROOM = "store: { max_size: 200GiB, retention: 30d }"
REFUSED = "http://127.0.0.1:1/"  # never called: its destination is paused
RATE_WHILE_OPEN = 500  # events a second

# A day's table, at the moment when the day began: what comes during a run is behind it.
FILL = """
  SET synchronous_commit = off;
  WITH today AS (SELECT extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'utc'))::int8 AS second),
    row AS (SELECT n, lpad(to_hex(second * 1000 + n / 1000), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0') AS id,
      ((second * 1000000 - 1767225600000000 + n) << 12) | 4095 AS number, second * 1000000 + n AS at FROM today, generate_series({first}, {last}) n),
    stored AS (INSERT INTO event (id, number, received, first_delivery, envelope, source, configuration, deliveries, slot, dropped, type, company, channel, chat, routes, body)
      SELECT id::uuid, number, at, number, id::uuid, 1, 1, 1, 0, false, 'receivedMessage', '15691', 'widget', (n % 1000)::text, '{{1}}',
        ('{{"id":' || rpad(n::text, {body} - 7, ' ') || '}}')::bytea FROM row)
  INSERT INTO delivery (id, event, since, received, settled, destination, route, run, attempts, counted, bytes, slot, state, shelf)
  SELECT number, id::uuid, at, at, {settled}, (SELECT id FROM destination WHERE name = '{name}'), 1, 0, {attempts}, {attempts}, {body}, 0, {state}, {shelf} FROM row
"""
AT_ONCE = 1_000_000


def yaml(sink):
    paused = destination(REFUSED, "paused", more=", paused: true, max_backlog: 100%")
    return configuration(
        destination(sink.url) + "\n" + paused,
        "  - { name: to-paused, match: { event: waits }, to: paused, stop: true }\n  - { name: all, to: sink }", store=ROOM)


def fill(server, name, settled, pending, say):
    def ask(sql):
        server.ask(f"SET search_path = {SCHEMA}; {sql}", name)
    for first in range(1, settled + pending, AT_ONCE):
        is_pending = first > settled
        ask(FILL.format(first=first, last=first + AT_ONCE - 1, body=BODY_BYTES, name="paused" if is_pending else "sink", state=0 if is_pending else 3,
                        shelf=0 if is_pending else "NULL", settled="NULL" if is_pending else "at", attempts=0 if is_pending else 1))
        say(f"{first + AT_ONCE - 1:,} events are stored")
    for destination_name, column, count in [("paused", "pending", pending), ("sink", "delivered", settled)]:
        ask(f"UPDATE book SET {column} = {column} + {count}, backlog_bytes = backlog_bytes + {pending * BODY_BYTES if column == 'pending' else 0} "
            f"WHERE destination = (SELECT id FROM destination WHERE name = '{destination_name}')")
    # What a node looks through at its start begins behind them, as if they had come in time.
    ask("UPDATE unlisted SET first = (SELECT max(id) + 1 FROM delivery)")
    server.ask("VACUUM (ANALYZE)", name)


def whole_cost(server, relay, sink, seconds):
    run = cost(server, relay, sink, SETUPS["one"], seconds)
    return run | {"all_us": run["cpu_us"] + run["server_us"]}


@contextlib.contextmanager
def transaction_open(server, name):
    """Somebody reads in a transaction, and does not end it: nothing that dies meanwhile can be removed."""
    command = [f"{server.binaries}/psql", "-XAtq", "-d", server.address(name)]
    with running(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        session.stdin.write(f"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM {SCHEMA}.destination;\n")
        session.stdin.flush()
        session.stdout.readline()
        yield


def costs(server, sink, name, url, runs, seconds):
    with fresh_relay(over(url, yaml(sink))) as relay:
        measure.load(relay, sink, SETUPS["one"], measure.WARM_UP_SECONDS, 64)
        return [whole_cost(server, relay, sink, seconds) for _ in range(runs)]


def compare(results, sink, runs, seconds, say):
    """An empty database, one that holds millions, and the empty one again; and a transaction that is open for ten minutes."""
    with postgres.running() as server:
        empty, full = new_database(server), new_database(server)
        say("an empty database")
        results["empty"] = costs(server, sink, *empty, runs, seconds)
        results["filled"] = []
        costs(server, sink, *full, 1, 1)  # which makes the tables
        fill(server, full[0], SETTLED, PENDING, say)
        for n in range(runs):
            say(f"with millions, and empty, in turns: {n + 1} of {runs}")
            results["filled"] += costs(server, sink, *full, 1, seconds)
            results["empty"] += costs(server, sink, *empty, 1, seconds)
        server.ask(f"DROP DATABASE {full[0]}")
        results["open"] = while_open(server, sink, runs, seconds, say)


def while_open(server, sink, runs, seconds, say):
    name, url = new_database(server)
    found = {}
    with fresh_relay(over(url, yaml(sink))) as relay:
        measure.load(relay, sink, SETUPS["one"], measure.WARM_UP_SECONDS, 64)
        found["before"] = [whole_cost(server, relay, sink, seconds) for _ in range(runs)]
        with transaction_open(server, name):
            say(f"a transaction is open for {OPEN_SECONDS} s")
            began = time.monotonic()
            while time.monotonic() - began < OPEN_SECONDS:
                measure.load(relay, sink, SETUPS["one"], 20, 64, RATE_WHILE_OPEN)
            found["open"] = [whole_cost(server, relay, sink, seconds) for _ in range(runs)]
        found["after"] = [whole_cost(server, relay, sink, seconds) for _ in range(runs)]
    return found


def report(results):
    def row(name, runs, base):
        return [name, *(median(runs, key) for key in ("cpu_us", "server_us", "all_us")), number(median(runs, "all_us") / median(base, "all_us")),
                median(runs, "wal_bytes"), median(runs, "events_per_commit"), median(runs, "delivered_per_s")]
    rows = []
    if results.get("filled"):
        rows += [row("empty", results["empty"], results["empty"]),
                 row(f"{SETTLED:,} settled, {PENDING:,} pending", results["filled"], results["empty"])]
    if opened := results.get("open"):
        rows += [row("no transaction open", opened["before"], opened["before"]),
                 row(f"one open for {OPEN_SECONDS} s", opened["open"], opened["before"]), row("after it", opened["after"], opened["before"])]
    table("An event's cost over PostgreSQL (CPU µs)", ["", "relay", "server", "both", "÷ first", "WAL B/event", "events/commit", "delivered/s"], rows)
