#ifndef SQLITE_LOG_H
#define SQLITE_LOG_H

// A SQLite VFS that writes the log (WAL) in few large pieces: SQLite itself writes each page's frame in two, and a commit
// of fifty events is some sixty system calls.
//
// Only for connections with synchronous=FULL, on file systems where an overwrite is powersafe (SQLite's default): what is
// buffered is written before each sync, and then SQLite syncs a commit whole before it lets anybody see it. After a
// rollback, call csqlite_log_discard.

#include <sqlite3.h>

/// Registers the VFS, over SQLite's own; once in the process. A second one keeps the log's index in the process's memory
/// (SQLite's "unix-excl"): other processes can't open the database then.
///
/// Returns SQLITE_OK, or why SQLite could not start.
int csqlite_register_log_vfs(void);

/// Forgets what a transaction that was rolled back has written to the log. For connections of other VFSs: nothing.
void csqlite_log_discard(sqlite3 *database);

/// The system's error of the last call on the log's file that failed, as it was when it failed; 0: none has since the last
/// time this was asked. For connections of other VFSs: 0.
int csqlite_log_take_error(sqlite3 *database);

/// Where in the log's file the last write ended. For connections of other VFSs: 0.
sqlite3_int64 csqlite_log_end(sqlite3 *database);

static const char *const csqlite_log_vfs = "huggy-relay";
static const char *const csqlite_log_vfs_own_index = "huggy-relay-own-index";

#endif
