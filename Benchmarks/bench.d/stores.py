"""The same work over both stores, with the floors of both; and several relays over one PostgreSQL beside one."""
import contextlib, itertools, json, threading, time

import floor_postgres, measure, postgres
from measure import Account, fresh_relay
from processes import Failure, wait_for
from report import median, ranged, table
from setups import SETUPS, by_company
from traffic import Envelopes, wrk

NAMES = ["one", "three"]
NODES = [1, 3]
DESTINATIONS = 24
# Senders at each relay: few enough that two cores are not the limit at a slow sync.
CONNECTIONS = 8
SLOW_SYNC = floor_postgres.SLOW_SYNC
COUNTERS = "pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal_bytes, (SELECT sum(xact_commit) FROM pg_stat_database) AS transactions"
numbers = itertools.count(1)


def new_database(server, settings={}):
    """The URL of an empty one, and how it is called."""
    name = f"run_{next(numbers)}"
    server.ask(f"CREATE DATABASE {name} STRATEGY file_copy")
    for setting, value in settings.items():
        server.ask(f"ALTER DATABASE {name} SET {setting} = {value}")
    return name, f"postgres://bench@/{name}?host={server.socket}"


def over(url, yaml):
    """That configuration, with its store there."""
    if "store: {" in yaml:
        return yaml.replace("store: {", f'store: {{ url: "{url}",')
    head, rest = yaml.split("\n", 1)
    return f'{head}\nstore: {{ url: "{url}" }}\n{rest}'


class Spent:
    """What the server has done until now. A checkpoint before and after, so that what a run has made dirty is paid within it."""

    def __init__(self, server):
        server.ask("CHECKPOINT")
        self.cpu = server.cpu_seconds()
        self.counters = server.ask_object(COUNTERS)

    def since(self, before, events):
        return {"server_us": (self.cpu - before.cpu) * 1e6 / events,
                **{key: (self.counters[key] - before.counters[key]) / events for key in self.counters}}


def cost(server, relay, sink, setup, seconds):
    """A run of a relay that has just done the same, with what the server spent on it."""
    before = Spent(server)
    run = measure.warm_run(relay, sink, setup, seconds)
    return run | Spent(server).since(before, run["events"])


def one_relay(server, sink, name, seconds):
    """A relay over PostgreSQL, and right after it the floors of both stores at as many events in a commit."""
    setup = SETUPS[name]
    database, url = new_database(server)
    with fresh_relay(over(url, setup.yaml(sink))) as relay:
        measure.load(relay, sink, setup, measure.WARM_UP_SECONDS, 64)
        run = cost(server, relay, sink, setup, seconds)
    run["transactions_per_commit"] = run["transactions"] * run["events_per_commit"]
    run["wal_of_body"] = run["wal_bytes"] / setup.envelopes.event_bytes
    server.be_alone()
    server.ask(f"DROP DATABASE {database}")
    run["floor"] = floor_postgres.with_sqlite(server, max(1, round(run["events_per_commit"])))
    run["server_of_floor"] = run["server_us"] / run["floor"]["server_us"]
    run["floor_of_sqlite"] = run["floor"]["ratio"]
    return run


def compare(results, sink, runs, seconds, say):
    results.update({name: {"sqlite": [], "postgres": []} for name in NAMES})
    with postgres.running() as server:
        for n in range(runs):
            for name in NAMES:
                say(f"{name} over both stores, run {n + 1} of {runs}")
                bare = measure.measure(sink, SETUPS[name], seconds)
                run = one_relay(server, sink, name, seconds)
                run["relay_of_sqlite"] = run["cpu_us"] / bare["cpu_us"]
                results[name]["sqlite"].append(bare)
                results[name]["postgres"].append(run)


def several(server, sink, count, seconds, settings):
    """So many relays, each with its own senders."""
    database, url = new_database(server, settings)
    yaml = over(url, by_company(sink, DESTINATIONS, 64))
    with contextlib.ExitStack() as ended:
        relays = [ended.enter_context(fresh_relay(yaml)) for _ in range(count)]
        wait_for(lambda: all(shares_are_even(relay, count) for relay in relays), "the relays to share the destinations", 30)
        send(relays, sink, measure.WARM_UP_SECONDS)
        before = Spent(server)
        run = send(relays, sink, seconds)
        run |= Spent(server).since(before, run["events"])
    server.be_alone()
    server.ask(f"DROP DATABASE {database}")
    return run


