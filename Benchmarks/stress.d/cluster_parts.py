"""The processes of a cluster: nodes, the balancer before them, the ways to the database, and the destinations."""
import contextlib, json, os, signal, string, subprocess, sys, time

import harness, machine, processes
from cluster_load import ORDERS, routes
from harness import HERE, AdminAPI, configuration, lasting_port
from processes import Failure

machine.PACKAGES["haproxy"] = "haproxy"
# What asking a relay throws while it is down.
NOT_NOW = (OSError, harness.http.client.HTTPException, ValueError, KeyError)
RESTART_SECONDS = 1  # after which a relay that ended by itself is started again, as a service manager would


def routes_yaml(receiver_port):
    """The same bytes for all nodes: what is each one's own stands in its environment."""
    destinations = "\n".join(f'  {name}: {{ url: "http://127.0.0.1:{receiver_port}/{name}", order_by: {order} }}' for name, order in ORDERS.items())
    return configuration(
        destinations, routes(), listen="${LISTEN}", admin="${ADMIN}", store='store: { url: "${STORE}" }',
        more='defaults: { format: event, headers: { X-Node: "${NODE}" }, concurrency: 8, timeout: 5s, retry: { initial: 200ms, max_delay: 1s }, circuit: { probe_every: 1s } }')


class Node(AdminAPI):
    """A relay that is started again and again, with the same addresses."""

    def __init__(self, folder, name, yaml, store_url):
        self.name, self.folder = name, os.path.join(folder, name)
        os.mkdir(self.folder)
        self.yaml = os.path.join(self.folder, "routes.yaml")
        with open(self.yaml, "w") as file:
            file.write(yaml)
        self.port, admin_port = lasting_port(), lasting_port()
        self.admin = f"127.0.0.1:{admin_port}"
        self.environment = os.environ | {"NODE": name, "LISTEN": f"127.0.0.1:{self.port}", "ADMIN": self.admin, "STORE": store_url}
        self.log = os.path.join(self.folder, "log")
        self.process, self.is_wanted, self.ended_at, self.own_ends = None, False, None, []

    def start(self):
        self.is_wanted, self.ended_at = True, None
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [harness.RELAY, "serve", "--config", self.yaml, "--log-format", "json"], stdout=subprocess.DEVNULL, stderr=log,
                env=self.environment, preexec_fn=processes.end_with_us())

    def send(self, how):
        """A signal; after one that ends it, it stays down until it is started."""
        if how in (signal.SIGKILL, signal.SIGTERM):
            self.is_wanted = False
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)

    def look(self):
        """Notes that it ended by itself, and starts it again a moment later."""
        if not self.is_wanted or self.process.poll() is None:
            return
        if not self.ended_at:
            self.ended_at = time.monotonic()
            self.own_ends.append((self.process.returncode, self.last_line()))
        elif time.monotonic() - self.ended_at > RESTART_SECONDS:
            self.start()

    def last_line(self):
        """Of its log."""
        with open(self.log) as log:
            return (log.readlines() or [""])[-1].strip()

    def is_ready(self):
        if self.process.poll() is not None:
            return False
        try:
            return self.get("/readyz", 0.5)[0] == 200
        except NOT_NOW:
            return False

    def end(self, limit):
        """In an orderly way; its exit status, None if it did not end in time."""
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        self.send(signal.SIGKILL)
        if self.process:
            self.process.wait()


class Told:
    """A process of ours that ends with its standard input, which says what to do."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, script), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.process.args[1]} has ended")
        return line

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Ways(Told):
    """Each node's way to the database."""

    def __init__(self, path, count):
        self.ports = [lasting_port() for _ in range(count)]
        super().__init__("forwarders.py", path, *self.ports)
        self.line()

    def set(self, number, mode):
        print(number, mode, file=self.process.stdin, flush=True)
        self.line()


class Destinations(Told):
    def __init__(self, seed, path):
        super().__init__("recording.py", seed, path)
        self.port, self.path = json.loads(self.line())["port"], path

    def lines(self):
        """The fields of each request that came until now."""
        connection = harness.http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/flush")
        connection.getresponse().read()
        connection.close()
        with open(self.path) as file:
            return [line.split() for line in file]


class Balancer:
    """HAProxy before all nodes, which looks which of them are ready."""

    def __init__(self, folder, nodes):
        self.port = lasting_port()
        self.address = f"127.0.0.1:{self.port}"
        servers = "\n".join(f"    server {node.name} 127.0.0.1:{node.port} port {node.admin.split(':')[1]}" for node in nodes)
        with open(os.path.join(HERE, "haproxy.cfg")) as file:
            text = string.Template(file.read()).substitute(port=self.port, servers=servers)
        path = os.path.join(folder, "haproxy.cfg")
        with open(path, "w") as file:
            file.write(text)
        self.log = os.path.join(folder, "haproxy.log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [machine.find("haproxy"), "-db", "-f", path], stdout=log, stderr=log, preexec_fn=processes.end_with_us())
        try:
            processes.wait_for(self.is_listening, "HAProxy to listen")
        except BaseException:
            self.stop()
            raise

    def is_listening(self):
        if self.process.poll() is not None:
            with open(self.log) as log:
                raise Failure(f"HAProxy has ended: {log.read()}")
        with contextlib.suppress(OSError):
            harness.socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True

    def stop(self):
        self.process.kill()
        self.process.wait()
