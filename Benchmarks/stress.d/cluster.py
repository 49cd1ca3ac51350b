"""Several relays over one PostgreSQL, while all of it breaks: nothing is lost, invented, out of turn, or sent again and again."""
import collections, contextlib, json, math, os, shutil, subprocess, sys, time

import harness, machine, postgres
from claims import Arrival, Claims, Windows
from cluster_faults import Breaker, plan, wait_until_ready
from cluster_load import ORDERS, Load
from cluster_parts import NOT_NOW, Balancer, Destinations, Node, Ways, routes_yaml
from cluster_report import effects, moves, print_effects, spells
from processes import Failure, end_on_terminate, wait_for

SEEDS = ["1"]
SETTINGS = {"CLUSTER_NODES": "3", "MINUTES": "20", "CLUSTER_STORE": "postgres"}
NODES, MINUTES, STORE = (os.environ.get(name, usual) for name, usual in SETTINGS.items())
RATE = 30  # envelopes a second
WARM_SECONDS, GIVE_UP_SECONDS, DRAIN_SECONDS, END_SECONDS = 3, 60, 180, 40
CALM_SECONDS, FIRST_CALM_NUMBER = 10, 10**9
COUNT_SECONDS = 10  # until counters and the store's books have caught up with the last delivery
KEPT = os.path.join(machine.ROOT, "Benchmarks", "results")
COUNTED = {
    "accepted": ("huggy_relay_envelopes_total", {"outcome": "accepted"}), "delivered": ("huggy_relay_deliveries_settled_total", {"state": "delivered"}),
    "2xx": ("huggy_relay_attempts_total", {"outcome": "2xx"})}


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def again(seed):
    changed = [f"{name}={os.environ[name]} " for name in [*SETTINGS, "RELAY"] if name in os.environ]
    return f"{''.join(changed)}Benchmarks/stress cluster {seed}"


class Cluster:
    """All that runs, for the time of a `with` block."""

    def __init__(self, folder, seed):
        self.folder, self.seed, self.database, self.ways = folder, seed, None, None

    def __enter__(self):
        with contextlib.ExitStack() as ended:
            self.destinations = Destinations(self.seed, os.path.join(self.folder, "requests"))
            ended.callback(self.destinations.stop)
            yaml = routes_yaml(self.destinations.port)
            self.nodes = [Node(self.folder, f"node-{n + 1}", yaml, url) for n, url in enumerate(self.start_store(ended))]
            for node in self.nodes:
                ended.callback(node.kill)
                node.start()
            wait_until_ready(self.nodes)
            self.balancer = Balancer(self.folder, self.nodes)
            ended.callback(self.balancer.stop)
            self.ended = ended.pop_all()
        return self

    def __exit__(self, *error):
        self.ended.close()

    def start_store(self, ended):
        """Each node's URL of it."""
        if STORE == "sqlite":
            return ["sqlite:data/relay.db"]
        self.database = ended.enter_context(postgres.running(os.path.join(self.folder, "postgres.log")))
        self.ways = Ways(f"{self.database.socket}/.s.PGSQL.5432", int(NODES))
        ended.callback(self.ways.stop)
        return [f"postgres://bench@127.0.0.1:{port}/{postgres.DATABASE}" for port in self.ways.ports]

    def arrivals(self):
        return [Arrival(float(at), destination, node, identity, int(attempt), int(number), digest, status == "200")
                for at, destination, node, identity, attempt, number, digest, status in self.destinations.lines()]

    def statuses(self):
        """What each node says of the destinations, by their names; None: it says nothing now."""
        found = []
        for node in self.nodes:
            node.look()
            try:
                found.append({one["name"]: one for one in json.loads(node.get("/api/v1/status", 10)[1])["destinations"]})
            except NOT_NOW:
                found.append(None)
        return found

    def drain(self):
        def pending():
            """Of each node: what is not delivered; None: it does not say it."""
            return [node and {name: one["pending"] for name, one in node.items() if one["pending"]} for node in self.statuses()]
        try:
            wait_for(lambda: all(left == {} for left in pending()), "", DRAIN_SECONDS, 0.2)
        except Failure:
            raise Failure(f"{DRAIN_SECONDS} s after all was mended the nodes say that these are pending: {pending()}") from None

    def count(self):
        """Metrics, of each node."""
        return {name: [node.metric(metric, **labels) for node in self.nodes] for name, (metric, labels) in COUNTED.items()}


