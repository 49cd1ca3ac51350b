#ifndef SQLITE_LOG_H
#define SQLITE_LOG_H

// A SQLite VFS that writes the log (WAL) in few large pieces: SQLite itself writes each page's frame in two, and a commit
// of fifty events is some sixty system calls.
//
// Only for connections with synchronous=FULL: what is buffered is written before each sync, and with FULL SQLite syncs
// before it lets anybody see a commit.

/// Registers the VFS under this name; once in the process.
///
/// Returns SQLITE_OK, or why SQLite could not start.
int csqlite_register_log_vfs(void);

static const char *const csqlite_log_vfs = "huggy-relay";

#endif
