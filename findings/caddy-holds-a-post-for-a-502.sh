#!/usr/bin/env bash
# While a backend restarts, Caddy's lb_try_duration holds a GET until it is answered, and a POST until it is lost.
#
# Seen with Caddy 2.6.2 (Debian 12, 2.6.2-5).
# lb_try_duration lets requests wait while no connection to the backend can be made, and nothing of a request has been sent by then:
# one would guess that it is all the same which method it has and whether it has a body. But the dial that is refused closes the
# request's body. Caddy goes on trying, for as long as the backend is away, with a request that it can't send any more; once the backend
# is back it gets the header without the body, and the sender 502, from a backend that is well. With the body in memory
# (buffer_requests) it is as one would guess, as for a POST without a body.
#
# Output seen (each request came while the backend was away; it was back after a second):
#   GET: 200, held for the backend
#   POST without a body: 200, held for the backend
#   POST: 502, held for the backend; of 2 bytes it was promised it read 0
#   POST with buffer_requests: 200, held for the backend; of 2 bytes it was promised it read 2
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq caddy=2.6.2-5 || { echo "this version can't be had any more (apt-get update first?)"; exit 2; }
dpkg-deb -x ./*.deb .
usr/bin/caddy version 2>/dev/null | grep '^2\.6\.2' >/dev/null || { echo "Caddy does not run here, or another one ran"; exit 2; }

HOME=$PWD XDG_DATA_HOME=$PWD XDG_CONFIG_HOME=$PWD timeout 90 python3 - <<'PYTHON'
import http.client, http.server, socket, subprocess, sys, threading, time

seen, asked = [], threading.Event()

class Backend(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        promised = int(self.headers['content-length'] or 0)
        seen.append((promised, len(self.rfile.read(promised))))
        asked.set()
        self.send_response(200)
        self.send_header('content-length', '0')
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *arguments):
        pass

def free():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]

plain, buffered, target = free(), free(), free()
with open('Caddyfile', 'w') as file:
    file.write('''{
    admin off
    auto_https off
}
''')
    for port, more in ((plain, ''), (buffered, 'buffer_requests')):
        file.write('''http://127.0.0.1:%d {
    reverse_proxy 127.0.0.1:%d {
        lb_try_duration 20s
        %s
    }
}
''' % (port, target, more))
caddy = subprocess.Popen(['usr/bin/caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

def look(name, port, method, body):
    seen.clear()
    asked.clear()
    answer = []
    def ask():
        began = time.monotonic()
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        connection.request(method, '/', body)
        answer.extend([connection.getresponse().status, time.monotonic() - began])
        connection.close()
    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(1)
    backend = http.server.ThreadingHTTPServer(('127.0.0.1', target), Backend)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    asking.join(30)
    asked.wait(10)
    backend.shutdown()
    backend.server_close()
    status, took = answer or ('nothing', 0)
    line = f'{name}: {status}, {"held for the backend" if took > 0.9 else f"after {took:.1f} s"}'
    for promised, read in seen:
        if promised:
            line += f'; of {promised} bytes it was promised it read {read}'
    print(line)
    return line

try:
    for _ in range(100):
        try:
            socket.create_connection(('127.0.0.1', buffered)).close()
            break
        except OSError:
            time.sleep(0.1)
    else:
        print('Caddy did not start')
        sys.exit(2)
    lines = [look('GET', plain, 'GET', None), look('POST without a body', plain, 'POST', None),
             look('POST', plain, 'POST', b'{}'), look('POST with buffer_requests', buffered, 'POST', b'{}')]
finally:
    caddy.terminate()
    caddy.wait()

sys.exit(lines != ['GET: 200, held for the backend', 'POST without a body: 200, held for the backend',
                   'POST: 502, held for the backend; of 2 bytes it was promised it read 0',
                   'POST with buffer_requests: 200, held for the backend; of 2 bytes it was promised it read 2'])
PYTHON
