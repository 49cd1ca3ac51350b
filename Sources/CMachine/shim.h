#ifndef CMACHINE_SHIM_H
#define CMACHINE_SHIM_H

#include <sys/timex.h>
#include <sys/vfs.h>

// What Swift's Glibc does not show.

// Asks whether somebody keeps the clock right. Returns TIME_OK to TIME_ERROR (which is: nobody); -1 if that can't be asked.
// The errors are in microseconds, as who keeps it reckons.
static inline int cmachine_clock(long *estimated_error, long *maximum_error) {
  struct timex clock = {0};
  int state = adjtimex(&clock);
  *estimated_error = clock.esterror;
  *maximum_error = clock.maxerror;
  if (state != -1 && (clock.status & STA_UNSYNC)) return TIME_ERROR;
  return state;
}

static const int cmachine_clock_error = TIME_ERROR;

// f_type of statfs(2); 0: it can't be asked.
static inline unsigned int cmachine_file_system(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (unsigned int)status.f_type : 0;
}

// The variables of the environment, as NAME=VALUE, and a null pointer after the last. Swift takes the variable itself for shared
// state. Nobody sets one while the relay runs.
extern char **environ;
static inline char *const *cmachine_environment(void) { return environ; }

#endif
