// The tables, with the columns of a relay's path, and the statements of a commit. What variants have otherwise is put in by %.
#include <stdio.h>

enum ids { ids_server, ids_tick, ids_slot };
enum envelope { envelope_none, envelope_heap, envelope_row };

struct design {
  enum ids ids;            // who numbers rows: the server's clock, the client's clock, or a counter of each writer
  enum envelope envelope;  // none; a heap of what came; or rows with a primary key, which hold what is else in the event's row
  int fill;                // the fillfactor of delivery
};

// What every event of a POST has in common stands in its envelope's row, or in its own.
#define OF_POST "source int4, received int8, time bytea, token bytea, trace bytea, configuration int4"

static const char *schema_sql =
  "SET client_min_messages = warning; DROP TABLE IF EXISTS envelope, event, delivery, book_delta;"
  "CREATE TABLE envelope (%s);"
  "CREATE TABLE event (id uuid PRIMARY KEY, number int8, slot int2, envelope %s, %s type text, raw_type bytea, company text,"
  " channel text, chat text, routes int4[], dropped bool, first_delivery int8, deliveries int4, erased int8,"
  " body bytea) WITH (toast_tuple_target = 8160);"
  "ALTER TABLE event ALTER body SET STORAGE EXTERNAL;"
  "CREATE TABLE delivery (id int8 PRIMARY KEY, slot int2, event uuid, destination int4, route int4, run int4, state int2,"
  " shelf int2, attempts int4, counted int4, since int8, due int8, order_key text, received int8, settled int8, reason int2,"
  " bytes int4, probed int8, arrived int8, last_at int8, last_duration int8, last_status int2, last_error text,"
  " last_peer bytea, last_first_byte int8) WITH (fillfactor = %d);"
  "CREATE INDEX delivery_listed ON delivery (destination, shelf, id) WHERE shelf IS NOT NULL;"
  "CREATE INDEX delivery_due ON delivery (destination, shelf, due, id) WHERE due IS NOT NULL;"
  "CREATE INDEX delivery_ordered ON delivery (destination, order_key, id) WHERE order_key IS NOT NULL;"
  "CREATE TABLE book_delta (slot int2, sequence int8, destination int4, pending int8, replaying int8, dead int8,"
  " delivered int8, discarded int8, overflowed int8, backlog_bytes int8)";

static const char *envelope_columns[] = {
  [envelope_none] = "unused int4",
  [envelope_heap] = "first uuid, slot int2, number int8, source int4, received int8, hash bytea, accepted int4,"
                    " is_complete bool, configuration int4",
  [envelope_row] = "id int8 PRIMARY KEY, slot int2, first uuid, hash bytea, accepted int4, is_complete bool, " OF_POST,
};

static inline void schema(struct design design, char *sql, size_t room) {
  int apart = design.envelope == envelope_row;
  snprintf(sql, room, schema_sql, envelope_columns[design.envelope], apart ? "int8" : "uuid", apart ? "" : OF_POST ",", design.fill);
}

// $1: the writer's last tick; $2: its slot. A tick is a microsecond of the transaction, above all that the writer has had. As a
// subquery it is computed once a statement.
#define TICK "(SELECT greatest($1::int8 + 1, (extract(epoch FROM now()) * 1000000)::int8))"

static inline const char *number_of(struct design design) {
  return design.ids == ids_server ? "(" TICK " + u.place << 12 | $2::int8)" : "u.place";
}

// Its one row is the tick of the first event; where the client numbers the rows, $1 has no use, and there is no row.
static inline void insert_events(struct design design, char *sql, size_t room) {
  const char *number = number_of(design);
  int apart = design.envelope == envelope_row, server = design.ids == ids_server;
  snprintf(
    sql, room,
    "%s INSERT INTO event (id, number, slot, envelope, %s type, raw_type, company, channel, chat, routes, dropped,"
    " first_delivery, deliveries, body)"
    " SELECT u.id, %s, $2::int2, %s, %s u.type, u.raw_type, u.company, u.channel, u.chat, u.routes::int4[], u.dropped,"
    " %s, u.deliveries, u.body"
    " FROM unnest($3::int8[], $4::uuid[], $5::text[], $6::bytea[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bool[],"
    " $12::int4[], $13::bytea[]%s)"
    " AS u(place, id, type, raw_type, company, channel, chat, routes, dropped, deliveries, body%s) %s",
    server ? "WITH added AS (" : "", apart ? "" : "source, received, time, token, trace, configuration,", number,
    apart ? number : "u.envelope", apart ? "" : "u.source, u.received, u.time, u.token, u.trace, u.configuration,", number,
    apart ? "" : ", $14::uuid[], $15::int4[], $16::int8[], $17::bytea[], $18::bytea[], $19::bytea[], $20::int4[]",
    apart ? "" : ", envelope, source, received, time, token, trace, configuration",
    server ? ") SELECT " TICK : "");
}

static inline void insert_deliveries(struct design design, char *sql, size_t room) {
  snprintf(
    sql, room,
    "INSERT INTO delivery (id, slot, event, destination, route, run, state, shelf, attempts, counted, since, order_key,"
    " received, bytes)"
    " SELECT %s, $2::int2, u.event, u.destination, u.route, 0, u.state, u.shelf, 0, 0, u.since, u.order_key, u.received, u.bytes"
    " FROM unnest($3::int8[], $4::uuid[], $5::int4[], $6::int4[], $7::int2[], $8::int2[], $9::int8[], $10::text[], $11::int8[],"
    " $12::int4[]) AS u(place, event, destination, route, state, shelf, since, order_key, received, bytes)",
    number_of(design));
}

static inline void insert_envelopes(struct design design, char *sql, size_t room) {
  int row = design.envelope == envelope_row;
  snprintf(
    sql, room,
    "INSERT INTO envelope (%s, slot, first, hash, accepted, is_complete, source, received, configuration%s)"
    " SELECT %s, $2::int2, u.first, u.hash, u.accepted, u.is_complete, u.source, u.received, u.configuration%s"
    " FROM unnest($3::int8[], $4::uuid[], $5::bytea[], $6::int4[], $7::bool[], $8::int4[], $9::int8[], $10::int4[]%s)"
    " AS u(place, first, hash, accepted, is_complete, source, received, configuration%s)",
    row ? "id" : "number", row ? ", time, token, trace" : "", number_of(design), row ? ", u.time, u.token, u.trace" : "",
    row ? ", $11::bytea[], $12::bytea[], $13::bytea[]" : "", row ? ", time, token, trace" : "");
}

static const char *insert_deltas_sql =
  "INSERT INTO book_delta (slot, sequence, destination, pending, replaying, dead, delivered, discarded, overflowed, backlog_bytes)"
  " SELECT $1::int2, $2::int8, u.*"
  " FROM unnest($3::int4[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], $10::int8[]) AS u";

// Those that were delivered at the first attempt. No column of an index, or of an index's condition, gets another value.
static const char *settle_sql =
  "UPDATE delivery d SET state = 3, shelf = NULL, attempts = d.attempts + 1, counted = d.counted + 1, due = NULL,"
  " order_key = NULL, settled = u.settled, last_at = u.at, last_duration = u.duration, last_status = u.status, last_error = NULL,"
  " last_peer = u.peer, last_first_byte = u.first_byte"
  " FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int2[], $6::bytea[], $7::int8[])"
  " AS u(id, settled, at, duration, status, peer, first_byte)"
  " WHERE d.id = u.id AND d.state < 3";
