"""The bare path over PostgreSQL, beside the one over SQLite: what a store costs at least. See Floor/."""
import subprocess

import floor, postgres
from processes import Failure
from report import median, number, ranged, table

BODY_BYTES = 1200
BATCHES = [1, 8, 32, 64, 256]
DESIGN = {"ids": "server", "envelope": "none", "fill": 45}
SLOW_SYNC = {"commit_delay": 5000, "commit_siblings": 0}  # microseconds, whoever else commits
LARGE, THREE = {"batch": 64}, {"batch": 64, "writers": 3}

# Of each group the first is what the others are compared with: how it is measured, and what is otherwise.
VARIANTS = {
    "one writer": {
        "numbers by the server's clock": (LARGE, {}),
        "numbers by the client's clock": (LARGE, {"ids": "tick"}),
        "numbers by a counter of each writer": (LARGE, {"ids": "slot"})},
    "one writer, batch 1": {
        "numbers by the server's clock": ({"batch": 1}, {}),
        "numbers by the client's clock": ({"batch": 1}, {"ids": "tick"})},
    "three writers": {
        "numbers by the server's clock": (THREE, {}),
        "numbers by the client's clock": (THREE, {"ids": "tick"}),
        "numbers by a counter of each writer": (THREE, {"ids": "slot"})},
    "three writers, commit_delay 5 ms": {
        "numbers by the server's clock": (THREE | {"settings": SLOW_SYNC}, {}),
        "numbers by a counter of each writer": (THREE | {"settings": SLOW_SYNC}, {"ids": "slot"}),
        "one writer": (LARGE | {"settings": SLOW_SYNC}, {})},
    "a POST's row": {
        "none": (LARGE, {}),
        "a heap": (LARGE, {"envelope": "heap"}),
        "a primary key, and what is the POST's not in the event": (LARGE, {"envelope": "row"})},
    "fillfactor, 64 a commit": {f"{fill}": (LARGE, {"fill": fill}) for fill in (45, 40, 55, 100)},
    "fillfactor, 256 a commit": {f"{fill}": ({"batch": 256}, {"fill": fill}) for fill in (45, 40, 55, 100)},
}

# Those of the whole server since its start, and those of the tables since they were made.
COUNTERS = """
    pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal_bytes,
    (SELECT wal_sync FROM pg_stat_wal) AS wal_syncs,
    (SELECT sum(xact_commit) FROM pg_stat_database) AS transactions,
    (SELECT count(*) FROM event) AS events,
    (SELECT coalesce(sum(length(body)), 0) FROM event) AS body_bytes,
    (SELECT count(*) FROM delivery JOIN event ON event.id = delivery.event AND event.first_delivery = delivery.id
      WHERE state = 3 AND attempts = 1) AS delivered,
    (SELECT count(*) FROM envelope) AS envelopes,
    (SELECT coalesce(sum(delivered), 0) FROM book_delta) AS in_books,
    (SELECT coalesce(sum(abs_pending), 0) FROM (SELECT abs(sum(pending)) + abs(sum(backlog_bytes)) AS abs_pending FROM book_delta) AS one) AS left_in_books,
    (SELECT count(*) FROM book_delta) AS deltas,
    (SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'delivery') AS updates,
    (SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'delivery') AS hot_updates,
    pg_table_size('delivery') AS delivery_bytes, pg_indexes_size('delivery') AS delivery_index_bytes
"""


