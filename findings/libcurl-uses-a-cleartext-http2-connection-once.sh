#!/usr/bin/env bash
# With HTTP/2 by prior knowledge, in the clear, every request but the first on a connection fails.
#
# Seen with curl and libcurl 7.88.1 (Debian 12, 7.88.1-10+deb12u15, with nghttp2 1.52.0) against PyPI's h2 4.3.0.
# "Prior knowledge" is what one sets for a receiver or a proxy inside a cluster that speaks HTTP/2 without TLS. One would
# guess that it behaves as HTTP/2 with TLS does, and the first request of a try by hand does. But the next one that would use
# the kept connection fails before a byte is sent, with error 16, "Error in the HTTP2 framing layer", and so does every
# later one: the connection stays open, and is chosen again and again. (8.16.0, in PyPI's pycurl 7.45.7, reuses it well.)
#
# Output seen (each number is the result of one request, all by one curl, one after the other):
#   a connection kept: 0 16 16 16 16
#   requests that the server saw: 1
#   a connection each: 0 0 0 0 0
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 libnghttp2-14=1.52.0-1+deb12u3 &&
  python3 -m pip install -q --root-user-action ignore --disable-pip-version-check --no-deps --target lib \
    h2==4.3.0 hpack==4.1.0 hyperframe==6.1.0 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
export PYTHONPATH=$PWD/lib CURL=$PWD/usr/bin/curl CURL_LIBRARIES=$PWD/usr/lib/$(uname -m)-linux-gnu
LD_LIBRARY_PATH=$CURL_LIBRARIES "$CURL" --version | grep '^curl 7\.88\.1 .*libcurl/7\.88\.1 ' >/dev/null ||
  { echo "curl does not run here, or another one ran"; exit 2; }

timeout 60 python3 - <<'PYTHON'
import os, socket, subprocess, sys, threading
import h2.config, h2.connection, h2.events

seen = 0

def serve(connection):
    global seen
    with connection:
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http.initiate_connection()
        while True:
            connection.sendall(http.data_to_send())
            data = connection.recv(65536)
            if not data:
                return
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    seen += 1
                    http.send_headers(event.stream_id, [(':status', '204')], end_stream=True)

def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=accept, daemon=True).start()
url = f'http://127.0.0.1:{listener.getsockname()[1]}/'

def run(*arguments):
    answer = subprocess.run(
        [os.environ['CURL'], '-q', '--silent', '--http2-prior-knowledge', '--max-time', '10', '--output', '/dev/null',
         '--write-out', '%{exitcode} ', *arguments],
        env={'LD_LIBRARY_PATH': os.environ['CURL_LIBRARIES']}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return answer.stdout.strip()

kept, requests = run(url + '[1-5]'), seen
single = ' '.join(run(url) for _ in range(5))
print('a connection kept:', kept)
print('requests that the server saw:', requests)
print('a connection each:', single)
sys.exit(kept != '0 16 16 16 16' or requests != 1 or single != '0 0 0 0 0')
PYTHON
