#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

#include <sqlite3.h>

// sqlite3_config is variadic, which Swift can't call.

/// Without statistics of its memory SQLite takes no lock for each piece of it. Before the first connection.
static inline int csqlite_forget_memory_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

/// Reads the database file's first bytes from the file, past SQLite's cache, though not past the system's.
///
/// Returns SQLITE_OK, or why they can't be read.
static inline int csqlite_read_header(sqlite3 *database) {
  sqlite3_file *file = 0;
  char header[100];
  int status = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (status != SQLITE_OK || file == 0 || file->pMethods == 0) return SQLITE_ERROR;
  return file->pMethods->xRead(file, header, sizeof header, 0);
}

/// The close leaves the log as it is: neither moves it into the file nor removes it.
static inline int csqlite_keep_log_on_close(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

#endif
