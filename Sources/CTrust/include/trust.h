#ifndef CTRUST_H
#define CTRUST_H

#include <stddef.h>

// Whom to believe, in OpenSSL's terms: a set of authorities that many connections share, and what is wrong with a
// certificate that is not believed.
//
// A set is filled by one thread before it is used; after that any thread may use it, and connections keep it alive.

#pragma clang assume_nonnull begin

typedef struct ctrust_problem {
  // OpenSSL's number (X509_V_ERR_…), and its words.
  int code;
  const char *words;
  // How far from the server's own certificate, which is 0.
  int depth;
  // Of the certificate that the problem is with: names as RFC 2253 writes them, cut where they are too long; times as
  // RFC 3339 writes them, empty where they can't be read.
  char subject[256];
  char issuer[256];
  char not_before[32];
  char not_after[32];
} ctrust_problem;

typedef void (*ctrust_report)(void *owner, void *transfer, const ctrust_problem *problem);

// The version that the headers belong to: its first number.
int ctrust_openssl_major(void);

// An empty set; NULL: out of memory.
void *_Nullable ctrust_store_new(void);
void ctrust_store_free(void *store);

// Adds what the PEM text holds. Returns how many certificates it has; -1 if one of them is malformed.
int ctrust_store_add(void *store, const void *bytes, size_t count);

// Looks in this folder, too, or in these, with ':' between them: for files whose names are hashes of the authorities'
// names. They are read when they are asked for. Returns 0 if that can't be.
int ctrust_store_add_folders(void *store, const char *folders);

// Has a new connection's certificates checked against the set, and reports what is wrong.
//
// - context: the connection's SSL_CTX.
// - owner: handed to `report`, as `transfer` is; it must live as long as the connection.
// Returns 0 if that can't be.
int ctrust_apply(void *context, void *store, void *owner, void *transfer, ctrust_report report);

// When a certificate ends, and whose it is.
//
// - pem: one certificate as text, and what stands around it.
// - subject: 256 bytes; as that of a problem.
// - not_after: seconds since 1970.
// Returns 0 if it can't be read.
int ctrust_read_certificate(const char *pem, char *subject, long long *not_after);

// What is wrong with a client's certificate and key.
enum {
  CTRUST_PAIR_FITS = 0,
  // One of the certificates can't be read, or there is none.
  CTRUST_PAIR_BAD_CERTIFICATE = 1,
  CTRUST_PAIR_BAD_KEY = 2,
  // A passphrase would be needed. Nobody is asked for one.
  CTRUST_PAIR_ENCRYPTED_KEY = 3,
  // It is not the first certificate's.
  CTRUST_PAIR_OTHER_KEY = 4,
};

// Looks at the certificates of one PEM text and at the key of another, which may be the same.
//
// - subject, not_after: of the certificate that ends first, as ctrust_read_certificate tells them; where all is well.
int ctrust_check_pair(
    const void *certificates, size_t certificates_count, const void *key, size_t key_count, char *subject,
    long long *not_after);

#pragma clang assume_nonnull end

#endif
