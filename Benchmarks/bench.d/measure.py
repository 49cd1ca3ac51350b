"""One run: warm up, load, wait until all of it is delivered, and what it cost the relay."""
import contextlib, tempfile, time

import machine, processes
from harness import Relay
from processes import Failure
from traffic import wrk

WARM_UP_SECONDS = 1
COMMITS, OPERATIONS = "huggy_relay_commit_duration_seconds_count", "huggy_relay_commit_batch_size_sum"
EVENTS, PENDING = "huggy_relay_events_total", "huggy_relay_deliveries_pending"
ATTEMPTS = "huggy_relay_attempts_total"


def percentile(ordered, share):
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else None


class Account:
    """What a relay has done and used so far."""

    def __init__(self, relay):
        sums = {name: 0 for name in (COMMITS, OPERATIONS, EVENTS, PENDING, ATTEMPTS)}
        for line in relay.get("/metrics")[1].splitlines():
            name = line.partition("{")[0].partition(" ")[0]
            if name in sums:
                sums[name] += float(line.rsplit(" ", 1)[1])
        self.commits, self.operations = sums[COMMITS], sums[OPERATIONS]
        self.events, self.pending, self.attempts = sums[EVENTS], sums[PENDING], sums[ATTEMPTS]
        self.written = processes.written_bytes(relay.process.pid)
        self.cpu = processes.cpu_seconds(relay.process.pid)


def check(setup, before, after, delivered, sent, connections):
    """What was accepted is what was answered, and it is delivered, or waits where the destination is down."""
    events = after.events - before.events
    expected = 0 if setup.waits else events * setup.fanout
    if delivered != expected:
        raise Failure(f"{events:.0f} events were accepted, {expected:.0f} deliveries expected, {delivered} seen")
    pending, waiting = after.pending - before.pending, events * setup.fanout if setup.waits else 0
    if pending != waiting:
        raise Failure(f"{pending:.0f} more deliveries are pending, {waiting:.0f} expected")
    # Those that were on their way when wrk left are accepted, but no answer was seen.
    if not 0 <= events / setup.envelopes.events - sent["requests"] <= connections:
        raise Failure(f"{sent['requests']} envelopes were answered 200, but {events:.0f} events are accepted")


def load(relay, sink, setup, seconds, connections, per_second=None):
    """Sends, and waits until everything is delivered."""
    before, served, mark = Account(relay), sink.served(), sink.mark()
    started = time.perf_counter()
    sent = wrk(relay.address, setup.envelopes, seconds, connections, per_second=per_second, scheme=setup.scheme)
    answered = 0 if setup.waits else sent["requests"] * setup.envelopes.events * setup.fanout
    took = max(sink.wait_until_served(served + answered) - started, sent["seconds"])
    delivered, _ = sink.wait_until_quiet(0.3)  # what wrk left behind
    if not setup.waits:
        processes.wait_for(lambda: relay.metric(PENDING) == before.pending, "the store to settle", 60, 0.05)
    after = Account(relay)
    check(setup, before, after, delivered - served, sent, connections)
    sink.check(mark, after.events - before.events, setup.envelopes)
    return before, after, sent, took, sink.latencies_ms(mark)


def one_run(relay, sink, setup, seconds, connections=64, per_second=None):
    load(relay, sink.batches if setup.batches else sink, setup, WARM_UP_SECONDS, connections, per_second)
    return warm_run(relay, sink, setup, seconds, connections, per_second)


def warm_run(relay, sink, setup, seconds, connections=64, per_second=None):
    """Of a relay that has just done the same."""
    if setup.batches:
        sink = sink.batches
    before, after, sent, took, latencies = load(relay, sink, setup, seconds, connections, per_second)
    events = int(after.events - before.events)
    commits, deliveries = after.commits - before.commits, 0 if setup.waits else events * setup.fanout
    answered = sent["requests"] * setup.envelopes.events  # the rates are of these; the few that wrk left behind only cost
    cpu_us = (after.cpu - before.cpu) * 1e6
    return {
        "connections": connections, "events": events, "deliveries": deliveries, "seconds": round(took, 3),
        "accepted_per_s": answered / sent["seconds"],
        "delivered_per_s": answered * setup.fanout / took if deliveries else None,
        "cpu_us": cpu_us / events, "cpu_us_per_delivery": cpu_us / deliveries if deliveries else None,
        "events_per_request": deliveries / (after.attempts - before.attempts) if deliveries else None,
        "commits_per_s": commits / took, "events_per_commit": events / commits if commits else None,
        "operations_per_commit": (after.operations - before.operations) / commits if commits else None,
        "written_per_event": (after.written - before.written) / events,
        "accept_p50_ms": sent["p50_ms"], "accept_p99_ms": sent["p99_ms"], "accept_p999_ms": sent["p999_ms"],
        "delivery_p50_ms": percentile(latencies, 0.5), "delivery_p99_ms": percentile(latencies, 0.99),
        "delivery_samples": len(latencies), "peak_mib": processes.peak_mib(relay.process.pid),
    }


@contextlib.contextmanager
def fresh_relay(yaml):
    """A relay with an empty store, which is gone after the block."""
    with tempfile.TemporaryDirectory(dir=machine.scratch()) as folder:
        with processes.ending(Relay(folder, yaml)) as relay:
            yield relay


def measure(sink, setup, seconds, **how):
    with fresh_relay(setup.yaml(sink)) as relay:
        return one_run(relay, sink, setup, seconds, **how)
