#ifndef FILE_SYSTEM_H
#define FILE_SYSTEM_H

// statfs(2) is not in Swift's Glibc.

/// Which kind of file system the folder is on: `f_type`; 0: the system does not say.
unsigned int csqlite_file_system_kind(const char *folder);

#endif
