#!/usr/bin/env bash
# libcurl checks a second connection's certificate with the authorities that CURLOPT_SSL_CTX_FUNCTION gave to the first.
#
# Seen with libcurl 7.88.1 (Debian 12's libcurl4 7.88.1-10+deb12u15) and OpenSSL 3.0.19, without CAINFO and CAPATH.
# The manual says that the callback may change the SSL_CTX "just before the initialization of an SSL connection". But the
# store of authorities is filled after it, when the server's first bytes are awaited: libcurl puts the context's store, which
# is the callback's by then, into its cache of parsed authorities (new in 7.87), and for later connections of the same multi
# handle it puts that one over whatever the callback has given. An authority that was taken away is believed for a day.
# SSL_CTX_set1_verify_cert_store, or CURLOPT_CA_CACHE_TIMEOUT 0, is a way out.
#
# Output seen:
#   libcurl/7.88.1 OpenSSL/3.0.19
#   believing the server's authority: 0
#   believing another one: 0
set -euo pipefail

folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
for tool in cc openssl curl-config; do
  command -v "$tool" >/dev/null || { echo "needs cc, openssl and libcurl4-openssl-dev"; exit 2; }
done
[[ $(curl-config --version) == "libcurl 7.88.1" ]] || { echo "another libcurl: $(curl-config --version)"; exit 2; }

key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2)
for name in ours theirs; do
  openssl req -x509 "${key[@]}" -subj "/CN=$name" -keyout $name.key -out $name.pem 2>/dev/null
done
openssl req -x509 "${key[@]}" -subj /CN=server -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=CA:FALSE \
  -CA ours.pem -CAkey ours.key -keyout server.key -out server.pem 2>/dev/null

cat >probe.c <<'C'
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>

static const char *authority;

static CURLcode give(CURL *easy, void *context, void *unused) {
  (void)easy, (void)unused;
  X509_STORE *store = X509_STORE_new();
  X509_STORE_load_file(store, authority);
  SSL_CTX_set_cert_store(context, store);
  return CURLE_OK;
}

static size_t ignore(char *data, size_t size, size_t count, void *unused) {
  (void)data, (void)unused;
  return size * count;
}

static int ask(CURL *easy, const char *file) {
  authority = file;
  return curl_easy_perform(easy);
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, arguments[1]);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
  curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, give);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
  // Each request has a connection and a handshake of its own.
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  int first = ask(easy, "ours.pem"), second = ask(easy, "theirs.pem");
  printf("libcurl/%s %s\n", curl_version_info(CURLVERSION_NOW)->version, curl_version_info(CURLVERSION_NOW)->ssl_version);
  printf("believing the server's authority: %d\nbelieving another one: %d\n", first, second);
  // 60 is the failure that there should be.
  return first == 0 && second == 0 ? 0 : 1;
}
C
cc -o probe probe.c -lcurl -lssl -lcrypto

# The system gives a free port, and the server says which.
openssl s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -www >server.log 2>&1 &
server=$!
for _ in $(seq 50); do
  port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server.log | head -n 1)
  [[ -z $port ]] || break
  sleep 0.1
done
[[ -n $port ]] || { echo "the server did not start"; exit 2; }
./probe "https://127.0.0.1:$port/"
