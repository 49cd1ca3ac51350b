"""Others at the same work, each set up as its users would, with the same events and the same sink."""
import contextlib, dataclasses, http.client, os, subprocess, sys, tempfile, time

import machine, processes, syslog
from harness import free_port
from processes import Failure, running, wait_for
from traffic import Envelopes, wrk

VENV = os.path.join(machine.ROOT, ".build", "bench-venv")
PYTHON = os.path.join(VENV, "bin", "python")
REQUIREMENTS = ["aiohttp", "redis", "hiredis", "uvloop", "flask", "gunicorn", "rq", "requests"]
CONNECTIONS = 64
WORKERS = 2  # processes of Flask and of RQ; there are more lanes than that in each


@dataclasses.dataclass
class Peer:
    about: str
    start: object  # a context that yields the address and the processes
    is_durable: bool
    most_seconds: int = 60  # of load: what a slow one has accepted it also has to deliver


def prepare():
    machine.need("syslog-ng", "/usr/lib/syslog-ng/*/libhttp.so", "redis-server")
    if not os.path.exists(PYTHON):
        if subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True).returncode:
            machine.install(["python3-venv"])
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *REQUIREMENTS], check=True)


@contextlib.contextmanager
def redis(folder, is_durable):
    socket = os.path.join(folder, "redis.sock")
    if len(socket) > 100:  # more than the name of a socket may have
        socket = tempfile.mktemp(".sock", "bench-")
    how = ["--appendonly", "yes", "--appendfsync", "always"] if is_durable else ["--appendonly", "no"]
    command = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "", "--auto-aof-rewrite-percentage", "0"]
    with running(machine.find("redis-server"), *command, *how, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: os.path.exists(socket), "redis-server")
        try:
            yield process, socket
        finally:
            with contextlib.suppress(OSError):
                os.unlink(socket)


@contextlib.contextmanager
def aiohttp(folder, sink, is_durable):
    script, port = os.path.join(machine.HERE, "peer_aiohttp.py"), str(free_port())
    with redis(folder, is_durable) as (store, socket), \
            running(PYTHON, script, "serve", port, socket) as server, \
            running(PYTHON, script, "work", socket, sink.url, "safe" if is_durable else "fast") as worker:
        yield f"127.0.0.1:{port}", [store, server, worker]


@contextlib.contextmanager
def flask(folder, sink, is_durable):
    address = f"127.0.0.1:{free_port()}"
    with redis(folder, is_durable) as (store, socket), contextlib.ExitStack() as stack:
        how = {"cwd": machine.HERE, "env": {**os.environ, "SOCKET": socket, "URL": sink.url, "PYTHONDONTWRITEBYTECODE": "1"}}
        server = stack.enter_context(running(
            PYTHON, "-m", "gunicorn", "peer_flask:app", "--bind", address, "--workers", str(WORKERS), "--worker-class", "gthread",
            "--threads", "32", "--keep-alive", "75", "--log-level", "error", **how))
        workers = [stack.enter_context(running(PYTHON, "peer_flask.py", **how)) for _ in range(WORKERS)]
        yield address, [store, server, *workers]


PEERS = {
    "syslog-ng": Peer("syslog-ng http(), reliable disk buffer (delivery half: fed over TCP)", syslog.started, False),
    "aiohttp-fast": Peer("aiohttp + Redis + asyncio worker, appendonly no", aiohttp, False),
    "aiohttp-durable": Peer("aiohttp + Redis + asyncio worker, appendfsync always", aiohttp, True),
    "flask-fast": Peer("Flask, gunicorn + RQ, appendonly no", flask, False, 3),
    "flask-durable": Peer("Flask, gunicorn + RQ, appendfsync always", flask, True, 3),
}


def answers(address):
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("GET", "/")
        return connection.getresponse().status == 404


def load(sink, send, pids, limit):
    """Sends, and waits until everything is delivered."""
    served, cpu, began = sink.served(), processes.family_cpu(pids), time.perf_counter()
    sent, seconds = send()
    took = sink.wait_until_served(served + sent, limit) - began
    delivered = sink.wait_until_quiet(0.5)[0] - served
    if not 0 <= delivered - sent <= CONNECTIONS:
        raise Failure(f"{sent} events were sent, {delivered} deliveries seen")
    return {
        "events": delivered, "accepted_per_s": sent / seconds, "delivered_per_s": delivered / took,
        "cpu_us": (processes.family_cpu(pids) - cpu) * 1e6 / delivered, "peak_mib": processes.family_peak_mib(pids)}


def measure(sink, name, seconds, limit=600):
    peer, envelopes = PEERS[name], Envelopes()
    is_http = peer.start is not syslog.started
    with tempfile.TemporaryDirectory(dir=machine.scratch()) as folder, \
            peer.start(folder, sink, peer.is_durable) as (address, started):
        host, port = address.split(":")
        wait_for(lambda: answers(address) if is_http else syslog.accepts(host, int(port)), name)

        def send(duration):
            if not is_http:
                return syslog.feed(host, int(port), duration)
            outcome = wrk(address, envelopes, duration, CONNECTIONS)
            return outcome["requests"], outcome["seconds"]

        pids = [process.pid for process in started]
        load(sink, lambda: send(1), pids, limit)
        numbers = load(sink, lambda: send(min(seconds, peer.most_seconds)), pids, limit)
    durable = "yes, fsync" if peer.is_durable else "no" if is_http else "none: TCP"
    return {"about": peer.about, "http": is_http, "durable": durable, **numbers}
