"""The points of the curves: scenario one while something else grows."""
from harness import Sender, configuration
from measure import fresh_relay, one_run
from processes import Failure
from setups import SETUPS, Setup, by_company, destination
from traffic import Envelopes

ENVELOPE_EVENTS = 1000
PADDING = "x" * 120  # with the rest of the event 200 bytes
# Both limits out of the way.
ROOM = "store: { max_size: 200GiB, retention: 30d }"
REFUSED = "http://127.0.0.1:1/"  # never called: its destination is paused


def decades(first, most):
    while first <= most:
        yield first
        first *= 10


def halves(most):
    """1, 3, 10, 30 …"""
    return [value for power in (1, 10, 100, 1000) for value in (power, 3 * power) if value <= most]


def runs_of(relay, sink, setup, runs, seconds):
    return [one_run(relay, sink, setup, seconds) for _ in range(runs)]


def fill(relay, kind, count):
    """Exactly so many small events, in large envelopes."""
    sender, whole = Sender(relay.address), count // ENVELOPE_EVENTS
    statuses = sender.send(kind, whole, events=ENVELOPE_EVENTS, padding=PADDING)
    if count % ENVELOPE_EVENTS:
        statuses |= sender.send(kind, 1, events=count % ENVELOPE_EVENTS, padding=PADDING)
    if set(statuses) - {200}:
        raise Failure(f"filling the store: {statuses}")


def growing(sink, yaml, kind, sizes, stored, runs, seconds):
    """One relay, whose store is filled up to each size in turn by events of that type; `stored` counts what it has."""
    with fresh_relay(yaml) as relay:
        for size in sizes:
            fill(relay, kind, max(0, size - int(relay.metric(stored))))
            yield size, int(relay.metric(stored)), runs_of(relay, sink, Setup("", None), runs, seconds)


def backlog(sink, most, runs, seconds):
    """Deliveries that are pending for another, paused destination."""
    paused = destination(REFUSED, "paused", more=", paused: true, max_backlog: 100%")
    yaml = configuration(
        destination(sink.url) + "\n" + paused,
        "  - { name: to-paused, match: { event: waits }, to: paused, stop: true }\n  - { name: all, to: sink }", store=ROOM)
    return growing(sink, yaml, "waits", [0, *decades(100, most)], "huggy_relay_deliveries_pending", runs, seconds)


def history(sink, most, runs, seconds):
    """Events that no route wanted, kept: settled on arrival. What a point's runs deliver is history for the next point, so
    the small ones make no points of their own."""
    yaml = configuration(destination(sink.url), "  - { name: some, match: { event: receivedMessage }, to: sink }", store=ROOM)
    sizes = [size for size in (0, 300_000, 1_000_000, 3_000_000, 10_000_000) if size <= most]
    return growing(sink, yaml, "unrouted", sizes, "huggy_relay_events_total", runs, seconds)


def destinations(sink, most, runs, seconds):
    """Each event goes to one of them, by its company."""
    for count in halves(most):
        # As many requests in flight as the system gives files for.
        concurrency = max(2, min(64, 4000 // count))
        setup = Setup("", lambda sink: by_company(sink, count, concurrency), Envelopes(companies=count))
        with fresh_relay(setup.yaml(sink)) as relay:
            yield count, count, runs_of(relay, sink, setup, runs, seconds)


def routes(sink, most, runs, seconds):
    """Only the last of them matches."""
    for count in halves(most):
        others = "\n".join(f'  - {{ name: r{n}, match: {{ company: "{100_000 + n}" }}, to: sink }}' for n in range(count - 1))
        yaml = configuration(destination(sink.url), others + "\n  - { name: last, to: sink }")
        with fresh_relay(yaml) as relay:
            yield count, count, runs_of(relay, sink, SETUPS["one"], runs, seconds)