def events_of(batch, writers=1):
    return batch * writers * max(150, min(6_000, 40_000 // batch) // writers)


def check(design, after, run):
    """What the database holds is what was sent."""
    events, envelopes = run["events"], 0 if design["envelope"] == "none" else run["events"]
    for what, wanted in [("events", events), ("body_bytes", events * BODY_BYTES), ("delivered", events), ("envelopes", envelopes),
                         ("in_books", events), ("left_in_books", 0), ("deltas", run["commits"]), ("updates", events)]:
        if after[what] != wanted:
            raise Failure(f"floor-postgres: {wanted:,} {what} expected, {after[what]:,} found")


def measure(server, batch, writers=1, settings={}, **other):
    """One run on empty tables. The server's CPU time is that of all its processes, and includes a checkpoint at the end."""
    design, address = DESIGN | other, server.address(**settings)
    options = [f"{name}={value}" for name, value in design.items()]
    subprocess.run(floor.tool("floor-postgres", server.address(), "schema", *options), check=True)
    server.ask("CHECKPOINT")
    server.be_alone()
    before, cpu = server.ask_object(COUNTERS), server.cpu_seconds()
    run = floor.run("floor-postgres", address, events_of(batch, writers), BODY_BYTES, batch, writers, *options)
    server.ask("CHECKPOINT")
    cpu = server.cpu_seconds() - cpu
    server.be_alone()
    after = server.ask_object(COUNTERS)
    check(design, after, run)
    events, commits = run["events"], run["commits"]
    return {
        "events": events, "batch": batch, "writers": writers, "design": design, "commits": commits, "per_s": 1e6 / run["wall_us"],
        "client_us": run["cpu_us"], "server_us": cpu * 1e6 / events, "cpu_us": run["cpu_us"] + cpu * 1e6 / events,
        "wal_per_event": (after["wal_bytes"] - before["wal_bytes"]) / events,
        "wal_of_body": (after["wal_bytes"] - before["wal_bytes"]) / events / BODY_BYTES,
        "round_trips": run["waits"] / commits, "wal_syncs": (after["wal_syncs"] - before["wal_syncs"]) / commits,
        "transactions": (after["transactions"] - before["transactions"]) / commits,
        "hot": after["hot_updates"] / after["updates"], "delivery_bytes": after["delivery_bytes"] / events,
        "delivery_index_bytes": after["delivery_index_bytes"] / events,
    }


def with_sqlite(server, batch):
    """Both stores, one right after the other."""
    bare = floor.sqlite(BODY_BYTES, batch, events_of(batch))
    run = measure(server, batch)
    return run | {"sqlite_us": bare["cpu_us"], "sqlite_per_s": 1e6 / bare["wall_us"],
                  "ratio": run["server_us"] / bare["cpu_us"], "ratio_of_all": run["cpu_us"] / bare["cpu_us"]}


def compare(results, runs, say):
    """All batches in turn, and that again. What is measured is put into `results` at once, so that a failure loses none of it."""
    results["batches"] = {batch: [] for batch in BATCHES}
    with postgres.running() as server:
        results["server_version"] = server.ask("SHOW server_version")
        for n in range(runs):
            for batch, done in results["batches"].items():
                say(f"floor-postgres, batch {batch}, run {n + 1} of {runs}")
                done.append(with_sqlite(server, batch))


def compare_variants(results, runs, say):
    results.update({group: {name: [] for name in variants} for group, variants in VARIANTS.items()})
    with postgres.running() as server:
        for group, variants in VARIANTS.items():
            for n in range(runs):
                say(f"variants: {group}, run {n + 1} of {runs}")
                first = None
                for name, (how, other) in variants.items():
                    run = measure(server, **how, **other)
                    first = first or run
                    results[group][name].append(run | ratios(run, first))


def ratios(run, first):
    return {"server_ratio": run["server_us"] / first["server_us"], "all_ratio": run["cpu_us"] / first["cpu_us"],
            "wal_ratio": run["wal_per_event"] / first["wal_per_event"], "rate_ratio": run["per_s"] / first["per_s"]}


def report(results):
    heads = ["batch", "server µs", "client µs", "SQLite µs", "server ÷ SQLite", "both ÷ SQLite", "events/s", "SQLite events/s",
             "WAL B/event", "÷ body", "round trips/commit", "syncs/commit", "HOT"]
    rows = [[str(batch), ranged(runs, "server_us"), median(runs, "client_us"), ranged(runs, "sqlite_us"), ranged(runs, "ratio"),
             ranged(runs, "ratio_of_all"), *(median(runs, key) for key in ("per_s", "sqlite_per_s", "wal_per_event", "wal_of_body",
                                                                             "round_trips", "wal_syncs", "hot"))]
            for batch, runs in results["batches"].items() if runs]
    table(f"Floor over PostgreSQL {results['server_version'].split()[0]} (CPU µs per event, {BODY_BYTES:,} B)", heads, rows, [
        "An event, its delivery, a row of the books a commit, and the settling of the commit before; one writer, one pipeline a commit.",
        "Server: all of PostgreSQL's processes, a checkpoint at the end included. SQLite: its floor, right before each run; it has few columns.",
        "Wanted: server ÷ SQLite at most 2.2. HOT: the share of settlements that touch no index."])


def report_variants(results):
    for group, variants in results.items():
        rows = [[name, ranged(runs, "server_us"), ranged(runs, "server_ratio"), median(runs, "client_us"), ranged(runs, "all_ratio"),
                 median(runs, "per_s"), ranged(runs, "rate_ratio"), median(runs, "wal_per_event"), median(runs, "wal_ratio"),
                 median(runs, "hot"), median(runs, "delivery_bytes"), median(runs, "delivery_index_bytes")]
                for name, runs in variants.items() if runs]
        table(f"PostgreSQL, {group}", ["", "server µs", "÷ first", "client µs", "both ÷ first", "events/s", "÷ first", "WAL B/event", "÷ first",
                                       "HOT", "delivery B", "its indexes B"], rows)
