"""Instructions of an event, counted by callgrind: in the relay's own code and its libraries, not in the kernel.

They come out the same within a percent or two each time, where CPU time on a shared machine swings by a quarter. What the kernel does, and what a cold
cache costs, they do not show.
"""
import os, re, shlex, subprocess, tempfile, time

import machine, processes
from harness import Relay, using
from measure import Account
from processes import Failure
from report import median, ranged, table
from setups import SETUPS
from traffic import wrk

WARM_UP_EVENTS, EVENTS, CONNECTIONS = 1_000, 3_000, 64


def measure(sink, binary, name):
    """A setup's cost after a warm-up, one run."""
    machine.need("valgrind", "strip")
    setup = SETUPS[name]
    with tempfile.TemporaryDirectory(dir=machine.scratch()) as folder:
        out, script = os.path.join(folder, "callgrind.out"), os.path.join(folder, "relay")
        # valgrind 3.19 gives up on the debugging information of Swift's libraries.
        subprocess.run(["strip", "--strip-debug", "-o", bare := os.path.join(folder, "bare"), binary], check=True)
        with open(script, "w") as file:
            file.write(f"#!/bin/sh\nexec valgrind -q --tool=callgrind --instr-atstart=no --callgrind-out-file={shlex.quote(out)} "
                       f'{shlex.quote(bare)} "$@"\n')
        os.chmod(script, 0o755)
        with using(script), processes.ending(Relay(folder, setup.yaml(sink))) as relay:
            if setup.batches:
                sink = sink.batches
            send(relay, sink, setup, WARM_UP_EVENTS)
            before = Account(relay)
            control(relay, "-i", "on")
            send(relay, sink, setup, EVENTS)
            control(relay, "-d")
            after = Account(relay)
        with open(out + ".1") as file:
            total = sum(int(count) for count in re.findall(r"^summary: (\d+)", file.read(), re.M))
        if not total:
            raise Failure("callgrind counted nothing")
    events = after.events - before.events
    return {"instructions": total / events, "events": events, "events_per_commit": events / (after.commits - before.commits),
            "events_per_request": events * setup.fanout / (after.attempts - before.attempts)}


def send(relay, sink, setup, events):
    """Counted by the sink: what the relay tells of itself would cost it more, under callgrind, than what is measured."""
    served = sink.served()
    wrk(relay.address, setup.envelopes, 3600, CONNECTIONS, until=lambda: sink.served() - served >= events * setup.fanout)
    sink.wait_until_quiet()
    # The gauge is up to a second old.
    time.sleep(1)
    processes.wait_for(lambda: relay.metric("huggy_relay_deliveries_pending") == 0, "the deliveries", 300, 1)


def control(relay, *what):
    command = [machine.find("callgrind_control"), *what, str(relay.process.pid)]
    said = subprocess.run(command, capture_output=True, text=True)
    if said.returncode or "OK" not in said.stdout:
        raise Failure(f"callgrind does not listen: {said.stdout}{said.stderr}")


NAMES = ["one", "one-attachments", "three", "one-batch", "three-batch", "many", "fanout"]


def compare(sink, binaries, runs, say):
    """By the setup, and then by the binary's name: a run's numbers each. Where several events may stand in a request, the one before has one in each."""
    results = {name: {} for name in NAMES}
    for _ in range(runs):
        for name in NAMES:
            for side, binary in binaries.items():
                base = SETUPS[name].base
                if side == "before" and base:
                    results[name][side] = results[base][side]
                else:
                    say(f"instructions of {name}, {side}")
                    results[name].setdefault(side, []).append(measure(sink, binary, name))
    return results


def report(results):
    done = {name: sides for name, sides in results.items() if sides}
    sides = list(next(iter(done.values())))
    rows = [[name] + [ranged(runs[side], "instructions") for side in sides] + [median(runs["now"], "events_per_request")]
            + [median(runs["now"], "instructions") / median(runs[side], "instructions") for side in sides[:-1]] for name, runs in done.items()]
    table("Instructions in user space, by callgrind", ["an event of", *sides, "events/request now", "÷"][:len(rows[0])], rows)
