"""A relay at rest, and its binary: what they take."""
import os, re, subprocess, tempfile, time

import machine, processes
from harness import using
from measure import fresh_relay
from report import median, ranged, table
from setups import to_one

REST_SECONDS = 10


def proportional_mib(pid):
    """Its own memory, and of what it shares with other processes its share; and what of it no file holds."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        text = file.read()
    kib = lambda key: int(re.search(rf"^{key}: +(\d+) kB", text, re.M)[1])
    return {"pss_mib": kib("Pss") / 1024, "anonymous_mib": kib("Anonymous") / 1024}


def measure(sink, binary):
    """Ready, with an empty store, and left alone for a while."""
    with using(binary), fresh_relay(to_one(sink)) as relay:
        time.sleep(REST_SECONDS)
        pid = relay.process.pid
        return {"rss_mib": processes.resident_mib(pid), **proportional_mib(pid)}


def sizes_mib(binary):
    machine.need("strip")
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, binary], check=True)
        return {"size_mib": os.path.getsize(binary) / 2**20, "stripped_mib": os.path.getsize(stripped.name) / 2**20}


def compare(sink, binaries, runs):
    """By the binary's name: a run's numbers each."""
    results = {name: [] for name in binaries}
    for _ in range(runs):
        for name, binary in binaries.items():
            results[name].append(measure(sink, binary) | sizes_mib(binary))
    return results


ROWS = [("MiB resident, 10 s after an empty start", "rss_mib"), ("of these, what other processes do not share (Pss)", "pss_mib"),
        ("of these, in no file", "anonymous_mib"), ("MiB, the binary as built", "size_mib"), ("MiB, the binary stripped", "stripped_mib")]


def report(results):
    names = list(results)
    rows = [[title] + [ranged(results[name], key) for name in names] for title, key in ROWS]
    if len(names) == 2:
        first, second = (results[name] for name in names)
        rows = [row + [median(second, key) / median(first, key)] for row, (_, key) in zip(rows, ROWS)]
    table("At rest", ["", *names, "÷"][:len(rows[0])], rows)
