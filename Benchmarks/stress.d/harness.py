"""What the stress scenarios share: a relay, receivers, senders, and what can be read off them."""
import contextlib, http.client, json, os, random, re, signal, socket, sqlite3, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
RELAY = os.environ.get("RELAY") or os.path.join(HERE, "..", "..", ".build", "release", "huggy-relay")
EVENT_PADDING = "x" * 1000
counter = iter(range(10**9))
lasting_ports = set()


@contextlib.contextmanager
def using(binary):
    """What is started within the block is this binary of the relay."""
    global RELAY
    other, RELAY = RELAY, binary
    try:
        yield
    finally:
        RELAY = other


class Process:
    def __init__(self, *arguments, address_of=r'"message":"listening","address":"([^"]+)"'):
        self.log = tempfile.NamedTemporaryFile("r", suffix=".log")
        self.process = subprocess.Popen([RELAY, *arguments], stdout=subprocess.DEVNULL, stderr=open(self.log.name, "w"))
        try:
            self.address = self.listening_address(address_of)
        except BaseException:
            self.process.kill()  # whoever gave up waiting has no hold of it yet
            raise

    def listening_address(self, pattern):
        while True:
            assert self.process.poll() is None, open(self.log.name).read()
            if found := re.findall(pattern, open(self.log.name).read()):
                return found[-1]
            time.sleep(0.005)

    def status(self, key):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024

    def memory(self):
        return f"{self.status('VmRSS'):.1f} MB, {self.status('VmHWM'):.1f} MB"

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lines(self, text):
        return [line for line in open(self.log.name) if text in line]

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait()


class AdminAPI:
    """What a relay says on `self.admin`."""

    def get(self, path, limit=60):
        with contextlib.closing(http.client.HTTPConnection(self.admin, timeout=limit)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def post(self, path, body=None):
        connection = http.client.HTTPConnection(self.admin, timeout=600)
        connection.request("POST", path, json.dumps(body or {}), {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def destination(self, name):
        destinations = json.loads(self.get("/api/v1/status")[1])["destinations"]
        return next(one for one in destinations if one["name"] == name)

    def metric(self, name, **labels):
        """The sum of all its series with these labels."""
        total = 0
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + "{") or line.startswith(name + " "):
                if all(f'{key}="{value}"' in line for key, value in labels.items()):
                    total += float(line.rsplit(" ", 1)[1])
        return total

    def wait_until_settled(self, name, limit=600):
        started = time.perf_counter()
        while self.destination(name)["pending"]:
            assert time.perf_counter() - started < limit, self.destination(name)
            time.sleep(0.02)
        return time.perf_counter() - started


class Relay(Process, AdminAPI):
    """A relay with its admin API, in a folder of its own."""

    def __init__(self, folder, yaml):
        self.folder = folder
        self.yaml = os.path.join(folder, "routes.yaml")
        open(self.yaml, "w").write(yaml)
        super().__init__("serve", "--config", self.yaml, "--log-format", "json")
        found = re.findall(r'"message":"admin listens","address":"([^"]+)"', open(self.log.name).read())
        self.admin = found[-1] if found else None


class Receiver:
    """receiver.py as a process."""

    def __init__(self, mode="ok"):
        self.process = subprocess.Popen([sys.executable, f"{HERE}/receiver.py", mode], stdout=subprocess.PIPE)
        ports = json.loads(self.process.stdout.readline())
        self.port, self.control = ports["port"], ports["control"]
        self.url = f"http://127.0.0.1:{self.port}/"

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.control, timeout=60)
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())

    def mode(self, mode):
        return self.ask(f"/mode?is={mode}")

    def stats(self):
        return self.ask("/stats")

    def reset(self):
        return self.ask("/reset")

    def wait(self, condition, limit=600):
        started = time.perf_counter()
        while not condition(stats := self.stats()):
            assert time.perf_counter() - started < limit, stats
            time.sleep(0.05)
        return stats

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Hung(threading.Thread):
    """Accepts connections, and never answers."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.connections = []
        self.start()

    def run(self):
        while True:
            self.connections.append(self.listener.accept()[0])


class Sender:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.sequences = {}

    def post(self, body):
        started = time.perf_counter()
        self.connection.request("POST", "/huggy", body)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - started

    def envelope(self, kind, events=1, chats=None, more="", padding=EVENT_PADDING):
        """Events with a unique id, the time, and (with `chats`) a chat with a sequence number."""
        def event():
            number = next(counter)
            chat = ""
            if chats:
                one = number % chats
                chat = '"chat":{"id":%d,"channel":"widget"},"seq":%d,' % (one, self.sequences.get(one, 0))
                self.sequences[one] = self.sequences.get(one, 0) + 1
            return '{"id":%d,%s"sent":%d,"channel":"widget",%s"body":"%s"}' % (number, more, time.time_ns(), chat, padding)
        return ('{"time":1,"messages":{"%s":[%s]}}' % (kind, ",".join(event() for _ in range(events)))).encode()

    def send(self, kind, envelopes, rate=None, **how):
        """Sends envelopes (at a rate, without waiting for the late ones to be caught up on); returns the statuses."""
        statuses, due = {}, time.perf_counter()
        for _ in range(envelopes):
            if rate:
                due += 1 / rate
                time.sleep(max(0, due - time.perf_counter()))
            status, _ = self.post(self.envelope(kind, **how))
            statuses[status] = statuses.get(status, 0) + 1
        return statuses

    def latencies(self, kind, count):
        answers = [self.post(self.envelope(kind)) for _ in range(count)]
        assert all(status == 200 for status, _ in answers), {status for status, _ in answers}
        times = sorted(seconds * 1000 for _, seconds in answers)
        return f"p50 {times[len(times) // 2]:.2f} ms, p99 {times[len(times) * 99 // 100]:.2f} ms, max {times[-1]:.2f} ms"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def lasting_port():
    """One that also stays free while nothing listens there: the system gives those above to whoever connects."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first_given = int(file.read().split()[0])
    while True:
        port = random.randrange(10_000, first_given)
        if port not in lasting_ports:
            with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
                lasting_ports.add(port)
                return port


def rows(folder, query):
    """Reads the store from outside."""
    database = sqlite3.connect(f"file:{folder}/data/relay.db?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def configuration(destinations, routes, more="", store="", listen="127.0.0.1:0", admin="127.0.0.1:0"):
    return f"""server: {{ listen: "{listen}", admin: "{admin}" }}
{store}
sources: {{ huggy: {{}} }}
destinations:
{destinations}
routes:
{routes}
{more}
"""
