#!/usr/bin/env bash
# A write-ahead log that stays behind when a database file is replaced is replayed into the new file, without a word.
#
# Seen with SQLite 3.40.1 (Debian 12's sqlite3 and libsqlite3-0, 3.40.1-2+deb12u2), run alone.
# One would guess that the log's salts tie it to its database, so that a log of another file is ignored. They tie frames
# to the log's own header only: an older copy that is put back over a database whose process was killed silently becomes
# the newer one again. (Where the two differ in more than the changed pages, it becomes neither, and is malformed.)
#
# Output seen:
#   the copy holds: old
#   after it was put back beside the log that was left: new
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

"$sqlite" live.db "PRAGMA journal_mode = WAL; CREATE TABLE t (v); INSERT INTO t VALUES ('old');" >/dev/null
# Closed cleanly: the file is whole without a log.
cp live.db copy.db
# A process that is killed leaves its log: here it is copied away before it would be taken in, and put back after.
"$sqlite" live.db "UPDATE t SET v = 'new';" ".shell cp live.db-wal left-wal"

copy=$("$sqlite" "file:copy.db?immutable=1" "SELECT v FROM t")
cp copy.db restored.db
cp left-wal restored.db-wal
restored=$("$sqlite" restored.db "SELECT v FROM t")
echo "the copy holds: $copy"
echo "after it was put back beside the log that was left: $restored"
[[ $copy == old && $restored == new ]]
