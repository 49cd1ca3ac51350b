#ifndef CDASHBOARD_H
#define CDASHBOARD_H

#include <stddef.h>
#include <stdint.h>

// A file of the dashboard, as it stands in the folder `files`.
typedef struct {
  // Relative to that folder: `index.html`, `pages/overview.js`.
  const char *path;
  const uint8_t *bytes;
  size_t count;
} cdashboard_file;

// All of them, in no order; they live as long as the process.
const cdashboard_file *cdashboard_files(size_t *count);

#endif
