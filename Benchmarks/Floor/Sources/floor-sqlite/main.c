// The bare cycle of a durable queue on SQLite's C API: each transaction inserts a batch of events with a delivery each, and
// settles the batch before it; WAL, synchronous=FULL, nothing indexed but what finds the pending ones after a crash.
//
//   floor-sqlite FOLDER EVENTS BYTES BATCH
//
// Prints a JSON object: CPU time in microseconds per event, and commits.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../clocks.h"

static sqlite3 *database;

static void check(int status) {
  if (status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW) return;
  fprintf(stderr, "%s\n", sqlite3_errmsg(database));
  exit(1);
}

static void execute(const char *sql) { check(sqlite3_exec(database, sql, NULL, NULL, NULL)); }

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement;
  check(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
  return statement;
}

static void run(sqlite3_stmt *statement) {
  check(sqlite3_step(statement));
  sqlite3_reset(statement);
}

int main(int count, char **arguments) {
  if (count != 5) return 64;
  long events = atol(arguments[2]), batch = atol(arguments[4]);
  int bytes = atoi(arguments[3]);
  char path[4096];
  snprintf(path, sizeof path, "%s/floor.db", arguments[1]);
  check(sqlite3_open_v2(
    path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL));
  execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  execute("CREATE TABLE event (id INTEGER PRIMARY KEY, received INTEGER, body BLOB)");
  execute("CREATE TABLE delivery (id INTEGER PRIMARY KEY, event INTEGER, destination INTEGER, state INTEGER, settled INTEGER)");
  execute("CREATE INDEX delivery_pending ON delivery (destination, id) WHERE state = 0");
  sqlite3_stmt *begin = prepare("BEGIN IMMEDIATE"), *commit = prepare("COMMIT");
  sqlite3_stmt *event = prepare("INSERT INTO event (id, received, body) VALUES (?1, ?2, ?3)");
  sqlite3_stmt *delivery = prepare("INSERT INTO delivery (id, event, destination, state) VALUES (?1, ?1, 1, 0)");
  sqlite3_stmt *settle = prepare("UPDATE delivery SET state = 3, settled = ?2 WHERE id = ?1 AND state = 0");
  char *body = malloc(bytes);
  memset(body, 'x', bytes);

  double cpu = cpu_seconds(), wall = wall_seconds();
  long commits = 0;
  for (long first = 0; first < events + batch; first += batch, commits++) {
    run(begin);
    for (long id = first; id < first + batch && id < events; id++) {
      sqlite3_bind_int64(event, 1, id);
      sqlite3_bind_int64(event, 2, 1562964573000000 + id);
      sqlite3_bind_blob(event, 3, body, bytes, SQLITE_STATIC);
      run(event);
      sqlite3_bind_int64(delivery, 1, id);
      run(delivery);
    }
    for (long id = first - batch; id >= 0 && id < first && id < events; id++) {
      sqlite3_bind_int64(settle, 1, id);
      sqlite3_bind_int64(settle, 2, 1562964573000000 + id);
      run(settle);
    }
    run(commit);
  }
  cpu = cpu_seconds() - cpu;
  wall = wall_seconds() - wall;
  printf(
    "{\"events\":%ld,\"batch\":%ld,\"cpu_us\":%.2f,\"wall_us\":%.2f,\"commits\":%ld}\n", events, batch, cpu / events * 1e6,
    wall / events * 1e6, commits);
  return 0;
}
