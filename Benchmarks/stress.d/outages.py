"""Sick destinations, outages, backlogs of millions, full disks, reloads."""
import os, signal, subprocess, threading, time

from harness import *


def isolation(folder):
    rate, seconds, rounds = 200, 8, 4
    healthy, broken, dripping, hung = Receiver(), Receiver("500"), Receiver("drip"), Receiver("hang")
    sick = {
        "hung": f'{{ url: "{hung.url}", concurrency: 8, timeout: 5s }}',
        "refusing": f'{{ url: "http://127.0.0.1:{free_port()}/" }}',
        "broken": f'{{ url: "{broken.url}" }}',
        "dripping": f'{{ url: "{dripping.url}", concurrency: 8, timeout: 5s }}',
    }
    both = {"alone": {"healthy": f'{{ url: "{healthy.url}" }}'}, "beside": {"healthy": f'{{ url: "{healthy.url}" }}', **sick}}
    relays, results = {}, {name: [] for name in both}
    for name, destinations in both.items():
        home = os.path.join(folder, name)
        os.mkdir(home)
        relays[name] = Relay(home, configuration(
            "\n".join(f"  {key}: {value}" for key, value in destinations.items()),
            f"  - {{ name: all, to: [{', '.join(destinations)}] }}"))
        Sender(relays[name].address).send("warm", 400, rate)
    # In turn, so that the machine's moods meet both.
    for _ in range(rounds):
        for name, one in relays.items():
            healthy.reset()
            statuses = Sender(one.address).send("event", rate * seconds, rate)
            one.wait_until_settled("healthy")
            stats = healthy.stats()
            results[name].append(stats)
            print(f"{name + ':':<8} p50 {stats['p50']:.2f} ms, p99 {stats['p99']:.2f} ms of {stats['unique']} events; answers {statuses}")
    print(f"connections to the hung one at most: {hung.stats()['most_open']} (concurrency 8)")
    for key in sick:
        status = relays["beside"].destination(key)
        attempts = relays["beside"].metric("huggy_relay_attempts_total", destination=key)
        print(f"  {key:<10} circuit {status['circuit']:<10} pending {status['pending']:>6} attempts {attempts:.0f}")
    for share in ("p50", "p99"):
        median = {name: sorted(stats[share] for stats in results[name])[rounds // 2] for name in results}
        print(f"{share}: {median['beside'] / median['alone']:.2f} times that of the healthy one alone (upper medians of {rounds} rounds)")
    for one in [*relays.values(), healthy, broken, dripping, hung]:
        one.stop()


def poison(folder):
    for order in ("none", "chat", "destination"):
        receiver = Receiver("poison")
        home = os.path.join(folder, order)
        os.mkdir(home)
        one = Relay(home, configuration(
            f'  crm: {{ url: "{receiver.url}", order_by: {order}, retry: {{ initial: 100ms, max_delay: 200ms, max_age: 10s }}, circuit: {{ failures: 5, probe_every: 1s }} }}',
            "  - { name: all, to: crm }"))
        sender = Sender(one.address)
        # Its chat is its own, but where all wait for one another.
        sender.post(b'{"messages":{"event":[{"id":"p","kind":"poison","chat":{"id":999999}}]}}')
        started = time.perf_counter()
        sender.send("event", 1000, chats=50)
        stats = receiver.wait(lambda stats: stats["unique"] == 1000)
        took = time.perf_counter() - started
        status = one.destination("crm")
        print(f"order_by {order + ':':<13} 1,000 good ones through after {took:.2f} s, p99 {stats['p99']:.1f} ms; "
              f"circuit {status['circuit']}, opened {len(one.lines('circuit open'))} times; pending {status['pending']}, dead {status['dead']}; disordered {stats['disordered']}")
        one.stop(signal.SIGKILL)
        receiver.stop()


def outage(folder):
    events, per_envelope, probe_every, failures, concurrency = 200_000, 20, 2, 5, 32
    for order, chats in (("none", None), ("chat", 500)):
        receiver = Receiver()
        home = os.path.join(folder, order)
        os.mkdir(home)
        one = Relay(home, configuration(
            f'  crm: {{ url: "{receiver.url}", format: event, order_by: {order}, concurrency: {concurrency}, circuit: {{ failures: {failures}, probe_every: {probe_every}s }} }}',
            "  - { name: all, to: crm }"))
        sender = Sender(one.address)
        print(f"order_by {order}:")
        # Without an outage: the time from the first delivery to the last.
        sender.send("event", events // per_envelope, events=per_envelope, chats=chats)
        receiver.wait(lambda stats: stats["unique"] >= events)
        normal = receiver.stats()
        normal_rate = events / normal["seconds"]
        print(f"  no outage: {normal_rate:,.0f} deliveries/s; disordered {normal['disordered']}, repeats {normal['repeats']}")
        sequences = dict(sender.sequences)
        receiver.mode("closed")
        before = one.metric("huggy_relay_attempts_total")
        began = time.perf_counter()
        sender.send("event", events // per_envelope, events=per_envelope, chats=chats)
        lasted = time.perf_counter() - began
        attempts = one.metric("huggy_relay_attempts_total") - before
        bound = lasted / probe_every + failures + concurrency
        status = one.destination("crm")
        print(f"  outage: {lasted:.1f} s, {status['pending']:,} pending, circuit {status['circuit']}; {attempts:.0f} attempts, bound {bound:.0f}: {'ok' if attempts <= bound else 'TOO MANY'}")
        receiver.mode("ok")
        # The receiver goes on counting: of the same chats, in the same sequences.
        receiver.wait(lambda stats: stats["unique"] > events)
        began = time.perf_counter()
        receiver.wait(lambda stats: stats["unique"] >= 2 * events)
        drained = time.perf_counter() - began
        one.wait_until_settled("crm")
        stats, status = receiver.stats(), one.destination("crm")
        print(f"  drain: {events / drained:,.0f} deliveries/s, {events / drained / normal_rate:.2f} of the rate without an outage")
        print(f"  at the receiver: {stats['unique']:,} of {2 * events:,}, repeats {stats['repeats']}, disordered {stats['disordered'] if chats else 'not asked'}; dead {status['dead']}, delivered {status['delivered']:,}")
        print(f"  memory now, peak: {one.memory()}")
        one.stop(signal.SIGKILL)
        receiver.stop()


def fill(one, kind, total, per_envelope=1000, **how):
    sender, started = Sender(one.address), time.perf_counter()
    for _ in range(total // per_envelope):
        assert sender.post(sender.envelope(kind, per_envelope, padding="x" * 300, **how))[0] == 200
    print(f"{total:,} events accepted in {time.perf_counter() - started:.1f} s; store {os.path.getsize(one.folder + '/data/relay.db') >> 20} MiB")


def pile(folder, order, chats):
    total = 2_000_000
    healthy, down = Receiver(), Receiver("closed")
    yaml = configuration(
        f'  down: {{ url: "{down.url}", order_by: {order}, format: event, circuit: {{ probe_every: 1s }} }}\n  healthy: {{ url: "{healthy.url}", format: event }}',
        "  - { name: to-down, match: { event: down }, to: down }\n  - { name: to-healthy, match: { event: healthy }, to: healthy }")
    one = Relay(folder, yaml)

    def beside(name, relay):
        sender = Sender(relay.address)
        sender.send("healthy", 100, 200)
        healthy.reset()
        times = []
        due = time.perf_counter()
        for _ in range(2000):
            due += 1 / 200
            time.sleep(max(0, due - time.perf_counter()))
            times.append(sender.post(sender.envelope("healthy"))[1] * 1000)
        relay.wait_until_settled("healthy")
        times.sort()
        stats = healthy.stats()
        print(f"{name:<26} accept p50 {times[1000]:.2f} ms, p99 {times[1980]:.2f} ms; receipt to delivery p50 {stats['p50']:.2f} ms, p99 {stats['p99']:.2f} ms")

    beside("healthy, no backlog:", one)
    fill(one, "down", total, chats=chats)
    print(f"memory now, peak:          {one.memory()}")
    beside("healthy, 2,000,000 wait:", one)
    one.stop(signal.SIGKILL)
    down.mode("ok")
    started = time.perf_counter()
    two = Relay(folder, yaml)
    listening = time.perf_counter() - started
    down.wait(lambda stats: stats["accepted"] > 0)
    print(f"restart: listening after {listening:.3f} s, first delivery after {time.perf_counter() - started:.3f} s")
    cpu, got, began = two.cpu_seconds(), down.stats()["unique"], time.perf_counter()
    for _ in range(4):
        down.wait(lambda stats: stats["unique"] >= min(total, got + 20_000))
        now = down.stats()["unique"]
        print(f"drain: {(now - got) / (time.perf_counter() - began):,.0f} deliveries/s, {(two.cpu_seconds() - cpu) / (now - got) * 1e6:.0f} µs of CPU each; {total - now:,} left")
        cpu, got, began = two.cpu_seconds(), now, time.perf_counter()
    print(f"disordered: {down.stats()['disordered']}" if chats else "")
    print(f"memory now, peak:          {two.memory()}")
    two.stop(signal.SIGKILL)
    healthy.stop(), down.stop()


def millions(folder):
    pile(folder, "none", None)


def keys(folder):
    pile(folder, "chat", 4)


def diskfull(folder):
    data = os.path.join(folder, "data")
    os.mkdir(data)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", data], check=True)
    try:
        receiver = Receiver("closed")
        one = Relay(folder, configuration(
            f'  crm: {{ url: "{receiver.url}", format: event, circuit: {{ probe_every: 200ms }}, max_backlog: 100% }}', "  - { name: all, to: crm }",
            store="store: { retention: 7d }"))
        sender = Sender(one.address)
        accepted, refused = 0, 0
        while refused < 200:
            status, _ = sender.post(sender.envelope("event", 5))
            assert status in (200, 503), status
            accepted, refused = accepted + (status == 200), refused + (status == 503)
        print(f"destination down: {accepted * 5:,} events accepted, then {refused} times 503; readyz {one.get('/readyz')}")
        filler = os.path.join(data, "somebody-else")
        written = 0
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    written += file.write(b"x" * 65536)
            except OSError:
                pass
        print(f"somebody else takes the last {written >> 10} KiB; readyz {one.get('/readyz')[0]}")
        receiver.mode("ok")
        stats = receiver.wait(lambda stats: stats["unique"] >= accepted * 5, 120)
        print(f"destination back, disk still full: {stats['unique']:,} delivered, repeats {stats['repeats']}")
        os.unlink(filler)
        started = time.perf_counter()
        while sender.post(sender.envelope("event", 5))[0] != 200:
            assert time.perf_counter() - started < 60
            time.sleep(0.1)
        print(f"room again: accepted after {time.perf_counter() - started:.1f} s without a restart; readyz {one.get('/readyz')[0]}")
        receiver.wait(lambda stats: stats["unique"] >= accepted * 5 + 5)
        status = one.destination("crm")
        print(f"lost {accepted * 5 + 5 - receiver.stats()['unique']}; pending {status['pending']}, dead {status['dead']}; exit status {one.stop()}")
        for line in one.lines("the store takes"):
            print(" ", line.strip())
        receiver.stop()
    finally:
        subprocess.run(["umount", "-l", data], check=True)


def limits(folder):
    receiver = Receiver("closed")
    one = Relay(folder, configuration(
        f'  full: {{ url: "{receiver.url}", format: event, circuit: {{ probe_every: 200ms }}, max_backlog: 1GiB }}\n'
        f'  small: {{ url: "{receiver.url}", format: event, circuit: {{ probe_every: 200ms }}, max_backlog: 1MiB }}',
        "  - { name: to-small, match: { event: small }, to: small }\n  - { name: to-full, match: { event: event }, to: full }",
        store="store: { max_size: 32MiB }"))
    sender = Sender(one.address)
    print("max_backlog:", sender.send("small", 1500))
    small = one.destination("small")
    print(f"  pending {small['pending']}, overflowed {small.get('overflowed')}; metric {one.metric('huggy_relay_deliveries_settled_total', destination='small', state='overflow'):.0f}")
    statuses = sender.send("event", 10_000, events=5)
    store = json.loads(one.get("/api/v1/status")[1])["store"]
    print(f"max_size: {statuses}; store {store}; file {os.path.getsize(folder + '/data/relay.db') >> 20} MiB")
    receiver.mode("ok")
    one.wait_until_settled("full"), one.wait_until_settled("small")
    started = time.perf_counter()
    while sender.post(sender.envelope("event", 5))[0] != 200:
        time.sleep(0.05)
    print(f"destination back: accepted again after {time.perf_counter() - started:.2f} s; readyz {one.get('/readyz')[0]}")
    # Now settled history makes room, and nobody is refused.
    print("20,000 more through a full store:", sender.send("event", 4000, events=5))
    one.wait_until_settled("full")
    full = one.destination("full")
    store = json.loads(one.get("/api/v1/status")[1])["store"]
    print(f"  delivered {full['delivered']:,}, received {receiver.stats()['unique']:,}; store {store}; file {os.path.getsize(folder + '/data/relay.db') >> 20} MiB")
    one.stop()
    receiver.stop()


def reload(folder):
    receiver = Receiver()
    destinations = f'  crm: {{ url: "{receiver.url}", format: event, order_by: chat }}\n  bi: {{ url: "{receiver.url}bi", format: event, concurrency: %d }}'
    good = lambda n: configuration(destinations % (n % 7 + 1), f"  - {{ name: all-{n % 3}, to: [crm] }}")
    one = Relay(folder, good(0))
    stop, statuses, connections = threading.Event(), {}, {"lost": 0}

    def load():
        sender = Sender(one.address)
        while not stop.is_set():
            try:
                status, _ = sender.post(sender.envelope("event", 2, chats=20))
                statuses[status] = statuses.get(status, 0) + 1
            except OSError:
                connections["lost"] += 1

    thread = threading.Thread(target=load)
    thread.start()
    answers, hashes = {}, set()
    for n in range(100):
        wrong = n % 2 == 1
        open(one.yaml, "w").write(good(n) + ("nonsense: 1\n" if wrong else ""))
        before = json.loads(one.get("/api/v1/status")[1])["config"]["hash"]
        if n % 10 < 8:
            status, text = one.post("/api/v1/reload")
            answers[status] = answers.get(status, 0) + 1
        else:
            lines = len(one.lines("reload"))
            one.hang_up()
            while len(one.lines("reload")) == lines:
                time.sleep(0.01)
        after = json.loads(one.get("/api/v1/status")[1])["config"]["hash"]
        hashes.add(after)
        assert not wrong or before == after, "a wrong file changed the configuration"
        successful = one.metric("huggy_relay_config_last_reload_successful")
        assert successful == (0 if wrong else 1), successful
    stop.set()
    thread.join()
    one.wait_until_settled("crm")
    stats = receiver.stats()
    sent = statuses.get(200, 0) * 2
    print(f"100 reloads, by the API {answers}, else by SIGHUP; {len(hashes)} configurations were active")
    print(f"under load: answers {statuses}, connections lost {connections['lost']}")
    print(f"events sent {sent:,}, received {stats['unique']:,}, repeats {stats['repeats']}, disordered {stats['disordered']}")
    one.stop()
    receiver.stop()
