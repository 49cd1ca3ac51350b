#!/usr/bin/env bash
# libcurl writes header lines a byte at a time: a byte of them costs what forty bytes of a body do.
#
# Seen with curl and libcurl 7.88.1 (Debian 12's, 7.88.1-10+deb12u15), counted by callgrind (valgrind 3.19.0).
# One would guess that the lines of CURLOPT_HTTPHEADER are copied into the request, as a body of CURLOPT_POSTFIELDS is, and that some
# hundreds of bytes cost nothing beside the request itself. But each line goes through libcurl's own printf ("%s\r\n"), which puts every
# character into its growing buffer by a call of its own: eighty to ninety instructions a byte. 400 bytes of ids, signatures and trace contexts add
# more than a quarter to what curl does for a whole request; 400 bytes more of a body can hardly be measured.
#
# Output seen (POSTs on one connection; instructions of the process a request):
#   a request without them: 134 thousand instructions
#   400 bytes in one header line: 37.3 thousand more, 93 a byte
#   400 bytes of a body: 0.9 thousand more, 2 a byte
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 libnghttp2-14=1.52.0-1+deb12u3 valgrind=1:3.19.0-1 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH=$PWD/usr/lib/$(uname -m)-linux-gnu VALGRIND_LIB=$PWD/usr/libexec/valgrind
usr/bin/curl --version | grep '^curl 7\.88\.1 .*libcurl/7\.88\.1 ' >/dev/null || { echo "curl does not run here, or another one ran"; exit 2; }
usr/bin/valgrind --version | grep '^valgrind-3\.19\.0' >/dev/null || { echo "valgrind does not run here"; exit 2; }

timeout 240 python3 - <<'PYTHON'
import http.server, re, subprocess, sys, threading

class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        self.rfile.read(int(self.headers['content-length']))
        self.send_response_only(204)
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()

def instructions(requests, header, body):
    subprocess.run(
        ['usr/bin/valgrind', '-q', '--tool=callgrind', '--callgrind-out-file=counts', 'usr/bin/curl', '-q', '--silent', '--fail',
         '--header', f'x-text: {"a" * header}', '--data', 'b' * body, '--output', '/dev/null',
         f'http://127.0.0.1:{server.server_address[1]}/[1-{requests}]'], check=True)
    with open('counts') as file:
        return int(re.search(r'^summary: (\d+)', file.read(), re.M)[1])

def each(header, body):
    """Of one request: what the process takes once is in both runs."""
    return (instructions(150, header, body) - instructions(50, header, body)) / 100

plain = each(10, 10)
header, body = each(410, 10) - plain, each(10, 410) - plain
print(f'a request without them: {plain / 1000:.0f} thousand instructions')
print(f'400 bytes in one header line: {header / 1000:.1f} thousand more, {header / 400:.0f} a byte')
print(f'400 bytes of a body: {body / 1000:.1f} thousand more, {body / 400:.0f} a byte')
sys.exit(not (50 < header / 400 < 120 and body / 400 < 4))
PYTHON
