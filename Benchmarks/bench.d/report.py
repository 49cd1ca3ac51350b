"""Tables for people: the median over the runs, and the range of what matters most."""
import statistics


def median(runs, key):
    values = [run[key] for run in runs if run.get(key) is not None]
    return statistics.median(values) if values else None


def number(value):
    if value is None:
        return "–"
    for digits, least in ((0, 100), (1, 10), (2, 0)):
        if abs(value) >= least:
            return f"{value:,.{digits}f}"


def ranged(runs, key):
    """Median, and (least..most) where there is more than one run."""
    values = [run[key] for run in runs if run.get(key) is not None]
    if len(values) < 2:
        return number(values[0] if values else None)
    return f"{number(statistics.median(values))} ({number(min(values))}..{number(max(values))})"


def table(title, heads, rows, notes=()):
    cells = [heads, *[[one if isinstance(one, str) else number(one) for one in row] for row in rows]]
    widths = [max(len(row[n]) for row in cells) for n in range(len(heads))]
    texts = [n == 0 or not head for n, head in enumerate(heads)]  # a column without a head describes the one before it
    lines = ["  ".join(one.ljust(width) if is_text else one.rjust(width) for one, width, is_text in zip(row, widths, texts))
             for row in cells]
    print(f"\n{title}\n{lines[0]}\n{'-' * len(lines[0])}\n" + "\n".join(line.rstrip() for line in lines[1:]))
    for note in notes:
        print("  " + note)


def scenarios(results, abouts):
    costs = [[name, abouts[name], ranged(runs, "accepted_per_s"), ranged(runs, "delivered_per_s"), ranged(runs, "cpu_us"),
              median(runs, "peak_mib")] for name, runs in results.items()]
    table("Rate and cost", ["scenario", "", "accepted/s", "delivered/s", "CPU µs/event", "peak MiB"], costs, [
        "CPU: user and system time of the relay's process, from the first request until the last delivery is settled."])
    details = [[name] + [median(runs, key) for key in (
        "commits_per_s", "events_per_commit", "events_per_request", "written_per_event", "accept_p50_ms", "accept_p99_ms", "accept_p999_ms",
        "delivery_p50_ms", "delivery_p99_ms")] for name, runs in results.items()]
    table("Store and latency (ms)", [
        "scenario", "commits/s", "events/commit", "events/request", "bytes written/event", "accept p50", "p99", "p99.9", "receipt→delivery p50", "p99"],
        details, [
            "A commit is one transaction with one fdatasync (checkpoints add a few); it carries arrivals and the settlements of deliveries.",
            "At full load the receipt→delivery latency is that of a queue which fills; see `half` for a rate that leaves room."])


def fanout(one, three):
    pairs = [(b["cpu_us"] - a["cpu_us"]) / 2 for a, b in zip(one, three)]
    line = f"fanout: {number(median(three, 'cpu_us_per_delivery'))} µs of CPU per delivery"
    if pairs:
        line += f"; each further destination costs {number(statistics.median(pairs))} µs"
    print("\n" + line)


def floors(results):
    heads = ["scenario", "HTTP", "JSON", "curl", "SQLite by 32", "SQLite by own", "own batch", "floor by 32", "floor by own",
             "relay", "relay ÷ floor by 32", "÷ floor by own"]
    keys = ["http", "json", "curl", "sqlite_fixed", "sqlite_own", "own_batch", "sum_fixed", "sum_own", "relay"]
    rows = [[name] + [median(runs, key) for key in keys] + [ranged(runs, "ratio_fixed"), ranged(runs, "ratio_own")]
            for name, runs in results.items()]
    table("Floor (CPU µs per event)", heads, rows, [
        "Bare SwiftNIO, simdjson's DOM, libcurl's multi interface, and SQLite with so many events in a transaction, measured",
        "right after each of the relay's runs; a ratio is that of such a pair. filter needs no more than HTTP."])


def connections(results):
    rows = [[str(count)] + [median(runs, key) for key in (
        "accepted_per_s", "delivered_per_s", "cpu_us", "events_per_commit", "commits_per_s", "accept_p50_ms", "accept_p99_ms")]
        for count, runs in results.items()]
    table("Connections (scenario one)", ["connections", "accepted/s", "delivered/s", "CPU µs/event", "events/commit", "commits/s",
                                         "accept p50 ms", "p99 ms"], rows)


def half(runs):
    rows = [[ranged(runs, "accepted_per_s")] + [median(runs, key) for key in (
        "cpu_us", "events_per_commit", "accept_p50_ms", "accept_p99_ms", "accept_p999_ms", "delivery_p50_ms", "delivery_p99_ms")]]
    table("Half the rate (scenario one)", ["accepted/s", "CPU µs/event", "events/commit", "accept p50 ms", "p99", "p99.9",
                                           "receipt→delivery p50 ms", "p99"], rows)


def arithmetic(results):
    rows = [[str(events)] + [ranged(runs, key) for key in ("cpu_us", "per_request_us", "per_s")] for events, runs in results.items()]
    table("Bare libcurl, by events in a request", ["events", "CPU µs/event", "CPU µs/request", "events/s"], rows)


DRAIN = [
    ("pending deliveries", "backlog"), ("events/s while filling", "fill_per_s"), ("deliveries/s while draining", "delivered_per_s"),
    ("CPU µs per delivery", "cpu_us_per_delivery"), ("settlements per commit", "settled_per_commit"), ("events a request", "events_per_request"),
    ("bytes written per delivery", "written_per_delivery"), ("MiB resident, filled", "filled_mib"),
    ("MiB resident, after the restart", "started_mib"), ("MiB at the peak of the drain", "drain_peak_mib"),
    ("s from exec to listening, with the backlog", "listening_s"), ("s from exec to ready, with the backlog", "ready_s"),
    ("s from exec to listening, empty", "empty_listening_s"), ("s from exec to ready, empty", "empty_ready_s"),
    ("MiB resident, idle and empty", "idle_mib"), ("% of a core, idle and empty", "idle_cpu_percent"),
]


def drain(runs, title="Backlog and drain"):
    table(title, ["", "median (range)"], [[name, ranged(runs, key)] for name, key in DRAIN])


def peers(results, one, drain):
    ours = median(one, "cpu_us")
    rows = [["huggy-relay, scenario one", "yes", "yes, fsync", ranged(one, "delivered_per_s"), ranged(one, "cpu_us"), "1.00",
             median(one, "peak_mib")]]
    if drain:
        rows.append(["huggy-relay, drain of a backlog (delivery half)", "–", "–", ranged(drain, "delivered_per_s"),
                     ranged(drain, "cpu_us_per_delivery"), number(median(drain, "cpu_us_per_delivery") / ours), median(drain, "drain_peak_mib")])
    for runs in results.values():
        first = runs[0]
        rows.append([first["about"], "yes" if first["http"] else "no", first["durable"], ranged(runs, "delivered_per_s"),
                     ranged(runs, "cpu_us"), number(median(runs, "cpu_us") / ours), median(runs, "peak_mib")])
    table("Peers (same events, same sink)", ["system", "HTTP in", "acknowledgement durable", "delivered/s", "CPU µs/event",
                                             "÷ relay", "peak MiB"], rows, [
        "CPU and memory of all of a peer's processes (memory: the sum of their peaks)."])
