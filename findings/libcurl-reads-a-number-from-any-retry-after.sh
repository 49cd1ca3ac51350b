#!/usr/bin/env bash
# CURLINFO_RETRY_AFTER makes a number of whatever starts with digits, and takes it from an interim answer too.
#
# Seen with libcurl 7.88.1 (Debian 12's libcurl4, 7.88.1-10+deb12u15).
# Retry-After is a count of seconds or an HTTP date (RFC 9110, 10.2.3). One would guess that the library's own accessor says 0,
# its word for "no header", to anything else. But it reads digits up to the first other character: a time in ISO 8601,
# "30 minutes", "1h" or a time since the epoch becomes a wait of as many seconds as its first digits say. The number is also
# kept from the header of a 103 (Early Hints), where the field means nothing, when the final answer has none.
#
# Output seen (seconds that libcurl returns for a 503):
#   Retry-After: 30 -> 30
#   Retry-After: soon -> 0
#   Retry-After: 2026-11-28T18:09:47Z -> 2026
#   Retry-After: 30 minutes -> 30
#   Retry-After: 1h -> 1
#   Retry-After: 1795889387.5 -> 1795889387
#   103 with Retry-After: 7, then 503 without -> 7
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
curl.curl_easy_getinfo.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
curl.curl_easy_cleanup.argtypes = [ctypes.c_void_p]
URL, RETRY_AFTER = 10002, 0x600000 + 57
if not curl.curl_version().startswith(b'libcurl/7.88.1'):
    print('another libcurl ran')
    sys.exit(2)

def answer(listener, head):
    with listener, listener.accept()[0] as connection:
        connection.recv(65536)
        connection.sendall(head)

def retry_after(*heads):
    listener = socket.create_server(('127.0.0.1', 0))
    port = listener.getsockname()[1]
    thread = threading.Thread(target=answer, args=(listener, ''.join(f'HTTP/1.1 {head}\r\n\r\n' for head in heads).encode()))
    thread.start()
    handle, seconds = curl.curl_easy_init(), ctypes.c_int64(-1)
    curl.curl_easy_setopt(handle, URL, b'http://127.0.0.1:%d/' % port)
    result = curl.curl_easy_perform(handle)
    curl.curl_easy_getinfo(handle, RETRY_AFTER, ctypes.byref(seconds))
    curl.curl_easy_cleanup(handle)
    thread.join()
    return seconds.value if result == 0 else f'error {result}'

final = '503 Service Unavailable\r\nContent-Length: 0'
wrong = 0
for value, seen in {'30': 30, 'soon': 0, '2026-11-28T18:09:47Z': 2026, '30 minutes': 30, '1h': 1, '1795889387.5': 1795889387}.items():
    seconds = retry_after(f'{final}\r\nRetry-After: {value}')
    wrong += seconds != seen
    print(f'Retry-After: {value} -> {seconds}')
seconds = retry_after('103 Early Hints\r\nRetry-After: 7', final)
wrong += seconds != 7
print(f'103 with Retry-After: 7, then 503 without -> {seconds}')
sys.exit(wrong > 0)
PYTHON
