#!/usr/bin/env bash
# A commit that waits for its standby heeds no statement_timeout; cancelled, it is a success, and whether that is told is up to the role.
#
# Seen with PostgreSQL 15.20 (Debian 12's postgresql-15, 15.20-0+deb12u1), synchronous_standby_names set, and the standby away.
# Who keeps a queue there would guess that statement_timeout bounds an INSERT, its commit included, and that a cancelled statement has
# failed. But the timeout is over before the commit begins to wait. And a cancel (an administrator's, or a driver's that has a timeout of
# its own) ends the wait alone: the answer is a plain "INSERT 0 1", for rows that are on one machine's disk. All that tells it from a
# replicated one is a warning of the unspecific class 01000, which a role with client_min_messages = error never gets.
#
# Output seen (one INSERT each):
#   statement_timeout 500 ms, after 3 s: waits (SyncRep)
#   cancelled: exit status 0, "INSERT 0 1", warning 01000
#   cancelled, client_min_messages error: exit status 0, "INSERT 0 1", no warning
#   rows there: 2
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
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
    --options "-c listen_addresses= -c unix_socket_directories=$PWD -c fsync=off -c synchronous_standby_names=standby" start >>log 2>&1 ||
  { tail -3 log; echo "PostgreSQL does not start here"; exit 2; }
trap '"${as[@]}" "$bin/pg_ctl" --pgdata "$folder/run/data" --mode immediate stop >/dev/null 2>&1; rm -rf "$folder"' EXIT

psql() { timeout 60 "${as[@]}" "$bin/psql" --no-psqlrc --tuples-only --no-align --set ON_ERROR_STOP=1 --set VERBOSITY=verbose \
  --host "$PWD" --username tester --dbname postgres "$@"; }
# Not replicated itself, and so without a wait.
ask() { PGOPTIONS="-c synchronous_commit=local" psql --quiet --command "$1"; }
ask "CREATE TABLE job (id bigint GENERATED ALWAYS AS IDENTITY, name text)"

waiting="SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
insert() { # FILE OPTIONS: in the background; its answer, and then its exit status, go to FILE
  (PGOPTIONS=$2 psql --command "INSERT INTO job (name) VALUES ('$1')" >"$1" 2>&1; echo "status $?" >>"$1") &
  for _ in {1..300}; do [[ -n $(ask "$waiting") ]] && return; sleep 0.1; done
  echo "the commit did not wait for a standby"; exit 1
}
answer() { # FILE: what the client was told
  wait
  local told="no warning"
  grep '^WARNING:  01000' "$1" >/dev/null && told="warning 01000"
  echo "exit status $(sed -n 's/^status //p' "$1"), \"$(grep '^INSERT' "$1")\", $told"
}
cancel() { ask "SELECT pg_cancel_backend(pid) FROM ($waiting) w" >/dev/null; }

output=$(
  insert first "-c statement_timeout=500ms"
  sleep 3
  echo "statement_timeout 500 ms, after 3 s: $([[ -n $(ask "$waiting") ]] && echo "waits (SyncRep)" || echo "ended")"
  cancel
  echo "cancelled: $(answer first)"
  insert second "-c client_min_messages=error"
  cancel
  echo "cancelled, client_min_messages error: $(answer second)"
  echo "rows there: $(ask "SELECT count(*) FROM job")"
)
echo "$output"
[[ $output == 'statement_timeout 500 ms, after 3 s: waits (SyncRep)
cancelled: exit status 0, "INSERT 0 1", warning 01000
cancelled, client_min_messages error: exit status 0, "INSERT 0 1", no warning
rows there: 2' ]]
