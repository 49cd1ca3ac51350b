#ifndef FILE_SYSTEM_H
#define FILE_SYSTEM_H

#include <stddef.h>
#include <sys/types.h>

// statfs(2), FICLONE and copy_file_range(2) are not in Swift's Glibc.

/// Which kind of file system the file or folder is on, links followed: `f_type`; 0: the system does not say.
unsigned int csqlite_file_system_kind(const char *path);

/// Makes the empty file `to` hold what `from` holds, by sharing its blocks: at once, and without room. Both descriptors
/// stay open.
///
/// 0; -1 with errno where that can't be: a file system without shared blocks (ext4), or two file systems.
int csqlite_clone_file(int to, int from);

/// Copies up to so many bytes from one file to the same place in another, within the kernel: how many; -1 with errno.
ssize_t csqlite_copy_bytes(int to, int from, off_t at, size_t count);

#endif
