#!/usr/bin/env bash
# The last connection that closes a database removes its write-ahead log by name: whatever file has that name by then.
#
# Seen with SQLite 3.40.1 (Debian 12's sqlite3 and libsqlite3-0, 3.40.1-2+deb12u2), run alone.
# SQLite looks whether the database file still is the one that it opened, and leaves everything alone if it is not. One would guess
# that the log is looked at alike. It is not: somebody who has moved the log away and put another there (a restore
# under a running process) loses that one when the process ends, though the process never had it open.
#
# Output seen:
#   the log was replaced: the other file is gone
#   database and log were replaced: the other file is there
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH=$PWD/usr/lib/$(uname -m)-linux-gnu
sqlite=$PWD/usr/bin/sqlite3
"$sqlite" --version | grep -q '^3\.40\.1 ' || { echo "another SQLite ran"; exit 2; }

# play NAME COMMAND: a connection writes, COMMAND runs while it is open, and it closes.
play() {
  "$sqlite" "$1.db" "PRAGMA journal_mode = WAL; CREATE TABLE t (v);" >/dev/null
  "$sqlite" "$1.db" "INSERT INTO t VALUES ('new');" ".shell $2"
  if [[ -e $1.db-wal ]]; then echo there; else echo gone; fi
}
log=$(play one "mv one.db-wal away && echo of somebody else > one.db-wal")
both=$(play two "mkdir old && mv two.db two.db-wal old && cp one.db two.db && echo of somebody else > two.db-wal")
echo "the log was replaced: the other file is $log"
echo "database and log were replaced: the other file is $both"
[[ $log == gone && $both == there ]]
