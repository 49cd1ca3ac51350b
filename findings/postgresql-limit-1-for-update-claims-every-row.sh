#!/usr/bin/env bash
# "WHERE id IN (SELECT … LIMIT 1 FOR UPDATE SKIP LOCKED)" claims every job of the queue, if statistics say that it is short.
#
# Seen with PostgreSQL 15.20 (Debian 12's postgresql-15, 15.20-0+deb12u1), default settings.
# This is the usual way to take one job from a table. One would guess that a subquery without a reference to the outer row
# runs once, and that LIMIT 1 is a promise. But where the planner expects next to no rows it runs the subquery again for each
# row of the outer table, and each run skips what this statement has already changed, and so locks and yields the next job. The
# state that leads there is a queue's usual one: it was analyzed while it was empty but for one row, and then it filled. With
# "= (SELECT …)", or the subquery in a CTE, it is one job, whatever the statistics say.
#
# Output seen (ten jobs; number of jobs that one statement took):
#   analyzed with ten rows, id IN (SELECT … LIMIT 1 …): 1
#   analyzed with one row, id IN (SELECT … LIMIT 1 …): 10
#   analyzed with one row, UPDATE … FROM (SELECT … LIMIT 1 …): 10
#   analyzed with one row, id = (SELECT … LIMIT 1 …): 1
#   analyzed with one row, WITH next AS (SELECT … LIMIT 1 …): 1
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
    --options "-c listen_addresses= -c unix_socket_directories=$PWD -c fsync=off" start >>log 2>&1 ||
  { tail -3 log; echo "PostgreSQL does not start here"; exit 2; }
trap '"${as[@]}" "$bin/pg_ctl" --pgdata "$folder/run/data" --mode immediate stop >/dev/null 2>&1; rm -rf "$folder"' EXIT

sql() { "${as[@]}" "$bin/psql" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
  --host "$PWD" --username tester --dbname postgres --command "$1"; }
next="SELECT id FROM job WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
# Autovacuum would analyze the table anew, sooner or later.
sql "CREATE TABLE job (id bigint PRIMARY KEY, state text NOT NULL DEFAULT 'new') WITH (autovacuum_enabled = false)"

claims() { # ROWS-WHEN-ANALYZED STATEMENT: how many of ten jobs the statement takes
  sql "TRUNCATE job; INSERT INTO job SELECT generate_series(1, $1); ANALYZE job; INSERT INTO job SELECT generate_series($1 + 1, 10)"
  sql "$2 RETURNING job.id" | wc -l
}
output=$(
  in="UPDATE job SET state = 'taken' WHERE id IN ($next)"
  echo "analyzed with ten rows, id IN (SELECT … LIMIT 1 …): $(claims 10 "$in")"
  echo "analyzed with one row, id IN (SELECT … LIMIT 1 …): $(claims 1 "$in")"
  echo "analyzed with one row, UPDATE … FROM (SELECT … LIMIT 1 …):" \
    "$(claims 1 "UPDATE job SET state = 'taken' FROM ($next) next WHERE job.id = next.id")"
  echo "analyzed with one row, id = (SELECT … LIMIT 1 …): $(claims 1 "UPDATE job SET state = 'taken' WHERE id = ($next)")"
  echo "analyzed with one row, WITH next AS (SELECT … LIMIT 1 …):" \
    "$(claims 1 "WITH next AS ($next) UPDATE job SET state = 'taken' FROM next WHERE job.id = next.id")"
)
echo "$output"
[[ $(sed 's/.*: //' <<<"$output" | paste -sd' ') == "1 10 10 1 1" ]]
