// The bare cycle of a durable queue on PostgreSQL, by libpq: each commit settles the batch before it, and inserts a batch of
// events with a delivery each and a row of the books. One pipeline of binary parameters with one Sync is one commit and one round
// trip. The tables have the columns of a relay's path; the SQLite one beside it has few.
//
//   floor-postgres CONNECTION schema [NAME=VALUE ...]                                 makes the tables anew
//   floor-postgres CONNECTION EVENTS BYTES BATCH WRITERS [NAME=VALUE ...]             writes
//
// Names and values: ids=server|tick|slot, envelope=none|heap|row, fill=1…100; see statements.h. Each writer has a thread and a
// connection of its own. Prints a JSON object: the client's CPU time and the time that passed, in microseconds per event, commits,
// and how often the client waited for an answer.
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif
#include <poll.h>
#include <pthread.h>

#include "../clocks.h"
#include "parameters.h"
#include "statements.h"

enum { body_pool = 1 << 22, destination = 1, route = 1, beside_body = 512 };

struct writer {
  PGconn *connection;
  long events, batch, body_bytes, slot, commits, waits, settling_count;
  int64_t last_tick, counter, *settling, *ids;
  uint64_t random, last_millisecond;
  unsigned in_millisecond;
  unsigned char (*uuids)[16];
  struct parameters parameters;
  pthread_t thread;
};

static struct design design = {.ids = ids_server, .envelope = envelope_none, .fill = 45};
static pthread_barrier_t start;
static char *pool;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "floor-postgres: %s: %s\n", what, why);
  exit(1);
}

// MARK: What is written

