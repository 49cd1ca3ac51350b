// The binary parameters of a statement. A column of many rows is one array, encoded straight into the buffer that is sent.
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most_parameters = 24 };

// Types' numbers, which are the same on every server: of an array, and of what stands in it.
enum type { int2 = 1005, int4 = 1007, int8 = 1016, boolean = 1000, bytes = 1001, text = 1009, uuid = 2951 };

struct buffer {
  char *start;
  size_t used, room;
};

struct parameters {
  int count;
  struct buffer buffers[most_parameters];
};

static inline unsigned element_type(enum type type) {
  switch (type) {
    case int2: return 21;
    case int4: return 23;
    case int8: return 20;
    case boolean: return 16;
    case bytes: return 17;
    case text: return 25;
    case uuid: return 2950;
  }
  abort();
}

static inline char *grow(struct buffer *buffer, size_t by) {
  if (buffer->used + by > buffer->room) {
    buffer->room = 2 * (buffer->used + by);
    buffer->start = realloc(buffer->start, buffer->room);
    if (!buffer->start) abort();
  }
  char *place = buffer->start + buffer->used;
  buffer->used += by;
  return place;
}

static inline void put16(struct buffer *buffer, uint16_t value) { value = htobe16(value), memcpy(grow(buffer, 2), &value, 2); }
static inline void put32(struct buffer *buffer, uint32_t value) { value = htobe32(value), memcpy(grow(buffer, 4), &value, 4); }
static inline void put64(struct buffer *buffer, uint64_t value) { value = htobe64(value), memcpy(grow(buffer, 8), &value, 8); }

static inline struct buffer *next(struct parameters *parameters) {
  if (parameters->count == most_parameters) abort();
  struct buffer *buffer = &parameters->buffers[parameters->count++];
  buffer->used = 0;
  return buffer;
}

// An array of one dimension, which counts from 1; its elements follow.
static inline struct buffer *array(struct parameters *parameters, enum type type, long count) {
  struct buffer *buffer = next(parameters);
  put32(buffer, 1), put32(buffer, 1), put32(buffer, element_type(type)), put32(buffer, count), put32(buffer, 1);
  return buffer;
}

static inline void element(struct buffer *buffer, const void *value, size_t length) {
  put32(buffer, length);
  memcpy(grow(buffer, length), value, length);
}

static inline void element2(struct buffer *buffer, int value) { put32(buffer, 2), put16(buffer, value); }
static inline void element4(struct buffer *buffer, int value) { put32(buffer, 4), put32(buffer, value); }
static inline void element8(struct buffer *buffer, int64_t value) { put32(buffer, 8), put64(buffer, value); }
static inline void element_null(struct buffer *buffer) { put32(buffer, -1); }

// A column of the same value.
static inline void all4(struct parameters *parameters, long count, int value) {
  struct buffer *buffer = array(parameters, int4, count);
  for (long n = 0; n < count; n++) element4(buffer, value);
}

static inline void all(struct parameters *parameters, enum type type, long count, const void *value, size_t length) {
  struct buffer *buffer = array(parameters, type, count);
  for (long n = 0; n < count; n++) element(buffer, value, length);
}

static inline void all_null(struct parameters *parameters, enum type type, long count) {
  struct buffer *buffer = array(parameters, type, count);
  for (long n = 0; n < count; n++) element_null(buffer);
}

static inline void free_parameters(struct parameters *parameters) {
  for (int n = 0; n < most_parameters; n++) free(parameters->buffers[n].start);
}
