"""Whether the image's root file system (deploy/image-root) has all that a relay needs, and nothing else. Docker is not needed: the same steps make a
folder, and the relay runs in it (chroot), under the image's user, with the image's environment, on loopback.

- its only programs are the relay and the loader, and nothing in it can be written but /tmp and the store's folder;
- what it is made of is told (CycloneDX, as its schema says), with each package that has a file in it;
- it takes an envelope in, finds a destination's name by DNS, and believes its certificate by the image's own authorities;
- it does not believe one of another authority, or of another name;
- it knows time zones, and refuses one that there is not;
- the health check of compose.yaml says 0 while it runs, and something else when it does not;
- it keeps its store in PostgreSQL, found by DNS, over TLS (`verify-full`).

Run by .ci/check-deploy, as root, with mounts and a network of its own. Some ten seconds.
"""
import contextlib, fcntl, glob, http.server, json, os, shutil, signal, socket, ssl, stat, struct, subprocess, sys, tempfile, threading, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "Benchmarks", "bench.d")]
import machine, postgres

RELAY = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, ".build/release/huggy-relay"))
APART = "CHECK_IMAGE_APART"
USER = "10001:0"
ENVIRONMENT = {"STATE_DIRECTORY": "/var/lib/huggy-relay", "PATH": "/usr/local/bin"}
NAME_SERVER = "127.0.0.53"
problems = []


def holds(what, so):
    if not so:
        problems.append(what)
        print(f"check-image: {what}: not so", file=sys.stderr)
    return so


def get_apart():
    """As root, with mounts and a network of our own: they go with the process."""
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", "--preserve-env", sys.executable, *sys.argv])
    if APART not in os.environ:
        if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True).returncode:
            sys.exit("check-image: this needs namespaces of its own (CAP_SYS_ADMIN): run a container that it is tried in with --privileged")
        os.environ[APART] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])
    # What `ip link set lo up` does.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        fcntl.ioctl(one, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))


def wait_until(so, what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := so():
            return answer
        time.sleep(0.02)
    holds(what, False)
    return None


# MARK: What is in it


def look_at_files(root):
    programs, writable, special = set(), set(), set()
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            short = os.path.relpath(path, root)
            if stat.S_ISREG(mode) and mode & 0o111:
                programs.add(short)
            if not stat.S_ISLNK(mode) and mode & 0o022:
                writable.add(short)
            if mode & 0o6000 or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
                special.add(short)
    holds(f"the relay and the loader are its only programs: {sorted(programs)}",
          {name for name in programs if "/ld-linux" not in name} == {"usr/local/bin/huggy-relay"})
    holds(f"others can write to nothing but /tmp and the store's folder: {sorted(writable)}",
          writable == {"tmp", "var/tmp", "var/lib/huggy-relay"})
    holds(f"no file gives rights, and none is a device: {sorted(special)}", not special)
    owner = os.stat(os.path.join(root, "var/lib/huggy-relay"))
    holds("the store's folder is its user's", (owner.st_uid, owner.st_gid) == (10001, 0))


def look_at_description(root):
    """The SBOM, by its schema, and by what is there."""
    text = open(os.path.join(root, "usr/share/doc/huggy-relay/sbom.cdx.json")).read()
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    holds(f"the SBOM is as CycloneDX 1.6 has it: {wrong}", not wrong)
    told = json.loads(text)
    names = {one["name"] for one in told["components"]}
    packages = set(os.listdir(os.path.join(root, "var/lib/dpkg/status.d")))
    holds(f"the SBOM tells of each package: {sorted(packages - names)}", packages <= names)
    expected = {"huggy-relay", "swift", "swift-nio", "swift-nio-ssl", "libc6", "libcurl4", "libpq5", "libsqlite3-0", "libssl3", "tzdata", "ca-certificates"}
    holds(f"the SBOM tells of what every image has: {sorted(expected - names)}", expected <= names)
    refs = {one["ref"] for one in told["dependencies"]}
    holds("the SBOM's dependencies are among its components", all(other in refs for one in told["dependencies"] for other in one["dependsOn"]))


# MARK: Who is around it


class Names(threading.Thread):
    """A name server: names under `test` are this machine, others there are not."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((NAME_SERVER, 53))
        self.asked = set()

    def run(self):
        while True:
            question, client = self.socket.recvfrom(512)
            end, labels = 12, []
            while question[end]:
                labels.append(question[end + 1:end + 1 + question[end]].decode())
                end += question[end] + 1
            kind = struct.unpack("!H", question[end + 1:end + 3])[0]
            self.asked.add(".".join(labels))
            known = labels[-1] == "test"
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton("127.0.0.1") if known and kind == 1 else b""
            flags = 0x8180 if known else 0x8183
            self.socket.sendto(question[:2] + struct.pack("!HHHHH", flags, 1, 1 if answer else 0, 0, 0) + question[12:end + 5] + answer, client)


def make_certificate(folder, authority, name):
    """A certificate for `name`, of an authority that is made where it is not there; (certificate, key)."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    if not os.path.exists(os.path.join(folder, f"{authority}.pem")):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{authority}.key", "-out", f"{authority}.pem",
                "-subj", f"/CN={authority}", "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    with open(os.path.join(folder, f"{name}.ext"), "w") as file:
        file.write(f"subjectAltName=DNS:{name}")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", "30",
            "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    return os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key")