class Play:
    """One seed."""

    def __init__(self, folder, seed):
        self.folder, self.seed, self.faults = folder, seed, []
        self.plan = plan(seed, float(MINUTES) * 60, int(NODES), STORE != "sqlite")
        self.envelopes, self.answers, self.own_ends, self.shares, self.claims = [], collections.Counter(), [], [], None

    def run(self):
        self.began = time.monotonic()
        try:
            with Cluster(self.folder, self.seed) as cluster:
                try:
                    self.break_things(cluster)
                    cluster.drain()
                    self.be_calm(cluster)
                except (Failure, *NOT_NOW) as failure:
                    self.faults.append(str(failure))
                self.judge(cluster)
                self.end(cluster)
        except Failure as failure:
            self.faults.append(str(failure))

    def load(self, cluster, first, work):
        """Envelopes are posted while this work is done."""
        load = Load(cluster.balancer.address, self.seed, first, RATE)
        try:
            work()
        finally:
            load.stop(GIVE_UP_SECONDS)
            self.envelopes += load.envelopes()
            self.answers.update(load.answers())
            self.faults += load.problems()
        return load

    def break_things(self, cluster):
        def work():
            time.sleep(WARM_SECONDS)
            self.began = time.monotonic()
            try:
                Breaker(self.plan, cluster.nodes, cluster.ways, cluster.database, say).run()
            finally:
                self.ended = time.monotonic()
        self.load(cluster, 0, work)
        say("all is mended; what is pending is delivered")

    def be_calm(self, cluster):
        """Without faults the counters of all nodes say together what was posted and what arrived, and a destination moves once at most: home."""
        say("without faults")
        before, known = cluster.count(), len(cluster.destinations.lines())
        load = self.load(cluster, FIRST_CALM_NUMBER, lambda: time.sleep(CALM_SECONDS))
        cluster.drain()
        arrivals = cluster.arrivals()[known:]
        wanted = {
            "accepted": len(load.envelopes()), "delivered": sum(len(event.destinations) for envelope in load.envelopes() for event in envelope.events),
            "2xx": sum(arrival.is_taken for arrival in arrivals)}
        repeated = wanted["2xx"] - len({(arrival.identity, arrival.destination) for arrival in arrivals if arrival.is_taken})

        def counted():
            return {name: [now - then for now, then in zip(after, before[name])] for name, after in cluster.count().items()}
        try:
            wait_for(lambda: all(sum(counted()[name]) == value for name, value in wanted.items()), "", COUNT_SECONDS, 0.5)
        except Failure:
            self.faults.append(f"without faults the nodes counted {({name: sum(values) for name, values in counted().items()})}, where it was {wanted}")
        if unanswered := sum(envelope.unanswered for envelope in load.envelopes()):
            self.faults.append(f"without faults {unanswered} POSTs had no 200")
        if repeated:
            self.faults.append(f"without faults {repeated} deliveries were repeated")
        if moved := {name: count for name, count in moves(arrivals).items() if count > 1}:
            self.faults.append(f"without faults relays delivered in turns, so often: {moved}")
        self.shares = counted()["delivered"]

    def judge(self, cluster):
        self.arrivals = cluster.arrivals()
        self.windows = Windows([fault.window for fault in self.plan if fault.began])
        self.claims = Claims(self.envelopes, self.arrivals, ORDERS, self.windows)
        self.faults += self.claims.faults
        if unanswered := sum(envelope.answered == math.inf for envelope in self.envelopes):
            self.faults.append(f"{unanswered} envelopes had no 200 within {GIVE_UP_SECONDS} s after all was mended")
        self.judge_books(cluster)
        self.own_ends = [(node.name, *one) for node in cluster.nodes for one in node.own_ends]
        self.faults += [f"{name} ended with status {code}: {line}" for name, code, line in self.own_ends if code < 0]

    def judge_books(self, cluster):
        """What each node says of the store is what arrived."""
        wanted = {name: (0, 0, self.claims.taken_by(name)) for name in ORDERS}

        def said():
            return [node and {name: tuple(node[name][key] for key in ("pending", "dead", "delivered")) for name in ORDERS} for node in cluster.statuses()]
        with contextlib.suppress(Failure):
            wait_for(lambda: all(node == wanted for node in said()), "", COUNT_SECONDS, 0.5)
        for node, books in zip(cluster.nodes, said()):
            if not books:
                self.faults.append(f"{node.name} does not say its status")
                continue
            if wrong := [f"{name} {books[name]}, and it is {wanted[name]}" for name in ORDERS if books[name] != wanted[name]]:
                self.faults.append(f"{node.name} says of {len(wrong)} destinations (pending, dead, delivered): {'; '.join(wrong[:3])}")

    def end(self, cluster):
        """In an orderly way; then the store says whether its rows agree."""
        for node in cluster.nodes:
            if (status := node.end(END_SECONDS)) != 0:
                self.faults.append(f"{node.name} ended with status {status} on SIGTERM: {node.last_line()}")
        command = [harness.RELAY, "store", "verify", "--config", cluster.nodes[0].yaml]
        said = subprocess.run(command, env=cluster.nodes[0].environment, capture_output=True, text=True)
        if said.returncode:
            self.faults.append(f"`store verify` found: {(said.stdout + said.stderr).strip()}")

    def report(self):
        claims = self.claims
        print(f"\nseed {self.seed}: {NODES} relay{'s' * (NODES != '1')} over {STORE}, {len(self.plan)} faults in {(self.ended - self.began) / 60:.1f} min")
        answers = ", ".join(f"{count:,} times {answer}" for answer, count in sorted(self.answers.items(), key=str))
        highest = max((arrival.attempt for arrival in self.arrivals), default=0)
        figures = {
            "posted": f"{len(self.envelopes):,} envelopes with {len(claims.events):,} events, in {self.answers.total():,} POSTs: {answers}",
            "delivered": f"{claims.deliveries:,} times, to {len(ORDERS)} destinations, in {len(self.arrivals):,} requests, with at most {highest} attempts",
            "stored twice": f"{claims.stored_twice:,} events, which were posted again since nobody had answered; {claims.beside_unanswered:,} came out of turn beside such",
            "repeated": f"{claims.repeats_in_faults:,} deliveries in faults, {claims.repeats_outside:,} of {claims.taken_outside:,} outside of them",
            "moved": f"{moves(self.arrivals).total():,} times a destination was served by another relay than before; without faults they delivered "
                     + (" + ".join(f"{share:,.0f}" for share in self.shares) or "nothing"),
            "by itself": f"{len(self.own_ends)} times a relay ended, and was started again"}
        for head, said in figures.items():
            print(f"  {head:<13}{said}")
        for (code, why), count in collections.Counter((code, reason(line)) for _, code, line in self.own_ends).most_common(8):
            print(f"    {count} times with status {code}: {why}")
        print_effects(effects(spells(self.plan, self.windows, self.began, self.ended), self.arrivals))


def reason(line):
    """What a line of the log says, without its time."""
    try:
        said = json.loads(line)
        return said.get("reason", said["message"])
    except (ValueError, KeyError):
        return line


def keep(folder, seed):
    """The logs, the requests and what broke, for whoever looks for the cause."""
    kept = os.path.join(KEPT, f"cluster-{seed}")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("data"))
    return kept


def cluster(folder, *seeds):
    end_on_terminate()
    machine.need("haproxy")
    if STORE not in ("postgres", "sqlite") or STORE == "sqlite" and NODES != "1":
        sys.exit("CLUSTER_STORE is postgres, or sqlite with CLUSTER_NODES=1")
    if STORE == "postgres":
        postgres.install()
    failed = []
    for seed in seeds or SEEDS:
        home = os.path.join(folder, seed)
        os.mkdir(home)
        one = Play(home, seed)
        one.run()
        if one.claims:
            one.report()
        print(f"\nseed {seed}: {'FAILED' if one.faults else 'ok'}", flush=True)
        for fault in one.faults[:40]:
            print("   ", fault)
        if one.faults:
            failed.append(seed)
            print(f"    what it left: {keep(home, seed)}")
    if failed:
        sys.exit("again: " + " && ".join(again(seed) for seed in failed))
