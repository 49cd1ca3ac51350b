"""The floor: the parts of the relay's work, bare, each by the library that does it best. See Floor/."""
import contextlib, json, os, sqlite3, subprocess, tempfile

import machine, processes
from traffic import wrk

BUILD = os.path.join(machine.ROOT, ".build", "floor")
FIXED_BATCH = 32
BATCHES = [1, 2, 5, 10, 20, 50, 100]  # events in a request


def build():
    machine.need("pkg-config", "/usr/include/simdjson.h", "/usr/include/sqlite3.h", "/usr/include/postgresql/libpq-fe.h")
    with processes.running("make", "-s", "-C", machine.ROOT, "floor", stdout=subprocess.DEVNULL) as build:
        if build.wait():
            raise processes.Failure("the floor was not built")


def tool(name, *arguments):
    return [os.path.join(BUILD, "release", name), *map(str, arguments)]


def run(name, *arguments):
    done = subprocess.run(tool(name, *arguments), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise processes.Failure(f"{name} ended with {done.returncode}")
    return json.loads(done.stdout)


def http(envelopes, seconds):
    """Receiving an envelope and answering it: CPU time of a bare server."""
    with processes.running(*tool("floor-http"), stdout=subprocess.PIPE, text=True) as server:
        address = f"127.0.0.1:{int(server.stdout.readline())}"
        wrk(address, envelopes, 1)
        before = processes.cpu_seconds(server.pid)
        sent = wrk(address, envelopes, seconds)
        cpu = processes.cpu_seconds(server.pid) - before
    return {"cpu_us": cpu * 1e6 / sent["requests"], "per_s": sent["requests"] / sent["seconds"], "p99_ms": sent["p99_ms"]}


def parse(envelopes):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(envelopes.example())
        file.flush()
        return run("floor-json", file.name, 300_000)


def sqlite(event_bytes, batch, events=None):
    events = events or batch * max(200, 40_000 // batch)
    with tempfile.TemporaryDirectory(dir=machine.scratch()) as folder:
        cost = run("floor-sqlite", folder, events, event_bytes, batch)
        with contextlib.closing(sqlite3.connect(os.path.join(folder, "floor.db"))) as database:
            found = database.execute("SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM delivery WHERE state = 3)").fetchone()
    if found != (events, events):
        raise processes.Failure(f"floor-sqlite: {events:,} events and settled deliveries expected, {found} found")
    return cost


def curl(sink, event_bytes, in_flight=64, origins=1, requests=40_000):
    return run("floor-curl", sink.port, requests, event_bytes, in_flight, origins)


def of_batches(sink, event_bytes):
    """What bare libcurl takes for an event, by how many are in a request: a JSON array of them."""
    costs = {}
    for events in BATCHES:
        bare = curl(sink, events * (event_bytes + 1) + 1, requests=max(4_000, 40_000 // events))
        costs[events] = {"cpu_us": bare["cpu_us"] / events, "per_request_us": bare["cpu_us"], "per_s": bare["per_second"] * events}
    return costs


def measure(sink, setup, relay_run, seconds):
    """The floor of a run that was just measured, per event."""
    envelopes, events = setup.envelopes, setup.envelopes.events
    parts = {"http": http(envelopes, seconds)["cpu_us"] / events}
    if setup.fanout:
        own = max(1, round(relay_run["events_per_commit"]))
        parts["json"] = parse(envelopes)["cpu_us"] / events
        # Where each event goes to another destination, so does each request here.
        parts["curl"] = curl(sink, envelopes.event_bytes, origins=max(1, envelopes.companies))["cpu_us"]
        parts["own_batch"] = own
        parts["sqlite_fixed"] = sqlite(envelopes.event_bytes, FIXED_BATCH)["cpu_us"]
        parts["sqlite_own"] = sqlite(envelopes.event_bytes, own)["cpu_us"]
    without = parts["http"] + parts.get("json", 0) + parts.get("curl", 0)
    for kind in ("fixed", "own"):
        total = without + parts.get(f"sqlite_{kind}", 0)
        parts[f"sum_{kind}"] = total
        parts[f"ratio_{kind}"] = relay_run["cpu_us"] / total
    return {**parts, "relay": relay_run["cpu_us"]}
