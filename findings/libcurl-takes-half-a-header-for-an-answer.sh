#!/usr/bin/env bash
# A connection that closes in the middle of an answer's header is a success with that answer's status.
#
# Seen with curl 7.88.1 (Debian 12, 7.88.1-10+deb12u15); the same with libcurl 8.16.0 and 8.23.0 (in PyPI's pycurl 7.45.7 and
# 7.49.0).
# A receiver that dies, or a proxy whose backend dies, while it writes the header leaves a sender with a status line and a part
# of the fields. One would guess an error: the header's end never came, so nobody can say what the answer was to be. libcurl
# takes the end of the connection for the end of the header, and returns 0 and 200, even where a field is cut in two. Only a
# whole field before the cut that promises a body makes it error 18 (in 8.23.0 not even that).
#
# Output seen:
#   "HTTP/1.1 200 OK\r\n" -> result 0, status 200
#   "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Le" -> result 0, status 200
#   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" -> result 18, status 200
#   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" -> result 18, status 200
#   "HTTP/1.1 200" -> result 52, status 000
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 libnghttp2-14=1.52.0-1+deb12u3 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
export CURL=$PWD/usr/bin/curl CURL_LIBRARIES=$PWD/usr/lib/$(uname -m)-linux-gnu
LD_LIBRARY_PATH=$CURL_LIBRARIES "$CURL" --version | grep '^curl 7\.88\.1 .*libcurl/7\.88\.1 ' >/dev/null ||
  { echo "curl does not run here, or another one ran"; exit 2; }

timeout 60 python3 - <<'PYTHON'
import os, socket, subprocess, sys, threading

def answer(listener, head):
    with listener, listener.accept()[0] as connection:
        request = b''
        while not request.endswith(b'\r\n\r\n{}'):
            request += connection.recv(65536)
        connection.sendall(head.encode())

def post(head):
    listener = socket.create_server(('127.0.0.1', 0))
    url = f'http://127.0.0.1:{listener.getsockname()[1]}/'
    threading.Thread(target=answer, args=(listener, head), daemon=True).start()
    return subprocess.run(
        [os.environ['CURL'], '-q', '--silent', '--data', '{}', '--max-time', '10', '--output', '/dev/null',
         '--write-out', 'result %{exitcode}, status %{http_code}', url],
        env={'LD_LIBRARY_PATH': os.environ['CURL_LIBRARIES']}, stdout=subprocess.PIPE, text=True).stdout

wrong = 0
for head, seen in {
        'HTTP/1.1 200 OK\r\n': 'result 0, status 200',
        'HTTP/1.1 200 OK\r\nServer: a\r\nContent-Le': 'result 0, status 200',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n': 'result 18, status 200',
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n': 'result 18, status 200',
        'HTTP/1.1 200': 'result 52, status 000'}.items():
    result = post(head)
    wrong += result != seen
    shown = head.replace('\r', '\\r').replace('\n', '\\n')
    print(f'"{shown}" -> {result}')
sys.exit(wrong > 0)
PYTHON
