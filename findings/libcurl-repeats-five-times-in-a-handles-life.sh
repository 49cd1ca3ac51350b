#!/usr/bin/env bash
# libcurl repeats a request whose kept connection died, but only five times in the whole life of an easy handle.
#
# Seen with libcurl 7.88.1 (Debian 12's libcurl4, 7.88.1-10+deb12u15), and with 8.16.0 (in PyPI's pycurl 7.45.7); not with
# 8.19.0 (in pycurl 7.46.0).
# A server may close a kept connection just as the next request is sent on it. libcurl then sends the request again on a
# fresh connection and says nothing. It gives up after five such tries, and one would guess: five for each request, or five
# in a row. But the count is the handle's, and a success does not set it back; only the failure does. Whoever keeps a handle
# in order to keep its connections loses every seventh request to a server like this one, and with a server that races
# seldom one request in six races, however far apart they are.
#
# Output seen (each number is what one request on the same handle returned; the server had closed the connection that was
# kept from the request before, and answered at once on a fresh one):
#   0 0 0 0 0 0 55 0 0 0 0 0 0 55 0 0
#   55: Connection died, tried 5 times before giving up
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq libcurl4=7.88.1-10+deb12u15 libnghttp2-14=1.52.0-1+deb12u3 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH=$PWD/usr/lib/$(uname -m)-linux-gnu

timeout 60 python3 - <<'PYTHON'
import ctypes, socket, sys, threading

try:
    curl = ctypes.CDLL('libcurl.so.4')
except OSError as error:
    print(f'libcurl does not load here: {error}')
    sys.exit(2)
curl.curl_version.restype = ctypes.c_char_p
curl.curl_easy_init.restype = ctypes.c_void_p
curl.curl_easy_setopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]
curl.curl_easy_perform.argtypes = [ctypes.c_void_p]
URL, ERRORBUFFER = 10002, 10010
if not curl.curl_version().startswith(b'libcurl/7.88.1'):
    print('another libcurl ran')
    sys.exit(2)

listener = socket.create_server(('127.0.0.1', 0))

def serve(connection):
    # The first request is answered; the second is read, and the connection closed.
    with connection:
        for served in range(2):
            request = b''
            while not request.endswith(b'\r\n\r\n'):
                piece = connection.recv(65536)
                if not piece:
                    return
                request += piece
            if served == 0:
                connection.sendall(b'HTTP/1.1 204 No Content\r\n\r\n')

def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

threading.Thread(target=accept, daemon=True).start()

handle = curl.curl_easy_init()
message = ctypes.create_string_buffer(256)
curl.curl_easy_setopt(handle, URL, b'http://127.0.0.1:%d/' % listener.getsockname()[1])
curl.curl_easy_setopt(handle, ERRORBUFFER, ctypes.cast(message, ctypes.c_char_p))
results, told = [], ''
for _ in range(16):
    results.append(curl.curl_easy_perform(handle))
    if results[-1]:
        told = f'{results[-1]}: {message.value.decode()}'
print(*results)
print(told)
sys.exit(results != [0, 0, 0, 0, 0, 0, 55] * 2 + [0, 0])
PYTHON
