#!/usr/bin/env bash
# Caddy's own limit of the body becomes 502 in front of a backend: the sender of what is too large tries again and again.
#
# Seen with Caddy 2.6.2 (Debian 12, 2.6.2-5).
# A body above request_body's max_size is answered 413, one would guess (the documentation says so by now), and at once, since
# Content-Length names the size. But the limit is in the reading: reverse_proxy opens the request to the backend, passes on what
# is below the limit, fails as it reads on, and calls that the backend's fault. To a sender of webhooks 413 says "never", and 502
# says "later". The backend sees a request that breaks off.
#
# Output seen (max_size 1KB, a backend that reads each body and answers 200):
#   500 bytes: 200, the backend read 500
#   5000 bytes: 502, the backend was promised 5000 and read 1000
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq caddy=2.6.2-5 || { echo "this version can't be had any more (apt-get update first?)"; exit 2; }
dpkg-deb -x ./*.deb .
usr/bin/caddy version 2>/dev/null | grep '^2\.6\.2' >/dev/null || { echo "Caddy does not run here, or another one ran"; exit 2; }

HOME=$PWD XDG_DATA_HOME=$PWD XDG_CONFIG_HOME=$PWD timeout 60 python3 - <<'PYTHON'
import http.client, http.server, socket, subprocess, sys, threading, time

promised, read, gone = [], [], threading.Event()

class Backend(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        promised.append(int(self.headers['content-length']))
        body = self.rfile.read(promised[-1])
        read.append(len(body))
        gone.set()
        if len(body) == promised[-1]:
            self.send_response(200)
            self.send_header('content-length', '0')
            self.end_headers()

    def log_message(self, *arguments):
        pass

backend = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Backend)
threading.Thread(target=backend.serve_forever, daemon=True).start()
with socket.create_server(('127.0.0.1', 0)) as free:
    port = free.getsockname()[1]
with open('Caddyfile', 'w') as file:
    file.write('''{
    admin off
    auto_https off
}
http://127.0.0.1:%d {
    request_body {
        max_size 1KB
    }
    reverse_proxy 127.0.0.1:%d
}
''' % (port, backend.server_port))
caddy = subprocess.Popen(['usr/bin/caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

def post(size):
    gone.clear()
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
    connection.request('POST', '/', b'x' * size)
    status = connection.getresponse().status
    connection.close()
    gone.wait(10)
    return status

try:
    for _ in range(100):
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            break
        except OSError:
            time.sleep(0.1)
    else:
        print('Caddy did not start')
        sys.exit(2)
    small, large = post(500), post(5000)
finally:
    caddy.terminate()
    caddy.wait()

print(f'500 bytes: {small}, the backend read {read[0]}')
print(f'5000 bytes: {large}, the backend was promised {promised[1]} and read {read[1]}')
sys.exit(small != 200 or large != 502)
PYTHON
