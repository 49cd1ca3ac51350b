#!/usr/bin/env bash
# An UPDATE that sets a row to what it was writes nothing: a "write probe" of that kind succeeds on a disk that takes no writes.
#
# Seen with SQLite 3.40.1 (Debian 12's sqlite3 and libsqlite3-0, 3.40.1-2+deb12u2), run alone.
# One would guess that an UPDATE inside BEGIN IMMEDIATE and COMMIT with synchronous = FULL is a write and a sync, as changes()
# says 1. But a cell whose bytes stay the same does not make its page dirty, and a commit without a dirty page touches no file.
# An upsert to the same value is no different. REPLACE, or PRAGMA user_version set to what it is, do write.
#
# Output seen (a file-size limit stands for the disk that takes no more):
#   UPDATE to the same: 1 row changed, log of 0 bytes
#   upsert of the same: 1 row changed, log of 0 bytes
#   REPLACE by the same: 1 row changed, log of 65592 bytes
#   UPDATE to another: 1 row changed, log of 65592 bytes
#   disk takes no more, UPDATE to the same: 1 row changed
#   disk takes no more, UPDATE to another: Error: stepping, disk I/O error (10)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2 ||
  { echo "these versions can't be had any more (apt-get update first?)"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH=$PWD/usr/lib/$(uname -m)-linux-gnu
sqlite=$PWD/usr/bin/sqlite3
"$sqlite" --version | grep '^3\.40\.1 ' >/dev/null || { echo "another SQLite ran"; exit 2; }

# Pages of 64 KiB: one page in the log is larger than the limit below, and the index of the log (32 KiB) is not.
"$sqlite" live.db "PRAGMA page_size = 65536; PRAGMA journal_mode = WAL;
  CREATE TABLE probe (id INTEGER PRIMARY KEY, at INTEGER); INSERT INTO probe VALUES (1, 7);" >/dev/null

commit() { # STATEMENT: runs it as a transaction, says how many rows it changed
  "$sqlite" live.db "PRAGMA synchronous = FULL; BEGIN IMMEDIATE; $1; COMMIT; SELECT changes() || ' row changed';" "${@:2}" 2>&1
}
logged() { # STATEMENT: as above, and how long the log is before the connection closes
  commit "$1" ".shell stat -c ', log of %s bytes' live.db-wal >size" | tr -d '\n'
  cat size
}
on_a_full_disk() ( # STATEMENT: as above; a write that goes beyond the limit fails
  trap '' XFSZ
  ulimit -f 48
  commit "$1" | cat
)

same='UPDATE probe SET at = at'
upsert='INSERT INTO probe VALUES (1, 7) ON CONFLICT DO UPDATE SET at = excluded.at'
replace='REPLACE INTO probe VALUES (1, 7)'
other='UPDATE probe SET at = at + 1'
output=$(
  echo "UPDATE to the same: $(logged "$same")"
  echo "upsert of the same: $(logged "$upsert")"
  echo "REPLACE by the same: $(logged "$replace")"
  echo "UPDATE to another: $(logged "$other")"
  echo "disk takes no more, UPDATE to the same: $(on_a_full_disk "$same" || true)"
  echo "disk takes no more, UPDATE to another: $(on_a_full_disk "$other" || true)"
)
echo "$output"
[[ $output == "UPDATE to the same: 1 row changed, log of 0 bytes
upsert of the same: 1 row changed, log of 0 bytes
REPLACE by the same: 1 row changed, log of 65592 bytes
UPDATE to another: 1 row changed, log of 65592 bytes
disk takes no more, UPDATE to the same: 1 row changed
disk takes no more, UPDATE to another: "*"disk I/O error"* ]]
