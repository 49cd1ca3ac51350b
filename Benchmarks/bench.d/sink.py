"""The destination: nginx with one worker, which answers 200 and logs when it got about every sixteenth event.

Requests of several events have a port of their own, where each is logged with the ids of its events: there nginx's own count says
nothing, and what is missing or came twice is seen by the ids."""
import contextlib, os, subprocess, time, urllib.request

import machine
from harness import free_port
from processes import Failure, running, wait_for

# The last hexadecimal digit of the webhook-id picks the sixteenth.
CONFIGURATION = """
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections {connections}; }}
http {{
  log_format receipt '$msec $http_webhook_id';
  map $http_webhook_id $sampled {{ default 0; ~0$ 1; }}
  log_format batch '$msec $status $content_length $http_huggy_relay_events';
  access_log {folder}/receipts.log receipt buffer=64k flush=200ms if=$sampled;
  large_client_header_buffers 4 16k;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_max_body_size 16m;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    listen 127.0.0.1:{tls_port} ssl http2 backlog=4096;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    location /status {{ stub_status; access_log off; }}
    location / {{ return 200 "ok"; }}
  }}
  server {{
    listen 127.0.0.1:{batch_port} backlog=4096;
    access_log {folder}/batches.log batch buffer=64k flush=200ms;
    location / {{ return 200 "ok"; }}
  }}
}}
"""


class Sink:
    def __init__(self, folder):
        self.folder, self.asked = folder, 0  # how often it was asked for its count, which counts too
        self.port, self.tls_port = free_port(), free_port()
        self.url, self.tls_url = f"http://127.0.0.1:{self.port}/", f"https://127.0.0.1:{self.tls_port}/"
        self.authority = os.path.join(folder, "ca.pem")
        self.batches = BatchSink(os.path.join(folder, "batches.log"))

    def served(self):
        """The requests that it answered since it started, but for these questions."""
        with urllib.request.urlopen(self.url + "status", timeout=30) as answer:
            self.asked += 1
            return int(answer.read().split(b"\n")[2].split()[2]) - self.asked

    def wait_until_served(self, count, limit=600):
        """The moment when it had answered so many."""
        wait_for(lambda: self.served() >= count, f"{count} deliveries; there were {self.served()}", limit, 0.01)
        return time.perf_counter()

    def wait_until_quiet(self, seconds=1):
        """The number it had answered when nothing had come for so long, and the moment when the last came."""
        count, since = self.served(), time.perf_counter()
        while time.perf_counter() - since < seconds:
            time.sleep(0.02)
            if (now := self.served()) != count:
                count, since = now, time.perf_counter()
        return count, since

    def check(self, mark, events, envelopes):
        """A request is an event here, so `served` says it all."""

    def mark(self):
        time.sleep(0.3)  # longer than the log's buffer waits
        path = os.path.join(self.folder, "receipts.log")
        return os.path.getsize(path) if os.path.exists(path) else 0

    def latencies_ms(self, mark):
        """From receipt by the relay to receipt here, sorted: an event id is a UUIDv7, which begins with its milliseconds."""
        time.sleep(0.3)
        with open(os.path.join(self.folder, "receipts.log")) as file:
            file.seek(mark)
            return sorted(float(now) * 1000 - int(identity[4:12] + identity[13:17], 16)
                          for now, identity in (line.split() for line in file) if identity.startswith("evt_"))


class BatchSink:
    """The same for requests of several events, by the log that names them."""

    def __init__(self, log):
        self.log, self.port = log, free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.count, self.read, self.last_at = 0, 0, 0.0

    def served(self):
        """The events in the requests that it answered since it started."""
        if os.path.exists(self.log):
            with open(self.log, "rb") as file:
                file.seek(self.read)
                text = file.read()
            if whole := text.rfind(b"\n") + 1:
                self.count += text.count(b",", 0, whole) + text.count(b"\n", 0, whole)
                self.read += whole
                last = text[text.rfind(b"\n", 0, whole - 1) + 1:whole]
                self.last_at = float(last.split()[0]) - time.time() + time.perf_counter()
        return self.count

    def wait_until_served(self, count, limit=600):
        """The moment when it had answered so many, by nginx's clock."""
        wait_for(lambda: self.served() >= count, f"{count} events; there were {self.count}", limit, 0.02)
        return self.last_at

    def wait_until_quiet(self, seconds=1):
        count, since = self.served(), time.perf_counter()
        while time.perf_counter() - since < seconds + 0.3:  # the log's buffer waits 0.2
            time.sleep(0.02)
            if (now := self.served()) != count:
                count, since = now, time.perf_counter()
        return count, self.last_at

    def mark(self):
        """The log begins anew here, so that it does not grow over all runs."""
        time.sleep(0.3)
        self.served()
        if self.read:
            os.truncate(self.log, 0)  # nginx appends
            self.read = 0
        return 0

    def lines(self, mark):
        with open(self.log, "rb") as file:
            file.seek(mark)
            for line in file:
                at, status, length, identities = line.split()
                yield float(at) * 1000, status, int(length), identities.split(b",")

    def check(self, mark, events, envelopes):
        """Each event came once, in a request that is as long as its events and what holds a JSON array together."""
        seen, count = set(), 0
        for _, status, length, identities in self.lines(mark):
            bytes_wanted = len(identities) * (envelopes.event_bytes + 1) + 1
            if status != b"200" or length != bytes_wanted:
                raise Failure(f"{len(identities)} events in {length} bytes, {bytes_wanted} expected, answered {status.decode()}")
            count += len(identities)
            seen.update(identities)
        if any(not identity.startswith(b"evt_") for identity in seen):
            raise Failure("a request did not say which events it holds")
        if not len(seen) == count == events:
            raise Failure(f"{events:.0f} events expected, {count} came, {len(seen)} different ones")

    def latencies_ms(self, mark):
        return sorted(at - int(identity[4:12] + identity[13:17], 16)
                      for at, _, _, identities in self.lines(mark) for identity in identities if identity.endswith(b"0"))


def certify(folder, more=""):
    """A certificate for 127.0.0.1, and perhaps `more` names, by an authority made for it."""
    def openssl(*arguments):
        subprocess.run([machine.find("openssl"), *arguments], check=True, cwd=folder, capture_output=True)

    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(*new, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=bench authority")
    openssl(*new, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    with open(os.path.join(folder, "names"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1" + (more and "," + more) + "\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")


@contextlib.contextmanager
def serving(folder):
    folder = os.path.join(folder, "sink")
    os.makedirs(folder)
    certify(folder)
    sink, files = Sink(folder), machine.file_limit()
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w") as file:
        file.write(CONFIGURATION.format(
            folder=folder, port=sink.port, tls_port=sink.tls_port, batch_port=sink.batches.port, files=files,
            connections=min(files - 100, 60_000)))
    with running(machine.find("nginx"), "-p", folder, "-c", path) as process:
        wait_for(lambda: answers(sink, process), "nginx")
        yield sink


def answers(sink, process):
    assert process.poll() is None, open(os.path.join(sink.folder, "nginx.log")).read()
    with contextlib.suppress(OSError):
        return sink.served() == 0
