// For copy_file_range(2).
#define _GNU_SOURCE

#include "file_system.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

unsigned int csqlite_file_system_kind(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (unsigned int)status.f_type : 0;
}

int csqlite_clone_file(int to, int from) { return ioctl(to, FICLONE, from); }

ssize_t csqlite_copy_bytes(int to, int from, off_t at, size_t count) {
  off_t source = at, target = at;
  return copy_file_range(from, &source, to, &target, count, 0);
}
