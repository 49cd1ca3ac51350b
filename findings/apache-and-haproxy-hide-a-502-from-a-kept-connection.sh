#!/usr/bin/env bash
# When a backend dies under a request, Apache and HAProxy say 502 on a sender's new connection, and nothing on a kept one.
#
# Seen with Apache 2.4.71 and HAProxy 2.6.12 (Debian 12's apache2-bin, 2.4.71-1~deb12u1, and haproxy, 2.6.12-1+deb12u4).
# One would guess that a proxy whose backend closed without an answer says 502 each time, so that the sender knows of one failed
# attempt and decides what to do. But to any request after the first on a sender's connection both say nothing: they close that
# connection without a byte, as a server does whose idle time ran out, in order that the sender tries again. libcurl does,
# quietly and at once. So a request that the backend ran without answering runs twice for one attempt, and the sender knows of
# one 502. (nginx 1.22.1 says 502 each time.)
#
# Output seen (the backend reads each request and closes; three POSTs each, and the times that the backend ran them):
#   Apache, a connection each: 502, 502, 502; runs 3
#   Apache, one connection kept: 502, closed; then on a new one: 502; runs 3
#   Apache, by libcurl: 502, 502, 502; runs 5
#   HAProxy, a connection each: 502, 502, 502; runs 3
#   HAProxy, one connection kept: 502, closed; then on a new one: 502; runs 3
#   HAProxy, by libcurl: 502, 502, 502; runs 5
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq apache2-bin=2.4.71-1~deb12u1 libapr1=1.7.2-3+deb12u1 libaprutil1=1.6.3-1+deb12u1 \
  haproxy=2.6.12-1+deb12u4 liblua5.3-0=5.3.6-2 curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 \
  libnghttp2-14=1.52.0-1+deb12u3 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
export LIBRARIES=$PWD/usr/lib/$(uname -m)-linux-gnu
runs() { LD_LIBRARY_PATH=$LIBRARIES "$1" "$2" 2>&1 | grep "$3" >/dev/null || { echo "$1 does not run here, or another one ran"; exit 2; }; }
runs usr/sbin/apache2 -v 'Apache/2\.4\.71'
runs usr/sbin/haproxy -v 'version 2\.6\.12'
runs usr/bin/curl --version '^curl 7\.88\.1 .*libcurl/7\.88\.1 '

timeout 90 python3 - <<'PYTHON'
import http.client, os, socket, subprocess, sys, threading, time

folder, runs = os.getcwd(), 0

def serve(connection):
    global runs
    with connection:
        request = b''
        while not request.endswith(b'\r\n\r\n{}'):
            piece = connection.recv(65536)
            if not piece:
                return
            request += piece
        runs += 1

def accept(listener):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

backend = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=accept, args=(backend,), daemon=True).start()

def write(name, text):
    with open(name, 'w') as file:
        file.write(text)
    return f'{folder}/{name}'

def start(name, port):
    target = f'127.0.0.1:{backend.getsockname()[1]}'
    if name == 'Apache':
        modules = ''.join(f'LoadModule {module}_module {folder}/usr/lib/apache2/modules/mod_{module}.so\n'
                          for module in ('mpm_event', 'authz_core', 'proxy', 'proxy_http'))
        command = ['usr/sbin/apache2', '-D', 'FOREGROUND', '-f', write('apache.conf', f'''{modules}
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
Mutex posixsem
ServerName localhost
Listen 127.0.0.1:{port}
StartServers 1
ProxyPass / http://{target}/
''')]
    else:
        command = ['usr/sbin/haproxy', '-f', write('haproxy.cfg', f'''
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend hooks
    bind 127.0.0.1:{port}
    default_backend receiver
backend receiver
    server receiver {target}
''')]
    proxy = subprocess.Popen(command, env={'LD_LIBRARY_PATH': os.environ['LIBRARIES'], 'PATH': '/usr/bin:/bin'},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            return proxy
        except OSError:
            if proxy.poll() is not None:
                break
            time.sleep(0.1)
    proxy.kill()
    print(f'{name} did not start')
    sys.exit(2)

def post(connection):
    try:
        connection.request('POST', '/', '{}')
        answer = connection.getresponse()
        answer.read()
        return str(answer.status)
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return 'closed'

def connect(port):
    return http.client.HTTPConnection('127.0.0.1', port, timeout=10)

def ran():
    global runs
    count, runs = runs, 0
    return f'runs {count}'

def look(name):
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    proxy = start(name, port)
    try:
        each = [post(connect(port)) for _ in range(3)]
        lines = [f'{name}, a connection each: {", ".join(each)}; {ran()}']
        kept = connect(port)
        first, second = post(kept), post(kept)
        lines.append(f'{name}, one connection kept: {first}, {second}; then on a new one: {post(connect(port))}; {ran()}')
        curl = subprocess.run(
            ['usr/bin/curl', '-q', '--silent', '--data', '{}', '--max-time', '20', '--output', '/dev/null',
             '--write-out', '%{http_code} ', f'http://127.0.0.1:{port}/[1-3]'],
            env={'LD_LIBRARY_PATH': os.environ['LIBRARIES']}, stdout=subprocess.PIPE, text=True)
        lines.append(f'{name}, by libcurl: {", ".join(curl.stdout.split())}; {ran()}')
    finally:
        proxy.terminate()
        proxy.wait()
    print(*lines, sep='\n')
    return lines == [f'{name}, a connection each: 502, 502, 502; runs 3',
                     f'{name}, one connection kept: 502, closed; then on a new one: 502; runs 3',
                     f'{name}, by libcurl: 502, 502, 502; runs 5']

right = [look('Apache'), look('HAProxy')]
sys.exit(not all(right))
PYTHON
