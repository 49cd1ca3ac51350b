#!/usr/bin/env bash
# A backend that nginx knows as "localhost" is shut out for ten seconds by one refused connection; as 127.0.0.1 it is not.
#
# Seen with nginx 1.22.1 (Debian 12, 1.22.1-9+deb12u11), and localhost as Debian has it in /etc/hosts: 127.0.0.1 and ::1.
# The two are the same backend, one would guess, since max_fails does not count where a group has one server only, and
# "proxy_pass http://localhost:…" names one. But the name stands for two addresses, and so for two servers: on ::1 nobody listens,
# and a connection that 127.0.0.1 refuses while the backend restarts leaves no server that is not held for failed. From then on nginx
# says 502 without a try, for the ten seconds of fail_timeout. A restart of a few milliseconds costs a sender of webhooks ten
# seconds of 502 if one request came in between.
#
# Output seen (one request while the backend was down; then it was up again, with a request to each every half second):
#   127.0.0.1, while it was down: 502; when it was up again, it took 0 s to a 200
#   localhost, while it was down: 502; when it was up again, it took 10 to 12 s to a 200
#   localhost, 502 without a try meanwhile: yes
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq nginx=1.22.1-9+deb12u11 || { echo "this version can't be had any more (apt-get update first?)"; exit 2; }
dpkg-deb -x ./*.deb .
usr/sbin/nginx -v 2>&1 | grep 'nginx/1\.22\.1$' >/dev/null || { echo "nginx does not run here, or another one ran"; exit 2; }
# /etc/hosts is another one for nginx alone.
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >hosts
apart="unshare --mount"
[ "$(id -u)" = 0 ] || apart="unshare --map-root-user --mount"
$apart mount --bind hosts /etc/hosts 2>/dev/null || { echo "needs a mount namespace"; exit 2; }

APART=$apart timeout 90 python3 - <<'PYTHON'
import http.client, http.server, os, socket, subprocess, sys, threading, time

folder = os.getcwd()

class Backend(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['content-length']))
        self.send_response(200)
        self.send_header('content-length', '0')
        self.end_headers()

    def log_message(self, *arguments):
        pass

def start(port):
    backend = http.server.ThreadingHTTPServer(('127.0.0.1', port), Backend)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    return backend

def post(port):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
    connection.request('POST', '/', b'{}')
    status = connection.getresponse().status
    connection.close()
    return status

def free():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]

backend = start(0)
target = backend.server_port
ports = {name: free() for name in ('127.0.0.1', 'localhost')}
servers = ''.join(f'server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{name}:{target}; }} }}\n'
                  for name, port in ports.items())
paths = ''.join(f'{kind}_temp_path {folder}/{kind};\n' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
with open('nginx.conf', 'w') as file:
    file.write(f'''daemon off;
user root;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
access_log off;
{paths}{servers}}}
''')
nginx = subprocess.Popen(
    [*os.environ['APART'].split(), 'sh', '-c',
     'mount --bind hosts /etc/hosts && exec usr/sbin/nginx -p "$PWD" -e error.log -c "$PWD/nginx.conf"'],
    stderr=subprocess.DEVNULL)

def log():
    with open('error.log') as file:
        return file.read()

try:
    for _ in range(100):
        try:
            for port in ports.values():
                socket.create_connection(('127.0.0.1', port)).close()
            break
        except OSError:
            time.sleep(0.1)
    else:
        print('nginx did not start')
        sys.exit(2)
    if [post(port) for port in ports.values() for _ in range(2)] != [200] * 4:
        print('nginx does not reach the backend')
        sys.exit(2)
    if 'http://[::1]' not in log():
        print('localhost has no IPv6 address for nginx here')
        sys.exit(2)
    backend.shutdown()
    backend.server_close()
    down = {name: post(port) for name, port in ports.items()}
    backend, began, took = start(target), time.monotonic(), {}
    while len(took) < 2 and time.monotonic() - began < 30:
        for name, port in ports.items():
            if name not in took and post(port) == 200:
                took[name] = time.monotonic() - began
        time.sleep(0.5)
finally:
    nginx.terminate()
    nginx.wait()

numeric, named = took.get('127.0.0.1', 99), took.get('localhost', 99)
untried = 'no live upstreams while connecting to upstream' in log()
length = {'127.0.0.1': '0' if numeric < 1 else f'{numeric:.1f}', 'localhost': '10 to 12' if 9 < named < 12 else f'{named:.1f}'}
for name in ports:
    print(f'{name}, while it was down: {down[name]}; when it was up again, it took {length[name]} s to a 200')
print(f'localhost, 502 without a try meanwhile: {"yes" if untried else "no"}')
sys.exit(set(down.values()) != {502} or numeric >= 1 or not 9 < named < 12 or not untried)
PYTHON
