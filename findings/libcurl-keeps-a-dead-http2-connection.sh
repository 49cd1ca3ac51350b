#!/usr/bin/env bash
# An HTTP/2 connection on which a request has timed out is used for the next one, and the next: nobody gets off a dead link.
#
# Seen with curl and libcurl 7.88.1 (Debian 12, 7.88.1-10+deb12u15, with nghttp2 1.52.0) against PyPI's h2 4.3.0.
# Over HTTP/1.1 a request that times out takes its connection with it, and the next one opens a fresh one: one time-out for
# each connection that a firewall has forgotten or whose server hangs. One would guess no less of HTTP/2. But there a time-out
# ends the stream alone, since others may be under way; no ping asks whether anybody is there; and a connection that looks
# open is preferred to a new one. So every request goes to the dead one, for as long as TCP believes in it.
#
# Output seen (each number is the result of one request, 28 is a time-out; the server answered one request on the first
# connection and then nothing more on it, and everything at once on any other):
#   HTTP/1.1: 0 28 0 0 0 0 0 0
#   HTTP/2:   0 28 28 28 28 28 28 28
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
tls.set_alpn_protocols(['h2', 'http/1.1'])

def serve(connection, first):
    with tls.wrap_socket(connection, server_side=True) as connection:
        http = None
        if connection.selected_alpn_protocol() == 'h2':
            http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            http.initiate_connection()
            connection.sendall(http.data_to_send())
        answered = False
        while data := connection.recv(65536):
            if first and answered:
                continue  # Read on, say nothing.
            if http is None:  # A request is one small write of curl's.
                connection.sendall(b'HTTP/1.1 204 No Content\r\n\r\n')
                answered = True
                continue
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    http.send_headers(event.stream_id, [(':status', '204')], end_stream=True)
                    answered = True
            connection.sendall(http.data_to_send())

def accept(listener):
    first = True
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], first), daemon=True).start()
        first = False

def results(protocol):
    listener = socket.create_server(('127.0.0.1', 0))
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    answer = subprocess.run(
        [os.environ['CURL'], '-q', '--silent', '--insecure', protocol, '--max-time', '1', '--output', '/dev/null',
         '--write-out', '%{exitcode} ', f'https://127.0.0.1:{listener.getsockname()[1]}/[1-8]'],
        env={'LD_LIBRARY_PATH': os.environ['CURL_LIBRARIES']}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return answer.stdout.strip()

one, two = results('--http1.1'), results('--http2')
print('HTTP/1.1:', one)
print('HTTP/2:  ', two)
sys.exit(one != '0 28 0 0 0 0 0 0' or two != '0 28 28 28 28 28 28 28')
PYTHON
