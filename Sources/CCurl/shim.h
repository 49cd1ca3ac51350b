#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>

// curl_easy_setopt and its kin are variadic, which Swift can't call: one typed setter per C type.
// An option takes exactly the type that its manual page names: a long is never an int.

#pragma clang assume_nonnull begin

// A macro with a cast, which Swift does not see.
static const long ccurl_auth_basic = CURLAUTH_BASIC;

// Its argument is a macro, too. What it returns is libcurl's own and never changes.
static inline const curl_version_info_data *ccurl_version(void) { return curl_version_info(CURLVERSION_NOW); }

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

// libcurl copies strings (but not CURLOPT_POSTFIELDS, which goes through ccurl_set_pointer).
static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *_Nullable value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, const void *_Nullable value) {
  return curl_easy_setopt(easy, option, value);
}

// libcurl copies the bytes.
static inline CURLcode ccurl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
  struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY};
  return curl_easy_setopt(easy, option, &blob);
}

static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *_Nullable list) {
  return curl_easy_setopt(easy, option, list);
}

typedef size_t (*ccurl_write_callback)(char *data, size_t size, size_t count, void *_Nullable context);

static inline CURLcode ccurl_set_write_callback(CURL *easy, ccurl_write_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
}

// One header line, with its end; the empty line that ends a header too.
static inline CURLcode ccurl_set_header_callback(CURL *easy, ccurl_write_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
}

typedef int (*ccurl_prereq_callback)(
    void *_Nullable context, char *_Nullable remote_address, char *_Nullable local_address, int remote_port,
    int local_port);

static inline CURLcode ccurl_set_prereq_callback(CURL *easy, ccurl_prereq_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}

typedef curl_socket_t (*ccurl_opensocket_callback)(
    void *_Nullable context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode ccurl_set_opensocket_callback(CURL *easy, ccurl_opensocket_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
}

typedef int (*ccurl_closesocket_callback)(void *_Nullable context, curl_socket_t socket);

static inline CURLcode ccurl_set_closesocket_callback(CURL *easy, ccurl_closesocket_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, callback);
}

typedef int (*ccurl_progress_callback)(
    void *_Nullable context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up);

static inline CURLcode ccurl_set_progress_callback(CURL *easy, ccurl_progress_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, callback);
}

typedef int (*ccurl_debug_callback)(
    CURL *easy, curl_infotype kind, char *data, size_t size, void *_Nullable context);

static inline CURLcode ccurl_set_debug_callback(CURL *easy, ccurl_debug_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, callback);
}

typedef CURLcode (*ccurl_tls_callback)(CURL *easy, void *tls_context, void *_Nullable context);

static inline CURLcode ccurl_set_tls_callback(CURL *easy, ccurl_tls_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, callback);
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO info, void *_Nullable *_Nonnull value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_pointer(CURLM *multi, CURLMoption option, void *_Nullable value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLSHcode ccurl_share(CURLSH *share, curl_lock_data what) {
  return curl_share_setopt(share, CURLSHOPT_SHARE, what);
}

typedef int (*ccurl_socket_callback)(
    CURL *easy, curl_socket_t socket, int what, void *_Nullable context, void *_Nullable socket_context);

static inline CURLMcode ccurl_multi_set_socket_callback(CURLM *multi, ccurl_socket_callback callback) {
  return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
}

typedef int (*ccurl_timer_callback)(CURLM *multi, long timeout_ms, void *_Nullable context);

static inline CURLMcode ccurl_multi_set_timer_callback(CURLM *multi, ccurl_timer_callback callback) {
  return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
}

// CURLMsg holds a union: its parts, by type.
static inline CURLcode ccurl_message_result(const CURLMsg *message) { return message->data.result; }

#pragma clang assume_nonnull end

#endif
