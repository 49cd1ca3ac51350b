"""Two binaries at the same work in one run, in turns: what disturbs the machine for a while then disturbs both."""
import statistics

import drain, floor, measure
from harness import using
from report import median, number, ranged, table
from setups import SETUPS

# What has no name for several events a request is compared with itself.
BASES = {name: setup.base for name, setup in SETUPS.items() if setup.base} | {"drain-batch": "drain", "half-batch": "half"}
DEFAULT = ["one", "one-batch", "half", "half-batch", "three", "three-batch", "drain", "drain-batch", "many", "fanout", "accept", "one-attachments", "idle"]
APART = ["idle", "instructions"]
FLOORS = ["one", "three", "many"]
DRAINS = ["drain", "drain-batch"]
HALVES = {"half": "one", "half-batch": "one-batch"}  # at half of the rate that the other binary reached in `one`
METRICS = [
    ("CPU µs/event", "cpu_us", "cpu_us_per_delivery"), ("delivered/s", "delivered_per_s", "delivered_per_s"),
    ("accept p99 ms", "accept_p99_ms", None), ("events/request", "events_per_request", "events_per_request"),
    ("peak MiB", "peak_mib", "drain_peak_mib")]


class Comparison:
    """`run` measures each of the scenarios `runs` times: the other binary, then this one (with one event a request, and with several)."""

    def __init__(self, sink, other, this, chosen, say):
        self.sink, self.binaries, self.chosen, self.say = sink, {"before": other, "now": this}, chosen, say
        names = [name for name in chosen.scenarios if name not in APART]
        self.rounds = {}
        for name in names:
            self.rounds.setdefault(BASES.get(name, name), []).append(name)
        self.results = {name: {"before": [], "now": []} for name in names}
        self.floors = {name: [] for name in FLOORS if name in names}
        self.curls, self.rate = {}, None

    def measure(self, name, binary):
        with using(self.binaries[binary]):
            if name in DRAINS:
                return drain.measure(self.sink, self.chosen.backlog, batches=name == "drain-batch", and_rest=False)
            if name in HALVES:
                return measure.measure(self.sink, SETUPS[HALVES[name]], self.chosen.seconds, per_second=self.half_rate())
            return measure.measure(self.sink, SETUPS[name], self.chosen.seconds)

    def half_rate(self):
        if not self.rate:
            full = self.results.get("one", {}).get("before") or [measure.measure(self.sink, SETUPS["one"], self.chosen.seconds)]
            self.rate = full[0]["accepted_per_s"] / 2
        return self.rate

    def run(self):
        for n in range(self.chosen.runs):
            for base, names in self.rounds.items():
                self.say(f"{base}, before, run {n + 1} of {self.chosen.runs}")
                before = self.measure(base, "before")
                for name in names:
                    self.say(f"{name}, now, run {n + 1} of {self.chosen.runs}")
                    self.results[name]["before"].append(before)
                    self.results[name]["now"].append(now := self.measure(name, "now"))
                if base in self.floors and base in names:
                    at_base = self.results[base]["now"][-1]
                    self.floors[base].append(floor.measure(self.sink, SETUPS[base], at_base, self.chosen.seconds))
            if "many" in self.rounds:
                for label, how in CURLS.items():
                    bare = floor.curl(self.sink, SETUPS["many"].envelopes.event_bytes, **how)
                    self.curls.setdefault(label, []).append(bare)

    def print(self):
        done = {name: pair for name, pair in self.results.items() if pair["now"]}
        for title, key, drain_key in METRICS:
            keyed = [(name, drain_key if name in DRAINS else key, pair) for name, pair in done.items()]
            rows = [row(name, pair["before"], pair["now"], key) for name, key, pair in keyed if median(pair["now"], key) is not None]
            if rows:
                table(f"Before and now: {title}", HEADS, rows)
        self.print_above_floor()
        self.print_further_destination()
        self.print_many()

    def print_above_floor(self):
        rows = []
        for name, floors in self.floors.items():
            pair = self.results[name]
            above = {side: [{"above": run["cpu_us"] - bare["sum_fixed"]} for run, bare in zip(runs, floors)] for side, runs in pair.items()}
            if floors:
                rows.append([name, median(floors, "sum_fixed")] + row(name, above["before"], above["now"], "above")[1:])
        if rows:
            table("Above the floor (CPU µs/event; floor by 32)", ["scenario", "floor", *HEADS[1:]], rows, [
                "Of each turn: what the relay used beyond bare SwiftNIO, simdjson, libcurl and SQLite, which were measured right after it."])

    def print_further_destination(self):
        if not {"one", "fanout"} <= set(self.results) or not self.results["fanout"]["now"]:
            return
        further = {side: [{"cost": (three["cpu_us"] - one["cpu_us"]) / 2} for one, three in zip(self.results["one"][side], self.results["fanout"][side])]
                   for side in ("before", "now")}
        table("A further destination (CPU µs/event)", HEADS, [row("(fanout − one) ÷ 2", further["before"], further["now"], "cost")])

    def print_many(self):
        if not self.results.get("many", {}).get("now"):
            return
        if self.results.get("one", {}).get("now"):
            shares = {side: [{"share": many["cpu_us"] / one["cpu_us"]} for one, many in zip(self.results["one"][side], self.results["many"][side])]
                      for side in ("before", "now")}
            table("500 destinations ÷ one (CPU µs/event)", HEADS, [row("many ÷ one", shares["before"], shares["now"], "share")])
        table("Bare libcurl (CPU µs/request)", ["", "median (range)"], [[label, ranged(runs, "cpu_us")] for label, runs in self.curls.items()])


CURLS = {
    "64 connections to one origin": {}, "500 connections to one origin, all in use": {"in_flight": 500},
    "500 origins in turn, 64 requests at once": {"origins": 500}}
HEADS = ["scenario", "before", "now", "÷ of medians", "÷ of pairs"]


def row(name, before, now, key):
    pairs = [{"ratio": b[key] / a[key]} for a, b in zip(before, now) if a.get(key) and b.get(key) is not None]
    of_medians = median(now, key) / median(before, key) if median(before, key) else None
    return [name, ranged(before, key), ranged(now, key), number(of_medians), ranged(pairs, "ratio")]


def summary(results):
    """The ratios of medians, for those who read the file."""
    return {name: {key: statistics.median(run[key] for run in pair["now"]) / statistics.median(run[key] for run in pair["before"])
                   for _, *keys in METRICS for key in keys
                   if key and all(run.get(key) for run in pair["before"] + pair["now"])}
            for name, pair in results.items() if pair["now"]}
