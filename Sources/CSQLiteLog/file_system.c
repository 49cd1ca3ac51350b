#include "file_system.h"

#include <sys/vfs.h>

unsigned int csqlite_file_system_kind(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (unsigned int)status.f_type : 0;
}
