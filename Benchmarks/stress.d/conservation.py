"""Nothing is lost, invented or out of turn, whatever the receiver does and however often the relay is killed."""
import http.client, json, os, random, signal, subprocess, sys, threading, time, urllib.request

from faulty_events import CHATS_EACH, EVENTS_EACH, MAX_BYTES, SECRET, SENDERS, Events, is_refused
from harness import HERE, Relay, configuration

SEEDS = range(1, 11)
SETTLE_SECONDS = 300
KILLS_UNDER_LOAD, KILLS_AFTER_IT = 3, 3


class Refusing:
    """refusing.py as a process."""

    def __init__(self, seed, layout, order, has_batches):
        command = [sys.executable, f"{HERE}/refusing.py", str(seed), layout, order, "yes" if has_batches else "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{json.loads(self.process.stdout.readline())['port']}/"

    def report(self):
        with urllib.request.urlopen(self.url + "report", timeout=60) as answer:
            return json.load(answer)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Play:
    """One seed: senders that repeat each envelope until it is answered 200, and a relay that is killed under them."""

    def __init__(self, folder, seed, order, has_batches):
        self.folder, self.seed, self.order, self.has_batches = folder, seed, order, has_batches
        self.layout = "huggy" if (seed + (order == "chat")) % 2 else "event"
        self.events, self.choose = Events(seed), random.Random(seed)
        self.accepted, self.identities, self.faults = 0, {}, []
        self.lock, self.relay, self.kills = threading.Lock(), None, 0

    def yaml(self, url):
        batch = f", batch: {{ max_events: 100, max_bytes: {MAX_BYTES >> 10}KiB }}" if self.has_batches else ""
        return configuration(
            f'  crm: {{ url: "{url}", format: {self.layout}, order_by: {self.order}, concurrency: 8, timeout: 500ms, signing_secret: {SECRET}, '
            f"retry: {{ initial: 100ms, max_delay: 400ms }}, circuit: {{ failures: 5, probe_every: 200ms }}{batch} }}",
            "  - { name: all, to: crm }")

    def post(self, body):
        """The answer's JSON, once there is one."""
        while True:
            try:
                connection = http.client.HTTPConnection(self.relay.address, timeout=10)
                connection.request("POST", "/huggy", body)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status == 200:
                    return json.loads(text)
            except (OSError, http.client.HTTPException):
                pass  # killed: nobody knows whether it is kept
            finally:
                connection.close()
            time.sleep(0.02)

    def send(self, sender):
        choose, number, end = random.Random(self.seed * 100 + sender), sender * EVENTS_EACH, (sender + 1) * EVENTS_EACH
        try:
            while number < end:
                numbers = list(range(number, min(end, number + choose.randrange(1, 12))))
                answer = self.post(self.events.envelope(numbers))
                with self.lock:
                    if len(answer["events"]) != len(numbers):
                        self.faults.append(f"{len(numbers)} events were sent, ids for {len(answer['events'])} came: {answer}")
                    self.identities.update(zip(answer["events"], numbers))
                    self.accepted += len(numbers)
                number += len(numbers)
        except Exception as error:
            self.faults.append(f"a sender ended: {error!r}")

    def kill(self):
        self.relay.stop(signal.SIGKILL)
        self.relay = Relay(self.folder, open(self.relay.yaml).read())
        self.kills += 1

    def kill_under_load(self, threads):
        marks = sorted(self.choose.randrange(len(self.events) // 20, len(self.events) * 19 // 20) for _ in range(KILLS_UNDER_LOAD))
        for mark in marks:
            while self.accepted < mark and any(thread.is_alive() for thread in threads):
                time.sleep(0.005)
            time.sleep(self.choose.random() * 0.2)
            self.kill()

    def dead(self):
        """The event ids of all dead letters."""
        found, cursor = [], ""
        while cursor is not None:
            page = json.loads(self.relay.get("/api/v1/deliveries?state=dead&limit=500" + (cursor and f"&after={cursor}"))[1])
            found += [delivery["event_id"] for delivery in page["deliveries"]]
            cursor = page.get("next")
        return found

    def run(self):
        receiver, started = Refusing(self.seed, self.layout, self.order, self.has_batches), time.perf_counter()
        try:
            self.relay = Relay(self.folder, self.yaml(receiver.url))
            threads = [threading.Thread(target=self.send, args=[sender], daemon=True) for sender in range(SENDERS)]
            for thread in threads:
                thread.start()
            self.kill_under_load(threads)
            for thread in threads:
                thread.join()
            for _ in range(KILLS_AFTER_IT):
                time.sleep(self.choose.random() * 3)
                self.kill()
            self.settle(receiver)
            report, dead = receiver.report(), self.dead()
        finally:
            if self.relay and self.relay.process.poll() is None:
                self.relay.stop(signal.SIGKILL)
            receiver.stop()
        self.check(report, dead)
        return self.summary(report, dead, time.perf_counter() - started)

    def settle(self, receiver):
        """Until nothing is pending; what the receiver must refuse for being wrong would be for ever."""
        started = looked = time.perf_counter()
        while pending := self.relay.destination("crm")["pending"]:
            if time.perf_counter() - started > SETTLE_SECONDS:
                self.faults.append(f"{pending} deliveries are still pending after {SETTLE_SECONDS} s")
                return
            if time.perf_counter() - looked > 5:
                looked = time.perf_counter()
                if receiver.report()["wrong"]:
                    return
            time.sleep(0.1)

    def check(self, report, dead):
        """Of all events each is taken, or dead for its own fault, and nothing else is."""
        everything, taken = set(range(len(self.events))), set(report["taken"])
        refused = {number for number in everything if is_refused(number)}
        self.faults += report["wrong"]
        buried = [self.identities.get(identity) for identity in dead]
        self.demand(set(self.identities.values()) == everything, "not every event has an id of its own")
        self.demand(len(set(buried)) == len(buried) and None not in buried, "a dead letter twice, or of an event that nobody sent")
        self.demand_same("lost", everything - taken - set(buried))
        self.demand_same("taken, and refused", taken & refused)
        self.demand_same("dead without fault", set(buried) - refused)
        self.demand_same("not dead, though refused", refused - set(buried))
        self.demand_same("dead, but never refused alone", set(buried) - set(report["refused_alone"]))
        strange = {identity for identity, number in report["identities"].items() if self.identities.get(identity) != number}
        self.demand_same("delivered under an id that nobody was told", strange)

    def demand(self, condition, what):
        if not condition:
            self.faults.append(what)

    def demand_same(self, what, numbers):
        self.demand(not numbers, f"{what}: {len(numbers)}, among them {sorted(numbers)[:10]}")

    def summary(self, report, dead, seconds):
        events = len(report["taken"]) + report["repeats"]
        return (f"{len(self.events):,} events, killed {self.kills} times: {len(report['taken']):,} taken ({report['repeats']} again), {len(dead)} dead; "
                f"{report['requests']:,} requests, of which {report['failed']:,} failed, {report['refused']:,} refused, "
                f"{report['requests_of_several']:,} of several events (at most {report['most_events']}); {seconds:.0f} s")


def play(folder, name, seeds, has_batches):
    failed = []
    for seed in seeds or SEEDS:
        for order in ("none", "chat"):
            home = os.path.join(folder, f"{seed}-{order}")
            os.mkdir(home)
            one = Play(home, seed, order, has_batches)
            said = one.run()
            print(f"seed {seed:>3}, order_by {order:<4}, format {one.layout:<5}: {said}: {'FAILED' if one.faults else 'ok'}", flush=True)
            for fault in one.faults[:20]:
                print("   ", fault)
            if one.faults:
                failed.append(seed)
    if failed:
        sys.exit("again: Benchmarks/stress " + name + " " + " ".join(map(str, sorted(set(failed)))))


def batches(folder, *seeds):
    play(folder, "batches", [int(seed) for seed in seeds], True)


def faults(folder, *seeds):
    play(folder, "faults", [int(seed) for seed in seeds], False)
