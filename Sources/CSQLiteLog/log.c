#include "sqlite_log.h"

#include <errno.h>

#include "passing_file.h"

// SQLite's own VFS writes at most 128 KiB at a time.
enum { capacity = 64 << 10 };

// The log's file, and what has been written to it but not passed on: `length` bytes that belong at `offset`.
typedef struct {
  PassingFile passing;
  sqlite3_int64 offset;
  int length;
  // Where the last write ended: SQLite begins at the front again once all that stands here is in the database.
  sqlite3_int64 end;
  // The system's error of the last call that failed; 0: none has.
  int error;
} LogFile;

static PassingVFS shared_index, own_index;

// After a rollback: frames of a transaction that came to nothing. SQLite would write them over; but until then somebody else
// may write to the log, and they must not go after that.
static void discard(sqlite3_file *file) { ((LogFile *)file)->length = 0; }

// Keeps the system's error: by the time that SQLite's caller asks for it, other calls may have set another one.
static int noted(LogFile *log, int status) {
  if (status == SQLITE_OK || status == SQLITE_IOERR_SHORT_READ) return status;
  int error = 0;
  log->passing.real->pMethods->xFileControl(log->passing.real, SQLITE_FCNTL_LAST_ERRNO, &error);
  // SQLite does not keep this one: its own status says it.
  log->error = status == SQLITE_FULL ? ENOSPC : error;
  return status;
}

static int write_through(LogFile *log, const void *data, int length, sqlite3_int64 offset) {
  return noted(log, log->passing.real->pMethods->xWrite(log->passing.real, data, length, offset));
}

// What can't be written is forgotten: the caller fails, and SQLite with it rolls the transaction back.
static int flush(sqlite3_file *file) {
  LogFile *log = (LogFile *)file;
  int length = log->length;
  log->length = 0;
  return length == 0 ? SQLITE_OK : write_through(log, log->passing.buffer, length, log->offset);
}

static int log_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 offset) {
  LogFile *log = (LogFile *)file;
  log->end = offset + length;
  int continues = log->length > 0 && offset == log->offset + log->length && log->length + length <= capacity;
  if (!continues) {
    int status = flush(file);
    if (status != SQLITE_OK) return status;
    log->offset = offset;
  }
  if (length > capacity) return write_through(log, data, length, offset);
  memcpy(log->passing.buffer + log->length, data, length);
  log->length += length;
  return SQLITE_OK;
}

static int log_sync(sqlite3_file *file, int flags) {
  int status = flush(file);
  return status != SQLITE_OK ? status : noted((LogFile *)file, real(file)->pMethods->xSync(real(file), flags));
}

static int log_read(sqlite3_file *file, void *data, int length, sqlite3_int64 offset) {
  int status = flush(file);
  return status != SQLITE_OK ? status : real(file)->pMethods->xRead(real(file), data, length, offset);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size) {
  int status = flush(file);
  if (size < ((LogFile *)file)->end) ((LogFile *)file)->end = size;
  return status != SQLITE_OK ? status : noted((LogFile *)file, real(file)->pMethods->xTruncate(real(file), size));
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size) {
  int status = flush(file);
  return status != SQLITE_OK ? status : real(file)->pMethods->xFileSize(real(file), size);
}

// What has not been synced by now was never committed.
static int log_close(sqlite3_file *file) {
  discard(file);
  return pass_close(file);
}

// Version 1: no shared memory (that is the database file's) and no memory mapping.
static const sqlite3_io_methods methods = {
  .iVersion = 1,
  .xClose = log_close,
  .xRead = log_read,
  .xWrite = log_write,
  .xTruncate = log_truncate,
  .xSync = log_sync,
  .xFileSize = log_size,
  .xLock = pass_lock,
  .xUnlock = pass_unlock,
  .xCheckReservedLock = pass_check_lock,
  .xFileControl = pass_control,
  .xSectorSize = pass_sector_size,
  .xDeviceCharacteristics = pass_characteristics,
};

// All files but logs are the base VFS's own.
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out) {
  sqlite3_vfs *base = ((PassingVFS *)vfs)->base;
  if ((flags & SQLITE_OPEN_WAL) == 0) return base->xOpen(base, name, file, flags, flags_out);
  return pass_open(vfs, name, file, flags, flags_out, sizeof(LogFile), capacity, &methods);
}

static int register_over(const char *base_name, PassingVFS *vfs, const char *name) {
  return pass_register(vfs, base_name, name, sizeof(LogFile), open_file);
}

int csqlite_register_log_vfs(void) {
  int status = sqlite3_initialize();
  if (status == SQLITE_OK) status = register_over(NULL, &shared_index, csqlite_log_vfs);
  if (status == SQLITE_OK) status = register_over("unix-excl", &own_index, csqlite_log_vfs_own_index);
  return status;
}

// NULL: the connection is of another VFS.
static LogFile *log_of(sqlite3 *database) {
  sqlite3_file *file = NULL;
  // With a log, this is the log's file.
  int status = sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  return status == SQLITE_OK && file != NULL && file->pMethods == &methods ? (LogFile *)file : NULL;
}

void csqlite_log_discard(sqlite3 *database) {
  LogFile *log = log_of(database);
  if (log != NULL) discard(&log->passing.file);
}

int csqlite_log_take_error(sqlite3 *database) {
  LogFile *log = log_of(database);
  if (log == NULL) return 0;
  int error = log->error;
  log->error = 0;
  return error;
}

sqlite3_int64 csqlite_log_end(sqlite3 *database) {
  LogFile *log = log_of(database);
  return log == NULL ? 0 : log->end;
}
