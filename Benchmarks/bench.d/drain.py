"""A large backlog: filled while its destination is paused, a restart with it, and drained at once; and idleness."""
import signal, tempfile, time

import machine, processes
from harness import Relay
from measure import Account
from processes import Failure
from setups import in_batches, to_one
from traffic import Envelopes, wrk

ENVELOPES = Envelopes(100)
IDLE_SECONDS = 2


def fill(relay, wanted, envelopes=ENVELOPES, connections=8):
    """Sends until at least so many events are accepted; how many are, and how many a second."""
    def accepted():
        return int(relay.metric("huggy_relay_events_total")) - before

    before, started = 0, time.perf_counter()
    before = accepted()
    wrk(relay.address, envelopes, 3600, connections, until=lambda: accepted() >= wanted)
    took = time.perf_counter() - started
    time.sleep(0.2)  # for the requests that wrk left behind
    return accepted(), accepted() / took


def started(folder, yaml):
    """A relay, and the seconds from its exec to its readiness."""
    before = time.perf_counter()
    relay = Relay(folder, yaml)
    listening = time.perf_counter() - before
    processes.wait_for(lambda: relay.get("/readyz")[0] == 200, "readiness", 600, 0.002)
    return relay, {"listening_s": listening, "ready_s": time.perf_counter() - before}


def pause(relay, name="sink"):
    status, text = relay.post(f"/api/v1/destinations/{name}/pause")
    assert status == 200, text


def empty(sink):
    """Start and rest without anything stored."""
    with tempfile.TemporaryDirectory(dir=machine.scratch()) as folder:
        relay, times = started(folder, to_one(sink))
        with processes.ending(relay):
            time.sleep(IDLE_SECONDS)
            before = processes.cpu_seconds(relay.process.pid)
            time.sleep(IDLE_SECONDS)
            idle = (processes.cpu_seconds(relay.process.pid) - before) / IDLE_SECONDS
            return {"empty_" + key: value for key, value in times.items()} | {
                "idle_mib": processes.resident_mib(relay.process.pid), "idle_cpu_percent": idle * 100}


def drained(relay, sink, backlog, limit):
    """Resumes the destination, and waits until the backlog is delivered."""
    processes.forget_peak(relay.process.pid)
    mark = sink.mark()
    before, served, began = Account(relay), sink.served(), time.perf_counter()
    status, text = relay.post("/api/v1/destinations/sink/resume")
    assert status == 200, text
    took = sink.wait_until_served(served + backlog, limit) - began
    relay.wait_until_settled("sink", 60)
    after = Account(relay)
    if (delivered := sink.served() - served) != backlog:
        raise Failure(f"{backlog:.0f} deliveries were pending, {delivered} seen")
    sink.check(mark, backlog, ENVELOPES)
    return {
        "events_per_request": backlog / (after.attempts - before.attempts),
        "delivered_per_s": backlog / took, "cpu_us_per_delivery": (after.cpu - before.cpu) * 1e6 / backlog,
        "settled_per_commit": backlog / (after.commits - before.commits),
        "written_per_delivery": (after.written - before.written) / backlog,
        "drain_peak_mib": processes.peak_mib(relay.process.pid)}


def measure(sink, wanted, limit=3600, batches=False, and_rest=True):
    """One run: fill, kill, start, drain, perhaps with several events a request; and another relay at rest."""
    yaml = in_batches(sink) if batches else to_one(sink)
    to = sink.batches if batches else sink
    with tempfile.TemporaryDirectory(dir=machine.scratch()) as folder:
        relay = Relay(folder, yaml)
        with processes.ending(relay):
            pause(relay)
            backlog, rate = fill(relay, wanted)
            numbers = {"backlog": backlog, "fill_per_s": rate, "filled_mib": processes.resident_mib(relay.process.pid)}
            relay.stop(signal.SIGKILL)
        relay, times = started(folder, yaml)
        with processes.ending(relay):
            pending = relay.destination("sink")["pending"]
            if pending != backlog:
                raise Failure(f"{backlog:.0f} events were accepted, {pending} deliveries are pending after the restart")
            numbers |= times | {"started_mib": processes.resident_mib(relay.process.pid)}
            numbers |= drained(relay, to, backlog, limit)
            numbers["drained_mib"] = processes.resident_mib(relay.process.pid)
    return numbers | (empty(sink) if and_rest else {})
