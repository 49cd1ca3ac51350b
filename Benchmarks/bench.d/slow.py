"""A destination that answers late: what its slots let through, and what several events a request make of it."""
import json, os, subprocess, sys, time, urllib.request

import drain, machine, processes
from harness import configuration
from measure import Account, fresh_relay
from processes import Failure
from report import median, number, ranged, table
from setups import BATCH_EVENTS, TO_SINK, destination
from traffic import Envelopes

ANSWER_SECONDS = 0.243
RAMP_SECONDS = 3  # until as many requests are open as may be
CASES = {
    "concurrency 16": (16, ""), "concurrency 64": (64, ""),
    f"concurrency 16, up to {BATCH_EVENTS} events a request": (16, f", batch: {{ max_events: {BATCH_EVENTS}, max_bytes: 1MiB }}")}


class Late:
    """late.py as a process."""

    def __init__(self, process):
        self.url = f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}/"

    def stats(self):
        with urllib.request.urlopen(self.url + "stats", timeout=30) as answer:
            return json.load(answer)


def measure(name, seconds):
    """A backlog that lasts for longer than is measured, and the middle of its way out."""
    concurrency, more = CASES[name]
    ceiling = concurrency / ANSWER_SECONDS
    events = int(ceiling * (BATCH_EVENTS if more else 1) * (seconds + RAMP_SECONDS + 2))
    with processes.running(sys.executable, os.path.join(machine.HERE, "late.py"), str(ANSWER_SECONDS), stdout=subprocess.PIPE, text=True) as process:
        late = Late(process)
        with fresh_relay(configuration(destination(late.url, concurrency=concurrency, more=more), TO_SINK)) as relay:
            drain.pause(relay)
            drain.fill(relay, events, Envelopes(100))
            relay.post("/api/v1/destinations/sink/resume")
            time.sleep(RAMP_SECONDS)
            late.stats()
            before = Account(relay)
            time.sleep(seconds)
            numbers, after = late.stats(), Account(relay)
            status = relay.destination("sink")
    if not status["pending"]:
        raise Failure(f"{name}: nothing was left of {events} events, so the slots were not the limit")
    if numbers["most_open"] > concurrency:
        raise Failure(f"{name}: {numbers['most_open']} requests were open at once")
    return {
        "events_per_s": numbers["events"] / numbers["seconds"], "requests_per_s": numbers["requests"] / numbers["seconds"],
        "ceiling": ceiling, "share_of_ceiling": numbers["requests"] / numbers["seconds"] / ceiling,
        "mean_open": numbers["mean_open"], "concurrency": concurrency, "told": status.get("concurrency_limit"),
        "cpu_us": (after.cpu - before.cpu) * 1e6 / max(1, numbers["events"])}


def report(results):
    rows = [[name, ranged(runs, "events_per_s")] + [median(runs, key) for key in (
        "requests_per_s", "ceiling", "mean_open", "concurrency", "cpu_us")] for name, runs in results.items() if runs]
    told = [f"status of `{name}`: {json.dumps(runs[-1]['told'])}" for name, runs in results.items() if runs and runs[-1]["told"]]
    table(f"Answers after {number(ANSWER_SECONDS * 1000)} ms", [
        "", "events/s", "requests/s", "at most", "requests open, mean", "slots", "CPU µs/event"], rows, [
            "at most: slots ÷ the time of an answer.", *told])
