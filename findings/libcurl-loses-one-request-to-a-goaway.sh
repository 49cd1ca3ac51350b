#!/usr/bin/env bash
# Of the requests that an HTTP/2 server hands back by GOAWAY one fails, and the others come back on a connection each.
#
# Seen with curl and libcurl 7.88.1 (Debian 12, 7.88.1-10+deb12u15, with nghttp2 1.52.0) against PyPI's h2 4.3.0.
# GOAWAY is how a server that restarts parts in peace: it names the last stream that it has looked at, and whoever sent more
# than that may send the rest again without a doubt. One would guess that libcurl repeats all of the rest, on one new
# connection, just as it waits at the start for the first connection and puts every request on it (CURLOPT_PIPEWAIT). But the
# transfer that happens to read the frame ends with error 16, "Error in the HTTP2 framing layer", and is not repeated; and the
# others wait for nothing: what was one connection is fifteen, each with its TLS handshake, all at once.
#
# Output seen:
#   requests on the first connection, one answered, then GOAWAY that names it: 17
#   results: 16 x 0, 1 x 16
#   new connections for the 15 that were repeated: 15
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for tool in python3 openssl; do
  command -v $tool >/dev/null || { echo "needs $tool"; exit 2; }
done
apt-get download -qq curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 libnghttp2-14=1.52.0-1+deb12u3 &&
  python3 -m pip install -q --root-user-action ignore --disable-pip-version-check --no-deps --target lib \
    h2==4.3.0 hpack==4.1.0 hyperframe==6.1.0 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -keyout key.pem -out certificate.pem 2>/dev/null
export PYTHONPATH=$PWD/lib CURL=$PWD/usr/bin/curl CURL_LIBRARIES=$PWD/usr/lib/$(uname -m)-linux-gnu
LD_LIBRARY_PATH=$CURL_LIBRARIES "$CURL" --version | grep '^curl 7\.88\.1 .*libcurl/7\.88\.1 ' >/dev/null ||
  { echo "curl does not run here, or another one ran"; exit 2; }

timeout 60 python3 - <<'PYTHON'
import os, socket, ssl, subprocess, sys, threading
import h2.config, h2.connection, h2.events

tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain('certificate.pem', 'key.pem')
tls.set_alpn_protocols(['h2'])
requests = []  # of each connection

def serve(connection, number):
    with tls.wrap_socket(connection, server_side=True) as connection:
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http.initiate_connection()
        while number > 0 or requests[0] < 17:
            connection.sendall(http.data_to_send())
            data = connection.recv(65536)
            if not data:
                return
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    requests[number] += 1
                    if requests[number] == 1 or number > 0:
                        http.send_headers(event.stream_id, [(':status', '204')], end_stream=True)
        http.close_connection(last_stream_id=1)
        connection.sendall(http.data_to_send())
        while connection.recv(65536):
            pass  # The peer closes when it has read this.

def accept():
    while True:
        connection = listener.accept()[0]
        requests.append(0)
        threading.Thread(target=serve, args=(connection, len(requests) - 1), daemon=True).start()

listener = socket.create_server(('127.0.0.1', 0), backlog=64)
threading.Thread(target=accept, daemon=True).start()
answer = subprocess.run(
    [os.environ['CURL'], '-q', '--silent', '--insecure', '--parallel', '--parallel-max', '17', '--max-time', '20',
     '--output', '/dev/null', '--write-out', '%{exitcode}\\n', f'https://127.0.0.1:{listener.getsockname()[1]}/[1-17]'],
    env={'LD_LIBRARY_PATH': os.environ['CURL_LIBRARIES']}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
results = answer.stdout.split()
print('requests on the first connection, one answered, then GOAWAY that names it:', requests[0])
print('results:', ', '.join(f'{results.count(result)} x {result}' for result in sorted(set(results))))
print(f'new connections for the {sum(requests[1:])} that were repeated: {len(requests) - 1}')
sys.exit(sorted(results) != ['0'] * 16 + ['16'] or sum(requests[1:]) != 15 or len(requests) - 1 < 8)
PYTHON
