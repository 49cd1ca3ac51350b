#!/usr/bin/env bash
# A server that closes an HTTP/2 connection fails every request on it with "partial file", though nothing of an answer came.
#
# Seen with curl and libcurl 7.88.1 (Debian 12, 7.88.1-10+deb12u15, with nghttp2 1.52.0) against PyPI's h2 4.3.0.
# Over HTTP/1.1 libcurl quietly repeats a request when the connection that it was sent on had been used before and closes
# without a byte of an answer. One would guess the same of HTTP/2, where one close hits everything that is under way. But a
# stream of a used connection that ends without an answer is error 18, CURLE_PARTIAL_FILE, with status 0: the error that says
# that a part of an answer did come. Nothing is repeated.
#
# Output seen (the server answers the first request, and closes the connection when it has read all of what came next on it):
#   HTTP/1.1, one request: 2 x result 0, status 204
#   HTTP/2, sixteen requests: 1 x result 0, status 204; 16 x result 18, status 000
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
import collections, os, socket, ssl, subprocess, sys, threading
import h2.config, h2.connection, h2.events

tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain('certificate.pem', 'key.pem')
tls.set_alpn_protocols(['h2', 'http/1.1'])

def serve_http1(connection, first):
    while connection.recv(65536):  # A request is one small write of curl's.
        if first is None:
            return
        connection.sendall(b'HTTP/1.1 204 No Content\r\n\r\n')
        first = None if first else False

def serve_http2(connection, first):
    http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    http.initiate_connection()
    requests = 0
    while not first or requests < 17:
        connection.sendall(http.data_to_send())
        data = connection.recv(65536)
        if not data:
            return
        for event in http.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                requests += 1
                if requests == 1 or not first:
                    http.send_headers(event.stream_id, [(':status', '204')], end_stream=True)

def serve(connection, first):
    with tls.wrap_socket(connection, server_side=True) as connection:
        (serve_http2 if connection.selected_alpn_protocol() == 'h2' else serve_http1)(connection, first)
        connection.setblocking(False)
        try:
            connection.unwrap()  # TLS is closed as it should be, without waiting for the peer's part.
        except OSError:
            pass

def accept(listener):
    first = True
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], first), daemon=True).start()
        first = False

def results(protocol, count, *arguments):
    listener = socket.create_server(('127.0.0.1', 0), backlog=64)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    answer = subprocess.run(
        [os.environ['CURL'], '-q', '--silent', '--insecure', protocol, *arguments, '--max-time', '20',
         '--output', '/dev/null', '--write-out', 'result %{exitcode}, status %{http_code}\\n',
         f'https://127.0.0.1:{listener.getsockname()[1]}/[1-{count}]'],
        env={'LD_LIBRARY_PATH': os.environ['CURL_LIBRARIES']}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return '; '.join(f'{count} x {line}' for line, count in sorted(collections.Counter(answer.stdout.splitlines()).items()))

one, two = results('--http1.1', 2), results('--http2', 17, '--parallel', '--parallel-max', '17')
print('HTTP/1.1, one request:', one)
print('HTTP/2, sixteen requests:', two)
sys.exit(one != '2 x result 0, status 204' or two != '1 x result 0, status 204; 16 x result 18, status 000')
PYTHON
