#ifndef PASSING_FILE_H
#define PASSING_FILE_H

// A file of ours, for SQLite, that stands before one of another VFS and passes on what it has no business with.

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// What each such file begins with.
typedef struct {
  sqlite3_file file;
  sqlite3_file *real;
  unsigned char *buffer;
} PassingFile;

// A VFS of ours over another. The first member is what SQLite knows of it.
typedef struct {
  sqlite3_vfs vfs;
  sqlite3_vfs *base;
} PassingVFS;

static inline sqlite3_file *real(sqlite3_file *file) { return ((PassingFile *)file)->real; }

// Opens one of `size` bytes, the real one behind it, with a buffer of `capacity` bytes.
static inline int pass_open(
  sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out, size_t size, int capacity,
  const sqlite3_io_methods *methods
) {
  sqlite3_vfs *base = ((PassingVFS *)vfs)->base;
  PassingFile *passing = (PassingFile *)file;
  memset(passing, 0, size);
  passing->real = (sqlite3_file *)((char *)file + size);
  passing->buffer = malloc(capacity);
  if (passing->buffer == NULL) return SQLITE_NOMEM;
  int status = base->xOpen(base, name, passing->real, flags, flags_out);
  if (status != SQLITE_OK) {
    free(passing->buffer);
    return status;
  }
  passing->file.pMethods = methods;
  return SQLITE_OK;
}

// Registers a VFS whose files have `size` bytes, over another one (NULL: SQLite's own).
static inline int pass_register(
  PassingVFS *passing, const char *base_name, const char *name, size_t size,
  int (*open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *)
) {
  sqlite3_vfs *base = sqlite3_vfs_find(base_name);
  if (base == NULL) return SQLITE_NOTFOUND;
  passing->base = base;
  passing->vfs = *base;
  passing->vfs.zName = name;
  passing->vfs.pNext = NULL;
  passing->vfs.szOsFile = (int)size + base->szOsFile;
  passing->vfs.xOpen = open;
  return sqlite3_vfs_register(&passing->vfs, 0);
}

static inline int pass_close(sqlite3_file *file) {
  int status = real(file)->pMethods->xClose(real(file));
  free(((PassingFile *)file)->buffer);
  return status;
}

static inline int pass_lock(sqlite3_file *file, int lock) { return real(file)->pMethods->xLock(real(file), lock); }

static inline int pass_unlock(sqlite3_file *file, int lock) { return real(file)->pMethods->xUnlock(real(file), lock); }

static inline int pass_check_lock(sqlite3_file *file, int *result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

static inline int pass_control(sqlite3_file *file, int operation, void *argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static inline int pass_sector_size(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }

static inline int pass_characteristics(sqlite3_file *file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

#endif
