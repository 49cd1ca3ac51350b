// The dashboard's files, as parts of the binary: docs/decisions/0036-the-dashboard-in-the-binary.md says why.
//
// A new file gets its lines twice, below: its bytes, and its place in the list. A test compares the list with the folder.

#include "dashboard.h"

// C23's, which clang also knows in older C.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t index_html[] = {
#embed "files/index.html"
};
static const uint8_t api_js[] = {
#embed "files/api.js"
};
static const uint8_t app_css[] = {
#embed "files/app.css"
};
static const uint8_t app_js[] = {
#embed "files/app.js"
};
static const uint8_t components_js[] = {
#embed "files/components.js"
};
static const uint8_t dom_js[] = {
#embed "files/dom.js"
};
static const uint8_t i18n_js[] = {
#embed "files/i18n.js"
};
static const uint8_t icon_svg[] = {
#embed "files/icon.svg"
};
static const uint8_t pages_css[] = {
#embed "files/pages.css"
};
static const uint8_t stream_js[] = {
#embed "files/stream.js"
};
static const uint8_t i18n_en_js[] = {
#embed "files/i18n/en.js"
};
static const uint8_t i18n_pages_en_js[] = {
#embed "files/i18n/pages.en.js"
};
static const uint8_t i18n_pages_pt_js[] = {
#embed "files/i18n/pages.pt.js"
};
static const uint8_t i18n_pt_js[] = {
#embed "files/i18n/pt.js"
};
static const uint8_t pages_dead_js[] = {
#embed "files/pages/dead.js"
};
static const uint8_t pages_event_js[] = {
#embed "files/pages/event.js"
};
static const uint8_t pages_events_js[] = {
#embed "files/pages/events.js"
};
static const uint8_t pages_live_js[] = {
#embed "files/pages/live.js"
};
static const uint8_t pages_login_js[] = {
#embed "files/pages/login.js"
};
static const uint8_t pages_operate_js[] = {
#embed "files/pages/operate.js"
};
static const uint8_t pages_overview_js[] = {
#embed "files/pages/overview.js"
};
static const uint8_t pages_parts_js[] = {
#embed "files/pages/parts.js"
};
static const uint8_t pages_try_js[] = {
#embed "files/pages/try.js"
};

#define FILE(path, bytes) {path, bytes, sizeof bytes}

static const cdashboard_file files[] = {
  FILE("index.html", index_html),
  FILE("api.js", api_js),
  FILE("app.css", app_css),
  FILE("app.js", app_js),
  FILE("components.js", components_js),
  FILE("dom.js", dom_js),
  FILE("i18n.js", i18n_js),
  FILE("icon.svg", icon_svg),
  FILE("pages.css", pages_css),
  FILE("stream.js", stream_js),
  FILE("i18n/en.js", i18n_en_js),
  FILE("i18n/pages.en.js", i18n_pages_en_js),
  FILE("i18n/pages.pt.js", i18n_pages_pt_js),
  FILE("i18n/pt.js", i18n_pt_js),
  FILE("pages/dead.js", pages_dead_js),
  FILE("pages/event.js", pages_event_js),
  FILE("pages/events.js", pages_events_js),
  FILE("pages/live.js", pages_live_js),
  FILE("pages/login.js", pages_login_js),
  FILE("pages/operate.js", pages_operate_js),
  FILE("pages/overview.js", pages_overview_js),
  FILE("pages/parts.js", pages_parts_js),
  FILE("pages/try.js", pages_try_js),
};

const cdashboard_file *cdashboard_files(size_t *count) {
  *count = sizeof files / sizeof files[0];
  return files;
}
