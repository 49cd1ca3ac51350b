"""syslog-ng's http() destination: a queue on disk and workers that post, without the half that receives webhooks."""
import contextlib, os, socket, time

import machine
from harness import free_port
from processes import running
from traffic import Envelopes

LINES_PER_SECOND = 4000  # of the time that it is given: a bound on what has to be drained afterwards
CONFIGURATION = """
@version: 3.35
options {{ stats-freq(0); time-reopen(1); }};
source events {{
  network(ip("127.0.0.1") port({port}) transport("tcp") flags(no-parse) log-iw-size(10000) log-fetch-limit(1000) log-msg-size(1048576));
}};
destination sink {{
  http(
    url("{url}") method("POST") headers("content-type: application/json") body("${{MSG}}")
    batch-lines(1) workers(8)
    disk-buffer(reliable(yes) dir("{folder}") disk-buf-size(1073741824) mem-buf-size(67108864))
  );
}};
log {{ source(events); destination(sink); flags(flow-control); }};
"""


@contextlib.contextmanager
def started(folder, sink, _):
    port, configuration = free_port(), os.path.join(folder, "syslog-ng.conf")
    with open(configuration, "w") as file:
        file.write(CONFIGURATION.format(port=port, url=sink.url, folder=folder))
    files = {"--" + name: os.path.join(folder, "syslog-ng." + name) for name in ("pidfile", "control", "persist-file")}
    options = [f"{key}={value}" for key, value in files.items()]
    with running(machine.find("syslog-ng"), "--foreground", "--no-caps", f"--cfgfile={configuration}", *options) as process:
        yield f"127.0.0.1:{port}", [process]


def accepts(host, port):
    with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
        return True


def feed(host, port, seconds):
    """Sends events as lines, as fast as they are taken; how many, and in what time."""
    event = Envelopes().event(0, "15691")
    began, count = time.perf_counter(), LINES_PER_SECOND * seconds
    with socket.create_connection((host, port)) as connection:
        for first in range(0, count, 100):
            connection.sendall("".join(event.replace("@I", f"{n:016}") + "\n" for n in range(first, first + 100)).encode())
    return count, time.perf_counter() - began
