#!/usr/bin/env bash
# TCP_QUICKACK set on a new connection, or before each request, does nothing for answers in two pieces: sending switches it off.
#
# Seen with Linux 6.18, CPython 3.11's http.server and libcurl 8.16.0 (in PyPI's pycurl 7.45.7).
# A receiver that writes its header and its body apart (Python's http.server does) holds the second small piece back until the
# first is acknowledged, and the sender's kernel delays that by 40 ms: 25 answers a second on a kept connection. One would guess
# that the sender cures it by TCP_QUICKACK once the connection is open, or, since tcp(7) says that it does not last, before each
# request. But the request itself, sent after an answer was received, makes the connection "interactive" again, whose
# acknowledgements wait for data to ride on. Only between the first piece and the second does the option help.
#
# Output seen (median of an answer on a kept connection):
#   never: 44 ms
#   once, on the new connection: 44 ms
#   before each request: 44 ms
#   when the header was read: 0 ms
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
[[ $(uname -s) == Linux ]] || { echo "needs Linux"; exit 2; }
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
python3 -m pip install -q --root-user-action ignore --disable-pip-version-check --no-deps --only-binary :all: --target lib \
  pycurl==7.45.7 || { echo "this version can't be had any more, or not for this Python"; exit 2; }

PYTHONPATH=$PWD/lib timeout 60 python3 - <<'PYTHON'
import http.server, socket, statistics, sys, threading, time
import pycurl

class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        self.rfile.read(int(self.headers['content-length']))
        self.send_response(200)
        self.send_header('content-length', '2')
        self.end_headers()
        self.wfile.write(b'ok')

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()

def milliseconds(when):
    connections = []

    def acknowledge_at_once():
        connections[-1].setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def opened(descriptor, purpose):
        connections.append(socket.socket(fileno=socket.dup(descriptor)))
        if when == 'once, on the new connection':
            acknowledge_at_once()
        return pycurl.SOCKOPT_OK

    def header(line):
        if line == b'\r\n' and when == 'when the header was read':
            acknowledge_at_once()

    curl = pycurl.Curl()
    curl.setopt(curl.URL, f'http://127.0.0.1:{server.server_port}/')
    curl.setopt(curl.POSTFIELDS, 'hi')
    curl.setopt(curl.SOCKOPTFUNCTION, opened)
    curl.setopt(curl.HEADERFUNCTION, header)
    curl.setopt(curl.WRITEFUNCTION, lambda body: None)
    times = []
    for _ in range(41):
        if connections and when == 'before each request':
            acknowledge_at_once()
        start = time.monotonic()
        curl.perform()
        times.append(1000 * (time.monotonic() - start))
    curl.close()
    for connection in connections:
        connection.close()
    if len(connections) != 1:
        print('the connection was not kept')
        sys.exit(2)
    return statistics.median(times[1:])

wrong = 0
for when in ('never', 'once, on the new connection', 'before each request', 'when the header was read'):
    median = milliseconds(when)
    wrong += (median > 20) == (when == 'when the header was read')
    print(f'{when}: {median:.0f} ms')
sys.exit(wrong > 0)
PYTHON
