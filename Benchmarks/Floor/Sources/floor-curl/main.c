// Bare libcurl: the multi interface with epoll, handles and connections reused, a POST of so many bytes each time.
//
//   floor-curl PORT REQUESTS BYTES IN_FLIGHT [ORIGINS]
//
// To 127.0.0.1, so many requests at once. With ORIGINS, they go in turn to so many names of it, each of which has connections of
// its own, as so many destinations have: few stand open for each, and all of them grow cold between two requests.
//
// Prints, of what follows the first requests of each connection, a JSON object: CPU time in microseconds per request, and requests per second.
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "../clocks.h"

static int poller;
static CURLM *multi;
static long timeout_ms = -1;
static long started, done, failed, wanted, origins = 1;
static char **urls;

static int socket_changed(CURL *easy, curl_socket_t socket, int what, void *context, void *known) {
  (void)easy, (void)context;
  if (what == CURL_POLL_REMOVE) return epoll_ctl(poller, EPOLL_CTL_DEL, socket, NULL), 0;
  struct epoll_event event = {.data.fd = socket};
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  epoll_ctl(poller, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  curl_multi_assign(multi, socket, &poller);
  return 0;
}

static int timer_changed(CURLM *handle, long milliseconds, void *context) {
  (void)handle, (void)context;
  timeout_ms = milliseconds;
  return 0;
}

static size_t ignore(char *data, size_t size, size_t count, void *context) {
  (void)data, (void)context;
  return size * count;
}

static void start(CURL *easy) {
  if (origins > 1) curl_easy_setopt(easy, CURLOPT_URL, urls[started % origins]);
  started++;
  curl_multi_add_handle(multi, easy);
}

static void collect(void) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(multi, &left))) {
    CURL *easy = message->easy_handle;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) failed++;
    done++;
    curl_multi_remove_handle(multi, easy);
    if (started < wanted) start(easy);
  }
}

int main(int count, char **arguments) {
  if (count < 5 || count > 6) return 64;
  wanted = atol(arguments[2]);
  long bytes = atol(arguments[3]), in_flight = atol(arguments[4]);
  if (count == 6) origins = atol(arguments[5]);
  char *body = malloc(bytes);
  memset(body, 'x', bytes);
  curl_global_init(CURL_GLOBAL_ALL);
  // The names are known before the first request, and never looked up.
  struct curl_slist *names = NULL;
  urls = malloc(origins * sizeof *urls);
  for (long n = 0; n < origins; n++) {
    char name[64];
    snprintf(name, sizeof name, "o%ld.test:%s:127.0.0.1", n, arguments[1]);
    names = curl_slist_append(names, name);
    urls[n] = malloc(64);
    snprintf(urls[n], 64, "http://o%ld.test:%s/", n, arguments[1]);
  }
  poller = epoll_create1(0);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_changed);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight > origins ? in_flight : origins + in_flight);
  struct curl_slist *headers = curl_slist_append(NULL, "content-type: application/json");
  headers = curl_slist_append(headers, "expect:");
  for (long n = 0; n < in_flight && started < wanted; n++) {
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, urls[0]);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, names);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10000L);
    start(easy);
  }
  double cpu = cpu_seconds(), wall = wall_seconds();
  long unmeasured = 0, first = in_flight + 2 * (origins - 1);
  int running = 0;
  struct epoll_event events[256];
  while (done < wanted) {
    int ready = epoll_wait(poller, events, 256, timeout_ms < 0 ? 1000 : (int)timeout_ms);
    for (int n = 0; n < ready; n++) {
      int flags = (events[n].events & ~EPOLLOUT ? CURL_CSELECT_IN : 0) | (events[n].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
      curl_multi_socket_action(multi, events[n].data.fd, flags, &running);
    }
    if (ready <= 0 || timeout_ms == 0) curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect();
    if (!unmeasured && done >= first) unmeasured = done, cpu = cpu_seconds(), wall = wall_seconds();
  }
  cpu = cpu_seconds() - cpu;
  wall = wall_seconds() - wall;
  printf(
    "{\"requests\":%ld,\"failed\":%ld,\"cpu_us\":%.2f,\"per_second\":%.0f}\n", done, failed, cpu / (done - unmeasured) * 1e6,
    (done - unmeasured) / wall);
  return failed > 0;
}
