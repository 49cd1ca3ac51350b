#include "read_ahead.h"

#include "passing_file.h"

// What is read at once, and how far apart two reads may be that follow each other.
enum { window = 256 << 10, near = 64 << 10 };

typedef struct {
  PassingFile passing;
  // Where the last read began, and what was read ahead: from `first` to before `end`.
  sqlite3_int64 last, first, end;
} AheadFile;

static PassingVFS ahead_vfs;

// The system keeps what is read here: the reads that follow find it. Whether it can be read is theirs to find out.
static void read_ahead(AheadFile *ahead, sqlite3_int64 offset) {
  ahead->end = offset;
  ahead->first = offset > window ? offset - window : 0;
  sqlite3_file *file = ahead->passing.real;
  file->pMethods->xRead(file, ahead->passing.buffer, (int)(ahead->end - ahead->first), ahead->first);
}

static int ahead_read(sqlite3_file *file, void *data, int length, sqlite3_int64 offset) {
  AheadFile *ahead = (AheadFile *)file;
  int goes_back = offset < ahead->last && ahead->last - offset <= near;
  ahead->last = offset;
  if (goes_back && offset > 0 && !(offset > ahead->first && offset <= ahead->end)) read_ahead(ahead, offset);
  return real(file)->pMethods->xRead(real(file), data, length, offset);
}

static int ahead_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 offset) {
  return real(file)->pMethods->xWrite(real(file), data, length, offset);
}

static int ahead_truncate(sqlite3_file *file, sqlite3_int64 size) {
  return real(file)->pMethods->xTruncate(real(file), size);
}

static int ahead_sync(sqlite3_file *file, int flags) { return real(file)->pMethods->xSync(real(file), flags); }

static int ahead_size(sqlite3_file *file, sqlite3_int64 *size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}

static int ahead_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **map) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, map);
}

static int ahead_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void ahead_shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }

static int ahead_shm_unmap(sqlite3_file *file, int deletes) {
  return real(file)->pMethods->xShmUnmap(real(file), deletes);
}

// Version 2: no memory mapping of the database itself.
static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = pass_close,
  .xRead = ahead_read,
  .xWrite = ahead_write,
  .xTruncate = ahead_truncate,
  .xSync = ahead_sync,
  .xFileSize = ahead_size,
  .xLock = pass_lock,
  .xUnlock = pass_unlock,
  .xCheckReservedLock = pass_check_lock,
  .xFileControl = pass_control,
  .xSectorSize = pass_sector_size,
  .xDeviceCharacteristics = pass_characteristics,
  .xShmMap = ahead_shm_map,
  .xShmLock = ahead_shm_lock,
  .xShmBarrier = ahead_shm_barrier,
  .xShmUnmap = ahead_shm_unmap,
};

// All files but databases are the base VFS's own.
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out) {
  sqlite3_vfs *base = ((PassingVFS *)vfs)->base;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return base->xOpen(base, name, file, flags, flags_out);
  return pass_open(vfs, name, file, flags, flags_out, sizeof(AheadFile), window, &methods);
}

int csqlite_register_read_ahead_vfs(void) {
  int status = sqlite3_initialize();
  if (status != SQLITE_OK) return status;
  return pass_register(&ahead_vfs, NULL, csqlite_read_ahead_vfs, sizeof(AheadFile), open_file);
}

int csqlite_reads_ahead(sqlite3 *database) {
  sqlite3_file *file = NULL;
  int status = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return status == SQLITE_OK && file != NULL && file->pMethods == &methods && ((AheadFile *)file)->end > 0;
}
