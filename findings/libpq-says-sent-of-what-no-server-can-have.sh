#!/usr/bin/env bash
# libpq says "sent" of a statement whose write has failed: PQflush returns 0, and PQstatus still says that all is well.
#
# Seen with libpq 15.20 (Debian 12's libpq5, 15.20-0+deb12u1) and PostgreSQL 15.20.
# Who has to know whether a statement can have reached the server (a queue that must neither lose an INSERT nor make it twice) would ask
# PQflush, which is documented to return -1 if it failed, and take a statement that could not be written for one that was never made. But
# where the server has closed the connection, libpq swallows the write's EPIPE, drops what it had to send, and returns 0: the error comes
# when the answer is read, and looks there like that of a server that died with the statement in its hands. So "sent" of libpq is "perhaps"; a
# look at the socket (readable, and at its end) before anything is handed to libpq tells what PQflush does not.
#
# Output seen (a backend that was ended before an INSERT is sent to it, in pipeline mode):
#   before: status ok, the socket is at its end
#   PQsendQueryParams 1, PQpipelineSync 1, PQflush 0, status ok
#   reading: status bad
#   rows there: 0
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
apt-get download -qq postgresql-15=15.20-0+deb12u1 postgresql-client-15=15.20-0+deb12u1 libpq5=15.20-0+deb12u1 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH=$PWD/usr/lib/$(uname -m)-linux-gnu
bin=$PWD/usr/lib/postgresql/15/bin
"$bin/postgres" --version | grep ' 15\.20 ' >/dev/null || { echo "PostgreSQL does not run here, or another one ran"; exit 2; }

# PostgreSQL does not run as root.
mkdir run
as=()
if [[ $(id -u) == 0 ]]; then
  chmod 711 .
  chown 65534:65534 run
  as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
fi
cd run
"${as[@]}" "$bin/initdb" --pgdata data --auth trust --username tester --no-locale --no-sync >log 2>&1 &&
  "${as[@]}" "$bin/pg_ctl" --pgdata data --wait --timeout 60 --log server-log \
    --options "-c listen_addresses= -c unix_socket_directories=$PWD -c fsync=off" start >>log 2>&1 ||
  { tail -3 log; echo "PostgreSQL does not start here"; exit 2; }
trap '"${as[@]}" "$bin/pg_ctl" --pgdata "$folder/run/data" --mode immediate stop >/dev/null 2>&1; rm -rf "$folder"' EXIT

output=$(timeout 60 python3 - "$LD_LIBRARY_PATH/libpq.so.5" "$PWD" <<'PYTHON'
import ctypes, select, sys, time

libpq = ctypes.CDLL(sys.argv[1])
for name, result in (('PQconnectdb', ctypes.c_void_p), ('PQexec', ctypes.c_void_p), ('PQgetResult', ctypes.c_void_p), ('PQgetvalue', ctypes.c_char_p)):
    getattr(libpq, name).restype = result
libpq.PQntuples.argtypes = [ctypes.c_void_p]
assert libpq.PQlibVersion() == 150020, 'another libpq ran'

def connected():
    connection = ctypes.c_void_p(libpq.PQconnectdb(f'host={sys.argv[2]} user=tester dbname=postgres'.encode()))
    assert libpq.PQstatus(connection) == 0
    return connection

def value(connection, sql):
    result = ctypes.c_void_p(libpq.PQexec(connection, sql.encode()))
    return libpq.PQgetvalue(result, 0, 0) if libpq.PQntuples(result) else None

def status(connection):
    return 'ok' if libpq.PQstatus(connection) == 0 else 'bad'

writer, other = connected(), connected()
value(other, 'CREATE TABLE job (id int)')
libpq.PQsetnonblocking(writer, 1)
libpq.PQenterPipelineMode(writer)
backend = libpq.PQbackendPID(writer)
value(other, f'SELECT pg_terminate_backend({backend})')
while value(other, f'SELECT count(*) FROM pg_stat_activity WHERE pid = {backend}') != b'0':
    time.sleep(0.01)
end = select.poll()
end.register(libpq.PQsocket(writer), select.POLLIN)
for _ in range(1000):
    (_, events), = end.poll(10_000)
    if events & select.POLLHUP:
        break
    time.sleep(0.01)
print(f'before: status {status(writer)}, the socket {"is at its end" if events & select.POLLHUP else "is open"}')
sent = libpq.PQsendQueryParams(writer, b'INSERT INTO job VALUES (1)', 0, None, None, None, None, 0)
sync, flushed = libpq.PQpipelineSync(writer), libpq.PQflush(writer)
print(f'PQsendQueryParams {sent}, PQpipelineSync {sync}, PQflush {flushed}, status {status(writer)}')
for _ in range(10):
    libpq.PQgetResult(writer)
print(f'reading: status {status(writer)}')
print(f'rows there: {value(other, "SELECT count(*) FROM job").decode()}')
PYTHON
)
echo "$output"
[[ $output == 'before: status ok, the socket is at its end
PQsendQueryParams 1, PQpipelineSync 1, PQflush 0, status ok
reading: status bad
rows there: 0' ]]
