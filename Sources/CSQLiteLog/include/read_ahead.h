#ifndef READ_AHEAD_H
#define READ_AHEAD_H

// A SQLite VFS for a connection that reads a table backwards, from its newest rows on: the system reads ahead where a file is read
// forwards, and backwards each page of 4 KiB would be a read of the disk's. This one reads 256 KiB that lie before.
//
// For connections that only read.

#include <sqlite3.h>

/// Registers the VFS, over SQLite's own; once in the process.
///
/// Returns SQLITE_OK, or why SQLite could not start.
int csqlite_register_read_ahead_vfs(void);

/// Whether the connection has read ahead. For connections of other VFSs: 0.
int csqlite_reads_ahead(sqlite3 *database);

static const char *const csqlite_read_ahead_vfs = "huggy-relay-read-ahead";

#endif
