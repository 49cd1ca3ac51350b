"""Backlogs, slow senders, hung destinations, idleness."""
import os, re, signal, socket, threading, time

from harness import *


def backlog(folder):
    receiver = Receiver()
    yaml = f"""
server: {{ listen: "127.0.0.1:0", admin: "127.0.0.1:0" }}
sources: {{ huggy: {{}} }}
destinations:
  down: {{ url: "http://127.0.0.1:{free_port()}/" }}
  healthy: {{ url: "{receiver.url}" }}
routes:
  - {{ name: to-down, match: {{ event: down }}, to: down }}
  - {{ name: to-healthy, match: {{ event: healthy }}, to: healthy }}
"""
    one = Relay(folder, yaml)
    sender = Sender(one.address)
    print("healthy, no backlog:      ", sender.latencies("healthy", 500))
    started = time.perf_counter()
    for _ in range(1000):
        assert sender.post(sender.envelope("down", 100))[0] == 200
    print(f"100,000 events accepted in {time.perf_counter() - started:.1f} s")
    print("pending for `down`:       ", one.destination("down")["pending"])
    print("healthy, 100,000 pending: ", sender.latencies("healthy", 500))
    print(f"its deliveries done after  {one.wait_until_settled('healthy'):.2f} s more")
    print(f"memory now, peak:          {one.memory()}")
    one.stop(signal.SIGKILL)
    started = time.perf_counter()
    two = Relay(folder, yaml)
    print(f"restart to listening:      {time.perf_counter() - started:.3f} s")
    print("healthy after restart:    ", Sender(two.address).latencies("healthy", 200))
    print(f"its deliveries done after  {two.wait_until_settled('healthy'):.2f} s more")
    print(f"memory now, peak:          {two.memory()}")
    two.stop()
    receiver.stop()


def withheld(folder):
    one = Relay(folder, 'server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }\nsources: { huggy: {} }\n')
    host, port = one.address.split(":")
    print("good senders, alone:      ", Sender(one.address).latencies("x", 300))
    size = 5 << 20
    head = f"POST /huggy HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n".encode()
    answers, held = {}, []

    def withhold():
        connection = socket.create_connection((host, int(port)))
        try:
            connection.sendall(head + b" " * (size - 1))
            connection.settimeout(0.2)
            status = connection.recv(64).split(b" ")[1].decode()
        except (TimeoutError, OSError) as error:
            status = "waiting" if isinstance(error, TimeoutError) else "closed"
        answers[status] = answers.get(status, 0) + 1
        held.append(connection)

    endless = {"bytes": 0}

    def send_without_end():
        connection = socket.create_connection((host, int(port)))
        try:
            connection.sendall(b"POST /huggy HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n")
            while True:
                endless["bytes"] += connection.send(b" " * 65536)
        except OSError:
            pass

    threads = [threading.Thread(target=withhold) for _ in range(200)] + [threading.Thread(target=send_without_end)]
    for thread in threads:
        thread.start()
    print("good senders, meanwhile:  ", Sender(one.address).latencies("x", 300))
    for thread in threads:
        thread.join()
    print("200 senders with 5 MB, the last byte withheld:", answers)
    print(f"the endless sender was cut off after {endless['bytes'] / 2**20:.1f} MiB")
    print("good senders, all held:   ", Sender(one.address).latencies("x", 300))
    print(f"memory now, peak:          {one.memory()}")
    one.stop()


def hanging(folder):
    receiver = Receiver()
    hung = Hung()
    sick = "".join(
        f'  sick{n}: {{ url: "http://127.0.0.1:{hung.port}/", concurrency: 50, timeout: 10m }}\n' for n in range(40))
    names = ", ".join(f"sick{n}" for n in range(40))
    yaml = f"""
server: {{ listen: "127.0.0.1:0", admin: "127.0.0.1:0" }}
sources: {{ huggy: {{}} }}
destinations:
  healthy: {{ url: "{receiver.url}" }}
{sick}
routes:
  - {{ name: to-sick, match: {{ event: sick }}, to: [{names}] }}
  - {{ name: to-healthy, match: {{ event: healthy }}, to: healthy }}
"""
    one = Relay(folder, yaml)
    sender = Sender(one.address)

    def cost(count=4000):
        before = one.cpu_seconds()
        for _ in range(count // 10):
            assert sender.post(sender.envelope("healthy", 10))[0] == 200
        one.wait_until_settled("healthy")
        return (one.cpu_seconds() - before) / count * 1e6

    cost(1000)
    alone = [cost() for _ in range(3)]
    sender.post(sender.envelope("sick", 50))
    while len(hung.connections) < 2000:
        time.sleep(0.05)
    beside = [cost() for _ in range(3)]
    print(f"requests hanging:          {len(hung.connections)}")
    print("CPU µs per healthy delivery, alone: ", ", ".join(f"{c:.1f}" for c in alone))
    print("CPU µs per healthy delivery, beside:", ", ".join(f"{c:.1f}" for c in beside))
    print(f"ratio of medians:          {sorted(beside)[1] / sorted(alone)[1]:.2f}")
    print(f"memory now, peak:          {one.memory()}")
    one.stop(signal.SIGKILL)
    receiver.stop()


def idle(folder):
    receiver = Receiver()
    one = Relay(folder, f"""
server: {{ listen: "127.0.0.1:0", admin: "127.0.0.1:0" }}
sources: {{ huggy: {{}} }}
destinations: {{ a: {{ url: "{receiver.url}" }} }}
routes: [{{ name: all, to: a }}]
""")
    sender = Sender(one.address)
    sender.latencies("x", 50)
    one.wait_until_settled("a")
    time.sleep(1)

    def switches():
        found = {}
        for task in os.listdir(f"/proc/{one.process.pid}/task"):
            text = open(f"/proc/{one.process.pid}/task/{task}/status").read()
            found[task] = sum(int(n) for n in re.findall(r"ctxt_switches:\s+(\d+)", text))
        return found

    cpu, before = one.cpu_seconds(), switches()
    time.sleep(10)
    after = switches()
    print(f"CPU seconds in 10 s:       {one.cpu_seconds() - cpu:.3f}")
    # Of threads that lived through: those of Dispatch come and go.
    print(f"context switches in 10 s:  {sum(after[task] - before[task] for task in before if task in after)}")
    print(f"memory now, peak:          {one.memory()}")
    one.stop()
    receiver.stop()