static uint64_t random64(uint64_t *state) {
  uint64_t value = (*state += 0x9e3779b97f4a7c15);
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

// Version 7: the millisecond, a count within it, and random bits.
static void new_uuid(struct writer *writer, int64_t now, unsigned char id[16]) {
  uint64_t millisecond = now / 1000;
  if (millisecond > writer->last_millisecond) writer->last_millisecond = millisecond, writer->in_millisecond = 0;
  if (writer->in_millisecond > 0xfff) writer->last_millisecond++, writer->in_millisecond = 0;
  uint64_t high = htobe64(writer->last_millisecond << 16 | 0x7000 | writer->in_millisecond++);
  uint64_t low = htobe64((random64(&writer->random) >> 2) | 1ULL << 63);
  memcpy(id, &high, 8);
  memcpy(id + 8, &low, 8);
}

// The client's numbers of a batch, where it gives them.
static void number_rows(struct writer *writer, int64_t now, long count) {
  int64_t tick = now > writer->last_tick ? now : writer->last_tick + 1;
  for (long n = 0; n < count; n++) {
    if (design.ids == ids_server) writer->ids[n] = n;
    if (design.ids == ids_tick) writer->ids[n] = (tick + n) << 12 | writer->slot;
    if (design.ids == ids_slot) writer->ids[n] = (int64_t)writer->slot << 48 | ++writer->counter;
  }
  if (design.ids == ids_tick) writer->last_tick = tick + count - 1;
}

static void number_after(struct writer *writer, int64_t first_tick, long count) {
  for (long n = 0; n < count; n++) writer->ids[n] = (first_tick + n) << 12 | writer->slot;
  writer->last_tick = first_tick + count - 1;
}

static void all_ids(struct parameters *to, long count, const int64_t *ids) {
  struct buffer *buffer = array(to, int8, count);
  for (long n = 0; n < count; n++) element8(buffer, ids[n]);
}

static void all_uuids(struct parameters *to, long count, unsigned char (*ids)[16]) {
  struct buffer *buffer = array(to, uuid, count);
  for (long n = 0; n < count; n++) element(buffer, ids[n], 16);
}

static void all_times(struct parameters *to, long count, int64_t from) {
  struct buffer *buffer = array(to, int8, count);
  for (long n = 0; n < count; n++) element8(buffer, from + n);
}

// MARK: The pipeline

static struct parameters *statement(struct writer *writer) {
  writer->parameters.count = 0;
  return &writer->parameters;
}

static void send_statement(struct writer *writer, const char *name) {
  const char *values[most_parameters];
  int lengths[most_parameters], formats[most_parameters];
  struct parameters *from = &writer->parameters;
  for (int n = 0; n < from->count; n++) {
    values[n] = from->buffers[n].start, lengths[n] = from->buffers[n].used, formats[n] = 1;
  }
  if (!PQsendQueryPrepared(writer->connection, name, from->count, values, lengths, formats, 1))
    fail(name, PQerrorMessage(writer->connection));
}

static void put_writer(struct writer *writer, struct parameters *to) {
  put64(next(to), writer->last_tick);
  put16(next(to), writer->slot);
}

static void send_settlements(struct writer *writer, int64_t now) {
  struct parameters *to = statement(writer);
  long count = writer->settling_count;
  all_ids(to, count, writer->settling);
  all_times(to, count, now);
  all_times(to, count, now - 5000);
  all_times(to, count, 4000);
  struct buffer *buffer = array(to, int2, count);
  for (long n = 0; n < count; n++) element2(buffer, 200);
  all(to, bytes, count, "\x7f\0\0\1\x1f\x90", 6);
  all_times(to, count, 3000);
  send_statement(writer, "settle");
}

static void send_events(struct writer *writer, int64_t now, long count) {
  struct parameters *to = statement(writer);
  put_writer(writer, to);
  all_ids(to, count, writer->ids);
  all_uuids(to, count, writer->uuids);
  all(to, text, count, "receivedMessage", 15);
  all_null(to, bytes, count);
  all(to, text, count, "c0042", 5);
  all(to, text, count, "whatsapp", 8);
  all(to, text, count, "5511987654321@c.us", 18);
  all(to, text, count, "{1}", 3);
  all(to, boolean, count, "\0", 1);
  all4(to, count, 1);
  struct buffer *bodies = array(to, bytes, count);
  for (long n = 0; n < count; n++)
    element(bodies, pool + random64(&writer->random) % (body_pool - writer->body_bytes), writer->body_bytes);
  if (design.envelope != envelope_row) {
    all_uuids(to, count, writer->uuids);
    all4(to, count, 1);
    all_times(to, count, now);
    all(to, bytes, count, "1562964573", 10);
    all(to, bytes, count, "b7d4f0c2a9e84f6d8a1c3e5f7b9d1f3a", 32);
    all_null(to, bytes, count);
    all4(to, count, 1);
  }
  send_statement(writer, "events");
}

static void send_deliveries(struct writer *writer, int64_t now, long count) {
  struct parameters *to = statement(writer);
  put_writer(writer, to);
  all_ids(to, count, writer->ids);
  all_uuids(to, count, writer->uuids);
  all4(to, count, destination);
  all4(to, count, route);
  all(to, int2, count, "\0\0", 2);
  all_null(to, int2, count);
  all_times(to, count, now);
  all_null(to, text, count);
  all_times(to, count, now);
  all4(to, count, writer->body_bytes + beside_body);
  send_statement(writer, "deliveries");
}

static void send_envelopes(struct writer *writer, int64_t now, long count) {
  struct parameters *to = statement(writer);
  put_writer(writer, to);
  all_ids(to, count, writer->ids);
  all_uuids(to, count, writer->uuids);
  struct buffer *hashes = array(to, bytes, count);
  for (long n = 0; n < count; n++) element(hashes, pool + random64(&writer->random) % (body_pool - 32), 32);
  all4(to, count, 1);
  all(to, boolean, count, "\1", 1);
  all4(to, count, 1);
  all_times(to, count, now);
  all4(to, count, 1);
  if (design.envelope == envelope_row) {
    all(to, bytes, count, "1562964573", 10);
    all(to, bytes, count, "b7d4f0c2a9e84f6d8a1c3e5f7b9d1f3a", 32);
    all_null(to, bytes, count);
  }
  send_statement(writer, "envelopes");
}

static void send_delta(struct writer *writer, long count) {
  struct parameters *to = statement(writer);
  long pending = count - writer->settling_count, columns[] = {pending, 0, 0, writer->settling_count, 0, 0,
                                                              pending * (writer->body_bytes + beside_body)};
  put16(next(to), writer->slot);
  put64(next(to), writer->commits);
  all4(to, 1, destination);
  for (int n = 0; n < 7; n++) element8(array(to, int8, 1), columns[n]);
  send_statement(writer, "deltas");
}

static void wait_for(struct writer *writer, short what) {
  struct pollfd poller = {.fd = PQsocket(writer->connection), .events = what};
  if (poll(&poller, 1, 30000) != 1) fail("waiting", "no answer within 30 s");
  if (poller.revents & POLLIN && !PQconsumeInput(writer->connection)) fail("reading", PQerrorMessage(writer->connection));
}

static PGresult *answer(struct writer *writer) {
  while (PQisBusy(writer->connection)) writer->waits++, wait_for(writer, POLLIN);
  return PQgetResult(writer->connection);
}

// The answer to the next statement of the pipeline, which is to have come to so many rows.
static void expect(struct writer *writer, const char *name, long rows, int64_t *value) {
  PGresult *result = answer(writer), *over = answer(writer);
  ExecStatusType status = PQresultStatus(result);
  if (over || (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)) fail(name, PQresultErrorMessage(result));
  if (value) {
    uint64_t big;
    if (PQntuples(result) != 1) fail(name, "did not return the tick");
    memcpy(&big, PQgetvalue(result, 0, 0), 8);
    *value = be64toh(big);
  } else if (atol(PQcmdTuples(result)) != rows) {
    fail(name, "came to another number of rows than were sent");
  }
  PQclear(result);
}

static void commit(struct writer *writer, long count) {
  int64_t now = now_us(), tick = 0;
  int flushing, settling = writer->settling_count > 0;
  number_rows(writer, now, count);
  for (long n = 0; n < count; n++) new_uuid(writer, now, writer->uuids[n]);
  if (settling) send_settlements(writer, now);
  if (count) {
    send_events(writer, now, count);
    send_deliveries(writer, now, count);
    if (design.envelope) send_envelopes(writer, now, count);
  }
  send_delta(writer, count);
  if (!PQpipelineSync(writer->connection)) fail("sync", PQerrorMessage(writer->connection));
  while ((flushing = PQflush(writer->connection)) == 1) wait_for(writer, POLLIN | POLLOUT);
  if (flushing) fail("sending", PQerrorMessage(writer->connection));
  if (settling) expect(writer, "settle", writer->settling_count, NULL);
  if (count) {
    expect(writer, "events", count, design.ids == ids_server ? &tick : NULL);
    expect(writer, "deliveries", count, NULL);
    if (design.envelope) expect(writer, "envelopes", count, NULL);
  }
  expect(writer, "deltas", 1, NULL);
  PGresult *end = answer(writer);
  if (PQresultStatus(end) != PGRES_PIPELINE_SYNC) fail("commit", PQresultErrorMessage(end));
  PQclear(end);
  if (design.ids == ids_server && count) number_after(writer, tick, count);
  memcpy(writer->settling, writer->ids, count * sizeof *writer->ids);
  writer->settling_count = count;
  writer->commits++;
}

// MARK: The run

static PGconn *connected(const char *address) {
  PGconn *connection = PQconnectdb(address);
  if (PQstatus(connection) != CONNECTION_OK) fail("connecting", PQerrorMessage(connection));
  return connection;
}

static void execute(PGconn *connection, const char *sql) {
  PGresult *result = PQexec(connection, sql);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail("schema or settings", PQresultErrorMessage(result));
  PQclear(result);
}

static void prepare(PGconn *connection, const char *name, const char *sql) {
  PGresult *result = PQprepare(connection, name, sql, 2, (const Oid[]){20, 21});
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(name, PQresultErrorMessage(result));
  PQclear(result);
}

static void prepare_all(PGconn *connection) {
  char sql[4096];
  execute(
    connection, "SET synchronous_commit = on; SET plan_cache_mode = force_generic_plan; SET max_parallel_workers_per_gather = 0;"
                " SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off");
  insert_events(design, sql, sizeof sql), prepare(connection, "events", sql);
  insert_deliveries(design, sql, sizeof sql), prepare(connection, "deliveries", sql);
  if (design.envelope) insert_envelopes(design, sql, sizeof sql), prepare(connection, "envelopes", sql);
  PGresult *result = PQprepare(connection, "settle", settle_sql, 0, NULL);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail("settle", PQresultErrorMessage(result));
  PQclear(result);
  result = PQprepare(connection, "deltas", insert_deltas_sql, 0, NULL);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail("deltas", PQresultErrorMessage(result));
  PQclear(result);
}

static void *write_all(void *context) {
  struct writer *writer = context;
  pthread_barrier_wait(&start);
  for (long left = writer->events; left > 0 || writer->settling_count; left -= writer->settling_count)
    commit(writer, left < writer->batch ? left : writer->batch);
  return NULL;
}

static void open_writer(struct writer *writer, const char *address, long slot, long events, long bytes, long batch) {
  *writer = (struct writer){.events = events, .batch = batch, .body_bytes = bytes, .slot = slot, .random = slot * 7919};
  writer->settling = malloc(batch * sizeof *writer->settling);
  writer->ids = malloc(batch * sizeof *writer->ids);
  writer->uuids = malloc(batch * sizeof *writer->uuids);
  writer->connection = connected(address);
  prepare_all(writer->connection);
  if (PQsetnonblocking(writer->connection, 1) || !PQenterPipelineMode(writer->connection))
    fail("pipeline", PQerrorMessage(writer->connection));
}

static void close_writer(struct writer *writer) {
  PQfinish(writer->connection);
  free_parameters(&writer->parameters);
  free(writer->settling), free(writer->ids), free(writer->uuids);
}

// Whether it is known.
static int choose(const char *option) {
  static const char *ids[] = {"ids=server", "ids=tick", "ids=slot"}, *envelopes[] = {"envelope=none", "envelope=heap", "envelope=row"};
  for (int n = 0; n < 3; n++) {
    if (!strcmp(option, ids[n])) return design.ids = n, 1;
    if (!strcmp(option, envelopes[n])) return design.envelope = n, 1;
  }
  return sscanf(option, "fill=%d", &design.fill) == 1;
}

int main(int count, char **arguments) {
  int making = count > 2 && !strcmp(arguments[2], "schema"), options = making ? 3 : 6;
  if (count < options) return 64;
  for (int n = options; n < count; n++)
    if (!choose(arguments[n])) return 64;
  if (making) {
    char sql[8192];
    schema(design, sql, sizeof sql);
    PGconn *connection = connected(arguments[1]);
    execute(connection, sql);
    PQfinish(connection);
    return 0;
  }
  long events = atol(arguments[2]), bytes = atol(arguments[3]), batch = atol(arguments[4]), writers = atol(arguments[5]);
  if (writers < 1 || writers > 4095 || batch < 1 || events % writers || bytes < 1 || bytes >= body_pool) return 64;
  pool = malloc(body_pool);
  uint64_t seed = 1;
  for (size_t n = 0; n < body_pool; n += 8) {
    uint64_t value = random64(&seed);
    memcpy(pool + n, &value, 8);
  }
  struct writer *all_writers = calloc(writers, sizeof *all_writers);
  pthread_barrier_init(&start, NULL, writers + 1);
  for (long n = 0; n < writers; n++) {
    open_writer(&all_writers[n], arguments[1], n + 1, events / writers, bytes, batch);
    pthread_create(&all_writers[n].thread, NULL, write_all, &all_writers[n]);
  }
  double cpu = cpu_seconds(), wall = wall_seconds();
  pthread_barrier_wait(&start);
  long commits = 0, waits = 0;
  for (long n = 0; n < writers; n++) {
    pthread_join(all_writers[n].thread, NULL);
    commits += all_writers[n].commits, waits += all_writers[n].waits;
  }
  cpu = cpu_seconds() - cpu;
  wall = wall_seconds() - wall;
  for (long n = 0; n < writers; n++) close_writer(&all_writers[n]);
  printf(
    "{\"events\":%ld,\"batch\":%ld,\"cpu_us\":%.2f,\"wall_us\":%.2f,\"commits\":%ld,\"waits\":%ld}\n", events, batch,
    cpu / events * 1e6, wall / events * 1e6, commits, waits);
  return 0;
}