class Receiver(http.server.ThreadingHTTPServer):
    """A destination over TLS, which counts what it gets."""

    daemon_threads = True

    def __init__(self, certificate, key):
        super().__init__(("127.0.0.1", 0), Answer)
        self.got = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that does not believe us


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.server.got += 1
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


# MARK: The relay


@contextlib.contextmanager
def processes_seen(root):
    """/proc, which every container has: Swift reads a program's arguments there."""
    place = os.path.join(root, "proc")
    subprocess.run(["mount", "-t", "proc", "proc", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def inside(root, *words):
    return [shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin"), f"--userspec={USER}", root, "/usr/local/bin/huggy-relay", *words]


def command(root, *words):
    return subprocess.run(inside(root, *words), env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def asked(address, path, body=None):
    request = urllib.request.Request(f"http://{address}{path}", data=body, headers={"content-type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return json.loads(answer.read())


@contextlib.contextmanager
def relay(root, rules, log):
    """(ingest, admin), or None where it has not started."""
    with open(os.path.join(root, "etc/huggy-relay/routes.yaml"), "w") as file:
        file.write(rules)
    with open(log, "w") as errors:
        process = subprocess.Popen(inside(root, "serve", "--config", "/etc/huggy-relay/routes.yaml", "--log-format", "json"),
                                   env=ENVIRONMENT, stdin=subprocess.DEVNULL, stderr=errors)

    def addresses():
        if process.poll() is not None:
            return False
        lines = [json.loads(line) for line in open(log) if line.startswith("{") and line.endswith("\n")]
        found = {line["message"]: line.get("address") for line in lines}
        return (found["listening"], found["admin listens"]) if {"listening", "admin listens"} <= found.keys() else None

    try:
        found = wait_until(addresses, "the relay starts in the image")
        if not found:
            print(open(log).read()[:2000], file=sys.stderr)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            holds("the relay stops with 0", process.wait(30) == 0)
        except subprocess.TimeoutExpired:
            process.kill()
            holds("the relay stops", False)


def failure_of(admin, destination):
    """What its last attempt failed with."""
    for delivery in asked(admin, f"/api/v1/deliveries?destination={destination}")["deliveries"]:
        text = json.dumps(delivery)
        if '"error"' in text and "certificate" in text:
            return text
    return None


ENVELOPE = json.dumps({"messages": {"createdChat": [{"id": 1, "company": {"id": 2}}]}}).encode()


def check_file_store(root, good, other, names, scratch):
    rules = f"""
server: {{ listen: "127.0.0.1:0", admin: "127.0.0.1:0" }}
sources:
  huggy: {{ quiet_after: {{ for: 30m, weekdays: mon-fri, times: ["08:00-18:00"], location: America/Sao_Paulo }} }}
destinations:
  good: {{ url: "https://good.test:{good.server_address[1]}/" }}
  other-authority: {{ url: "https://other.test:{other.server_address[1]}/" }}
  other-name: {{ url: "https://wrong.test:{good.server_address[1]}/" }}
routes: [{{ name: all, to: [good, other-authority, other-name] }}]
"""
    with relay(root, rules, os.path.join(scratch, "log")) as found:
        if not found:
            return
        ingest, admin = found
        holds("it takes an envelope in", asked(ingest, "/huggy", ENVELOPE)["accepted"] == 1)
        wait_until(lambda: good.got == 1, "it finds a destination by DNS, and believes its certificate")
        holds("it asks the name server of /etc/resolv.conf", "good.test" in names.asked)
        for name in ("other-authority", "other-name"):
            wait_until(lambda: failure_of(admin, name), f"it does not believe the certificate of {name}")
        holds("nothing goes to who is not believed", (good.got, other.got) == (1, 0))
        health = ("status", "--json", "--admin", f"http://{admin}")
        holds("the health check says that it runs", command(root, *health).returncode == 0)
    holds("the health check says that it does not", command(root, *health).returncode != 0)
    holds("its store is in the volume", os.path.exists(os.path.join(root, "var/lib/huggy-relay/data/relay.db")))
    path = os.path.join(root, "etc/huggy-relay/routes.yaml")
    checked = command(root, "check", "/etc/huggy-relay/routes.yaml")
    holds(f"the relay takes its rules in the image: {checked.stderr}", checked.returncode == 0)
    with open(path, "w") as file:
        file.write(rules.replace("America/Sao_Paulo", "America/Nowhere"))
    holds("it refuses a time zone that there is not", command(root, "check", "/etc/huggy-relay/routes.yaml").returncode == 78)


@contextlib.contextmanager
def database(certificate, key, scratch):
    """A PostgreSQL with TLS on a port of its own; its port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    owner = postgres.unprivileged()
    folder = tempfile.mkdtemp(dir=scratch)
    for path in (shutil.copy(certificate, os.path.join(folder, "certificate")), shutil.copy(key, os.path.join(folder, "key")), folder):
        os.chmod(path, 0o700 if path == folder else 0o600)
        os.chown(path, owner["user"], owner["group"])
    postgres.SETTINGS |= {"listen_addresses": "127.0.0.1", "port": str(port), "ssl": "on", "ssl_cert_file": f"{folder}/certificate", "ssl_key_file": f"{folder}/key"}
    os.environ["PGPORT"] = str(port)
    machine.SCRATCH = scratch
    with postgres.running() as server:
        server.ask("CREATE DATABASE huggy_relay")
        yield port, server


def check_database_store(root, good, certificate, scratch):
    with database(*certificate, scratch) as (port, server):
        rules = f"""
server: {{ listen: "127.0.0.1:0", admin: "127.0.0.1:0" }}
store: {{ url: "postgres://bench@db.test:{port}/huggy_relay?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt" }}
sources: {{ huggy: {{}} }}
destinations: {{ good: {{ url: "https://good.test:{good.server_address[1]}/" }} }}
routes: [{{ name: all, to: good }}]
"""
        before = good.got
        with relay(root, rules, os.path.join(scratch, "log")) as found:
            if found:
                holds("it takes an envelope into PostgreSQL", asked(found[0], "/huggy", ENVELOPE)["accepted"] == 1)
                wait_until(lambda: good.got == before + 1, "and delivers from there")
                encrypted = server.ask("SELECT count(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'huggy_relay'")
                holds("all its connections to PostgreSQL are encrypted", encrypted == "t")


def main():
    get_apart()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        # The relay's user and PostgreSQL's have to get through it.
        os.chmod(scratch, 0o755)
        root = os.path.join(scratch, "root")
        made = subprocess.run([os.path.join(ROOT, "deploy/image-root"), RELAY, root], capture_output=True, text=True)
        if made.returncode:
            sys.exit(f"check-image: deploy/image-root fails:\n{made.stderr}")
        size = sum(os.lstat(path).st_size for path in glob.glob(f"{root}/**", recursive=True) if os.path.isfile(path) and not os.path.islink(path))
        look_at_files(root)
        look_at_description(root)
        names = Names()
        names.start()
        with open(os.path.join(root, "etc/resolv.conf"), "w") as file:
            file.write(f"nameserver {NAME_SERVER}\noptions timeout:2 attempts:1\n")
        keys = os.path.join(scratch, "keys")
        os.mkdir(keys)
        good = Receiver(*make_certificate(keys, "trusted", "good.test"))
        other = Receiver(*make_certificate(keys, "unknown", "other.test"))
        with open(os.path.join(root, "etc/ssl/certs/ca-certificates.crt"), "a") as bundle:
            bundle.write(open(os.path.join(keys, "trusted.pem")).read())
        with processes_seen(root):
            check_file_store(root, good, other, names, scratch)
            check_database_store(root, good, make_certificate(keys, "trusted", "db.test"), scratch)
    said = f"{len(problems)} problems" if problems else f"the image has all that it needs, in {size / 1e6:.0f} MB"
    print(f"check-image: {said} ({time.monotonic() - began:.0f} s)")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
