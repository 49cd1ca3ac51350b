#include "read_ahead.h"

#include <stdlib.h>
#include <string.h>

// What is read at once, and how far apart two reads may be that follow each other.
enum { window = 256 << 10, near = 64 << 10 };

typedef struct {
  sqlite3_file file;
  sqlite3_file *real;
  unsigned char *scratch;
  // Where the last read began, and what was read ahead: from `first` to before `end`.
  sqlite3_int64 last, first, end;
} AheadFile;

typedef struct {
  sqlite3_vfs vfs;
  sqlite3_vfs *base;
} AheadVFS;

static AheadVFS ahead_vfs;

static sqlite3_file *real(sqlite3_file *file) { return ((AheadFile *)file)->real; }

// The system keeps what is read here: the reads that follow find it. Whether it can be read is theirs to find out.
static void read_ahead(AheadFile *ahead, sqlite3_int64 offset) {
  ahead->end = offset;
  ahead->first = offset > window ? offset - window : 0;
  ahead->real->pMethods->xRead(ahead->real, ahead->scratch, (int)(ahead->end - ahead->first), ahead->first);
}

static int ahead_read(sqlite3_file *file, void *data, int length, sqlite3_int64 offset) {
  AheadFile *ahead = (AheadFile *)file;
  int goes_back = offset < ahead->last && ahead->last - offset <= near;
  ahead->last = offset;
  if (goes_back && offset > 0 && !(offset > ahead->first && offset <= ahead->end)) read_ahead(ahead, offset);
  return ahead->real->pMethods->xRead(ahead->real, data, length, offset);
}

static int ahead_close(sqlite3_file *file) {
  free(((AheadFile *)file)->scratch);
  return real(file)->pMethods->xClose(real(file));
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

static int ahead_lock(sqlite3_file *file, int lock) { return real(file)->pMethods->xLock(real(file), lock); }

static int ahead_unlock(sqlite3_file *file, int lock) { return real(file)->pMethods->xUnlock(real(file), lock); }

static int ahead_check_lock(sqlite3_file *file, int *result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}

static int ahead_control(sqlite3_file *file, int operation, void *argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int ahead_sector_size(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }

static int ahead_characteristics(sqlite3_file *file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
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
  .xClose = ahead_close,
  .xRead = ahead_read,
  .xWrite = ahead_write,
  .xTruncate = ahead_truncate,
  .xSync = ahead_sync,
  .xFileSize = ahead_size,
  .xLock = ahead_lock,
  .xUnlock = ahead_unlock,
  .xCheckReservedLock = ahead_check_lock,
  .xFileControl = ahead_control,
  .xSectorSize = ahead_sector_size,
  .xDeviceCharacteristics = ahead_characteristics,
  .xShmMap = ahead_shm_map,
  .xShmLock = ahead_shm_lock,
  .xShmBarrier = ahead_shm_barrier,
  .xShmUnmap = ahead_shm_unmap,
};

// All files but databases are the base VFS's own.
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out) {
  sqlite3_vfs *base = ((AheadVFS *)vfs)->base;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return base->xOpen(base, name, file, flags, flags_out);
  AheadFile *ahead = (AheadFile *)file;
  memset(ahead, 0, sizeof *ahead);
  ahead->real = (sqlite3_file *)(ahead + 1);
  ahead->scratch = malloc(window);
  if (ahead->scratch == NULL) return SQLITE_NOMEM;
  int status = base->xOpen(base, name, ahead->real, flags, flags_out);
  if (status != SQLITE_OK) {
    free(ahead->scratch);
    return status;
  }
  ahead->file.pMethods = &methods;
  return SQLITE_OK;
}

int csqlite_register_read_ahead_vfs(void) {
  int status = sqlite3_initialize();
  if (status != SQLITE_OK) return status;
  sqlite3_vfs *base = sqlite3_vfs_find(NULL);
  if (base == NULL) return SQLITE_NOTFOUND;
  ahead_vfs.base = base;
  ahead_vfs.vfs = *base;
  ahead_vfs.vfs.zName = csqlite_read_ahead_vfs;
  ahead_vfs.vfs.pNext = NULL;
  ahead_vfs.vfs.szOsFile = (int)sizeof(AheadFile) + base->szOsFile;
  ahead_vfs.vfs.xOpen = open_file;
  return sqlite3_vfs_register(&ahead_vfs.vfs, 0);
}

int csqlite_reads_ahead(sqlite3 *database) {
  sqlite3_file *file = NULL;
  int status = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return status == SQLITE_OK && file != NULL && file->pMethods == &methods && ((AheadFile *)file)->end > 0;
}