def shares_are_even(relay, count):
    """It serves some of them, and knows all relays."""
    nodes = json.loads(relay.get("/api/v1/nodes")[1])["nodes"]
    return len(nodes) == count and all(node["destinations"] for node in nodes)


def send(relays, sink, seconds):
    envelopes = [Envelopes(companies=DESTINATIONS) for _ in relays]
    accounts, served, found = [Account(relay) for relay in relays], sink.served(), [None] * len(relays)

    def load(n):
        found[n] = wrk(relays[n].address, envelopes[n], seconds, CONNECTIONS)
    threads = [threading.Thread(target=load, args=(n,)) for n in range(len(relays))]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if None in found:
        raise Failure("a sender failed: its words stand above")
    answered = sum(one["requests"] for one in found)
    took = sink.wait_until_served(served + answered) - started
    delivered, _ = sink.wait_until_quiet(0.5)
    after = [Account(relay) for relay in relays]
    events = int(sum(b.events - a.events for a, b in zip(accounts, after)))
    if delivered - served != events:
        raise Failure(f"{events} events were accepted, {delivered - served} deliveries seen")
    commits = sum(b.commits - a.commits for a, b in zip(accounts, after))
    return {"events": events, "per_s": answered / took, "cpu_us": sum(b.cpu - a.cpu for a, b in zip(accounts, after)) * 1e6 / events,
            "commits_per_s": commits / took, "events_per_commit": events / commits, "accept_p50_ms": max(one["p50_ms"] for one in found)}


def compare_nodes(results, sink, runs, seconds, say):
    results.update({kind: {count: [] for count in NODES} for kind in ("commit_delay 5 ms", "as quick as the disk")})
    with postgres.running() as server:
        for n in range(runs):
            for kind, counts in results.items():
                for count, done in counts.items():
                    say(f"{count} relays, {kind}, run {n + 1} of {runs}")
                    run = several(server, sink, count, seconds, SLOW_SYNC if "delay" in kind else {})
                    run["of_one"] = run["per_s"] / counts[1][n]["per_s"] if count > 1 else 1
                    done.append(run)


def report(results):
    rows = [[name, median(stores["sqlite"], "cpu_us"), ranged(stores["postgres"], "cpu_us"), ranged(stores["postgres"], "relay_of_sqlite"),
             ranged(stores["postgres"], "server_us"), ranged(stores["postgres"], "server_of_floor"), ranged(stores["postgres"], "floor_of_sqlite"),
             *(median(stores["postgres"], key) for key in (
                 "wal_bytes", "wal_of_body", "events_per_commit", "transactions_per_commit", "delivered_per_s")),
             median(stores["sqlite"], "delivered_per_s")] for name, stores in results.items() if stores["postgres"]]
    table("A relay over PostgreSQL beside one with a file (CPU µs per event)", [
        "scenario", "with a file", "relay", "÷ file", "server", "÷ floor", "floor ÷ SQLite's", "WAL B/event", "÷ body", "events/commit",
        "transactions/commit", "delivered/s", "with a file"], rows, [
            "Server: all of PostgreSQL's processes, a checkpoint at the end included. Its floor: at as many events in a commit, right after."])


def report_nodes(results):
    rows = [[f"{count}, {kind}", ranged(runs, "per_s"), ranged(runs, "of_one"),
             *(median(runs, key) for key in ("cpu_us", "server_us", "wal_bytes", "commits_per_s", "events_per_commit", "accept_p50_ms"))]
            for kind, counts in results.items() for count, runs in counts.items() if runs]
    table("Relays over one PostgreSQL", ["relays", "events/s", "÷ one", "relays µs", "server µs", "WAL B/event", "commits/s", "events/commit",
                                         "accept p50 ms"], rows, [f"{CONNECTIONS} senders at each; {DESTINATIONS} destinations."])
