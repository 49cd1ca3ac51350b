"""What breaks when, all from a seed; and how it is broken and mended."""
import dataclasses, math, random, signal, time

from processes import Failure, wait_for

FIRST_AT, LAST_BEFORE_END = 5, 5  # seconds without faults at both ends
PAUSE, CALM, CALM_EVERY = (1.5, 6), (16, 20), 6  # seconds between faults, and each sixth time a longer time
OVERLAPPING = 0.2  # of the faults begin while the one before is on, at another node
SETTLING_SECONDS = 6  # after a fault: a lease of five seconds ends, and another relay takes over
BEFORE_SECONDS = 0.5  # what was under way when it broke
READY_SECONDS = 90
DOWN, FREEZE, NETWORK, DATABASE = (0.2, 8), (1, 12), (0.5, 10), (0.5, 8)  # how many seconds each lasts
EVERY_NETWORK = ["stall", "stall, then cut", "mute", "mute, then cut", "cut", "refuse"]
DATABASE_RESTARTS = ["fast", "immediate", "fast"]
SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}  # as pg_ctl sends them


@dataclasses.dataclass
class Fault:
    at: float  # seconds since the start
    kind: str
    node: int = None  # none: the database
    seconds: float = 0
    how: str = ""
    began: float = None
    mended: float = None
    recovered: float = None  # all whom it met are ready

    @property
    def label(self):
        return f"{self.kind}: {self.how}" if self.how else self.kind

    @property
    def window(self):
        return self.began - BEFORE_SECONDS, (self.recovered or math.inf) + SETTLING_SECONDS

    def __str__(self):
        place = "the database" if self.node is None else f"node {self.node + 1}"
        return f"{self.at:7.1f} s  {self.label} at {place} for {self.seconds:.1f} s"


def one(choose, at, node, has_database):
    kind = choose.choices(["kill", "freeze", "restart", "network"], [3, 3, 1, 4 if has_database else 0])[0]
    if kind == "network":
        how = choose.choice(EVERY_NETWORK)
        return Fault(at, kind, node, 0 if how == "cut" else choose.uniform(*NETWORK), how)
    if kind == "restart":
        return Fault(at, kind, node)
    # A relay that is back at once finds what was its own; one that stays away is replaced.
    return Fault(at, kind, node, DOWN[0] if kind == "kill" and choose.random() < 0.5 else choose.uniform(*(DOWN if kind == "kill" else FREEZE)))


def plan(seed, seconds, nodes, has_database):
    """All faults, by their time. The database's own begin at each quarter; nothing else begins while it is away."""
    choose, faults = random.Random(f"faults {seed}"), []
    restarts = [Fault(seconds * (n + 1) / 4 + choose.uniform(-2, 2), "database", None, choose.uniform(*DATABASE), how)
                for n, how in enumerate(DATABASE_RESTARTS if has_database else [])]
    at, count = FIRST_AT, 0
    while at < seconds - LAST_BEFORE_END:
        if restarts and restarts[0].at <= at:
            last = restarts.pop(0)
        else:
            last = one(choose, at, choose.randrange(nodes), has_database)
        last.at = at
        faults.append(last)
        count += 1
        if last.node is not None and nodes > 2 and choose.random() < OVERLAPPING:
            other = choose.choice([node for node in range(nodes) if node != last.node])
            faults.append(one(choose, at + choose.uniform(0, last.seconds), other, has_database))
        at = max(fault.at + fault.seconds for fault in faults[-2:]) + choose.uniform(*(CALM if count % CALM_EVERY == 0 else PAUSE))
    return sorted(faults, key=lambda fault: fault.at)


class Breaker:
    """Carries a plan out. All is done by the thread that calls it, so that what it starts does not end before."""

    def __init__(self, faults, nodes, ways, database, say):
        self.faults, self.nodes, self.ways, self.database, self.say = faults, nodes, ways, database, say
        self.coming, self.on, self.recovering = list(faults), [], []

    def run(self):
        """Until all is mended, and all nodes are ready."""
        try:
            self.play(time.monotonic())
        finally:
            for fault in filter(self.can_end, self.on):  # after a failure, so that one sees what comes of it by itself
                self.end(fault)

    def play(self, started):
        while self.coming or self.on or self.recovering:
            now = time.monotonic()
            for fault in [fault for fault in self.coming if started + fault.at <= now and not self.is_met(fault)]:
                self.coming.remove(fault)
                fault.began = time.monotonic()
                self.say(fault)
                self.begin(fault)
                self.on.append(fault)
            for fault in [fault for fault in self.on if fault.began + fault.seconds <= now and self.can_end(fault)]:
                self.on.remove(fault)
                self.end(fault)
                fault.mended = time.monotonic()
                self.recovering.append(fault)
            if late := [fault for fault in self.on if now > fault.began + fault.seconds + READY_SECONDS]:
                raise Failure(f"who was to end has not ended {READY_SECONDS} s after: {late[0]}")
            for fault in [fault for fault in self.recovering if self.has_recovered(fault)]:
                self.recovering.remove(fault)
                fault.recovered = time.monotonic()
            for node in self.nodes:
                node.look()
            time.sleep(0.02)

    def is_met(self, fault):
        """What is broken already is broken again when it is whole: a node that is being stopped, or the database's away."""
        return any(other.node == fault.node or None in (other.node, fault.node) for other in self.on)

    def begin(self, fault):
        node = None if fault.node is None else self.nodes[fault.node]
        if fault.kind == "kill":
            node.send(signal.SIGKILL)
        elif fault.kind == "freeze":
            node.send(signal.SIGSTOP)
        elif fault.kind == "restart":
            node.send(signal.SIGTERM)
        elif fault.kind == "network":
            self.ways.set(fault.node, fault.how.partition(",")[0])
        else:
            self.database.process.send_signal(SIGNALS[fault.how])

    def can_end(self, fault):
        if fault.kind == "database":
            return self.database.process.poll() is not None
        return fault.kind in ("freeze", "network") or self.nodes[fault.node].process.poll() is not None

    def end(self, fault):
        if fault.kind == "freeze":
            self.nodes[fault.node].send(signal.SIGCONT)
        elif fault.kind in ("kill", "restart"):
            self.nodes[fault.node].start()
        elif fault.kind == "database":
            self.database.start()
        elif fault.how.endswith("then cut"):
            self.ways.set(fault.node, "cut")
        else:
            self.ways.set(fault.node, "pass")

    def has_recovered(self, fault):
        if time.monotonic() - fault.mended > READY_SECONDS:
            raise Failure(f"not ready {READY_SECONDS} s after: {fault}; {last_lines(self.nodes)}")
        return all(node.is_ready() for node in (self.nodes if fault.node is None else [self.nodes[fault.node]]))


def last_lines(nodes):
    return "; ".join(f"{node.name}: {node.last_line()}" for node in nodes)


def wait_until_ready(nodes):
    def are_ready():
        for node in nodes:
            node.look()
        return all(node.is_ready() for node in nodes)
    try:
        wait_for(are_ready, "", READY_SECONDS)
    except Failure:
        raise Failure(f"not all were ready {READY_SECONDS} s after their start; {last_lines(nodes)}") from None
