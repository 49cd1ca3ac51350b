#ifndef FILE_SYSTEM_H
#define FILE_SYSTEM_H

// statfs(2) is not in Swift's Glibc.

/// Which kind of file system the file or folder is on, links followed: `f_type`; 0: the system does not say.
unsigned int csqlite_file_system_kind(const char *path);

#endif
