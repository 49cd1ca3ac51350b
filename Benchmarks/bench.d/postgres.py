"""A PostgreSQL of the bench's own: in a temporary folder, on a Unix socket, durable, and gone at the end."""
import contextlib, glob, json, os, pwd, re, signal, subprocess, tempfile

import machine, processes
from processes import Failure

SETTINGS = {
    "listen_addresses": "", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on",
    "shared_buffers": "256MB", "max_wal_size": "4GB", "log_min_messages": "panic",
}
LOGGING = {"log_min_messages": "warning", "log_line_prefix": "%m [%p] %a: "}
DATABASE = "postgres"
SERVER = "/usr/lib/postgresql/*/bin/postgres"
# Debian's package makes a server and starts it, unless this file is there.
NO_OTHER_SERVER = "/etc/postgresql-common/createcluster.d/huggy-relay-bench.conf"
# Who might still be at work.
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type IN ('client backend', 'autovacuum worker') AND pid <> pg_backend_pid()"


def folder_of_binaries():
    """Of the newest server that is there."""
    return os.path.dirname(max(glob.glob(SERVER), key=lambda path: [int(digits) for digits in re.findall(r"\d+", path)]))


def unprivileged():
    """How its processes are started: the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = next(entry for name in ("postgres", "nobody") for entry in pwd.getpwall() if entry.pw_name == name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    """A server over a folder of data, with its socket in another one."""

    def __init__(self, binaries, data, socket, log, how):
        self.binaries, self.data, self.socket, self.log, self.how = binaries, data, socket, log, how

    def start(self):
        """Until it answers. It stops at once when the bench is killed."""
        settings = [part for name, value in (SETTINGS | (LOGGING if self.log else {})).items() for part in ("-c", f"{name}={value}")]
        command = [f"{self.binaries}/postgres", "-D", self.data, "-k", self.socket, *settings]
        with open(self.log, "a") if self.log else contextlib.nullcontext() as log:
            self.process = subprocess.Popen(
                command, cwd=self.data, stderr=log, preexec_fn=processes.end_with_us(signal.SIGQUIT), start_new_session=True, **self.how)
        try:
            processes.wait_for(self.is_ready, "PostgreSQL to start")
        except BaseException:
            self.stop()
            raise

    def is_ready(self):
        if self.process.poll() is not None:
            raise Failure("PostgreSQL has not started: its words stand above")
        return subprocess.run([f"{self.binaries}/pg_isready", "-q", "-d", self.address()]).returncode == 0

    def address(self, database=DATABASE, **settings):
        """What libpq connects to, with the settings of the session."""
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        return f"host={self.socket} dbname={database} user=bench" + (f" options='{options}'" if options else "")

    def ask(self, sql, database=DATABASE):
        """The answer's first line."""
        command = [f"{self.binaries}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.address(database), "-c", sql]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode:
            raise Failure(f"PostgreSQL: {answer.stderr.strip()}")
        return answer.stdout.partition("\n")[0]

    def ask_object(self, columns):
        return json.loads(self.ask(f"SELECT row_to_json(one) FROM (SELECT {columns}) one"))

    def cpu_seconds(self):
        """Of all its processes, those that have ended included: the postmaster waits for each."""
        while True:
            family = processes.family(self.process.pid)
            with contextlib.suppress(OSError):  # one has just ended
                cpu = sum(processes.cpu_seconds(pid) for pid in family)
                if family == processes.family(self.process.pid):
                    return cpu

    def be_alone(self):
        """Waits until nobody is connected, so that all have said what they did."""
        processes.wait_for(lambda: self.ask(OTHERS) == "0", "the connections to end", 60, 0.1)

    def stop(self):
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self.process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
                return


def install():
    if not machine.find(SERVER) and machine.find("apt-get"):
        machine.as_root("install", "-D", "-m", "0644", "/dev/stdin", NO_OTHER_SERVER, input=b"create_main_cluster = false\n")
    machine.need(SERVER)


def run_initdb(binaries, data, how):
    command = [f"{binaries}/initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"]
    made = subprocess.run(command, cwd=data, capture_output=True, text=True, **how)
    if made.returncode:
        raise Failure(f"initdb: {made.stderr.strip()}")


@contextlib.contextmanager
def running(log=None):
    """A server, which is gone after the block. It writes what is wrong to `log`, a file, where one is given. Its data is on the disk that holds the repository; the socket's path is short."""
    how, binaries = unprivileged(), folder_of_binaries()
    with tempfile.TemporaryDirectory(dir=machine.scratch()) as data, tempfile.TemporaryDirectory() as socket:
        if how:
            for folder in (data, socket):
                os.chown(folder, how["user"], how["group"])
        run_initdb(binaries, data, how)
        server = Postgres(binaries, data, socket, log, how)
        server.start()
        try:
            yield server
        finally:
            server.stop()
