#include "trust.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int ctrust_openssl_major(void) { return OPENSSL_VERSION_MAJOR; }

void *ctrust_store_new(void) {
  X509_STORE *store = X509_STORE_new();
  // As libcurl has it: what is here comes before what a server sends, and an authority in between may end the chain.
  if (store) X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

void ctrust_store_free(void *store) { X509_STORE_free(store); }

int ctrust_store_add(void *store, const void *bytes, size_t count) {
  int found = -1;
  BIO *text = count <= INT_MAX ? BIO_new_mem_buf(bytes, (int)count) : NULL;
  STACK_OF(X509_INFO) *items = text ? PEM_X509_INFO_read_bio(text, NULL, NULL, NULL) : NULL;
  if (items) {
    found = 0;
    for (int i = 0; i < sk_X509_INFO_num(items); i++) {
      X509_INFO *item = sk_X509_INFO_value(items, i);
      if (item->x509 && X509_STORE_add_cert(store, item->x509)) found++;
      if (item->crl) X509_STORE_add_crl(store, item->crl);
    }
    sk_X509_INFO_pop_free(items, X509_INFO_free);
  }
  BIO_free(text);
  // What failed here must not be told as the reason of something else.
  ERR_clear_error();
  return found;
}

int ctrust_store_add_folders(void *store, const char *folders) {
  int done = X509_STORE_load_path(store, folders);
  ERR_clear_error();
  return done;
}

// Where a connection's context keeps who is told of its problems.
static int owner_index = -1, transfer_index = -1, report_index = -1;

static void make_indexes(void) {
  owner_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
  transfer_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
  report_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static void print_name(const X509_NAME *name, char *text, size_t size) {
  BIO *memory = BIO_new(BIO_s_mem());
  text[0] = 0;
  if (!memory) return;
  // Bytes beyond ASCII stay as they are, in UTF-8; control characters are written as their numbers.
  X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  int count = BIO_read(memory, text, (int)size - 1);
  text[count > 0 ? count : 0] = 0;
  BIO_free(memory);
}

static void print_time(const ASN1_TIME *time, char *text, size_t size) {
  struct tm parts;
  text[0] = 0;
  if (!time || !ASN1_TIME_to_tm(time, &parts)) return;
  strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static int verified(int is_good, X509_STORE_CTX *check) {
  if (is_good) return is_good;
  SSL *connection = X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
  SSL_CTX *context = connection ? SSL_get_SSL_CTX(connection) : NULL;
  void *owner = context ? SSL_CTX_get_ex_data(context, owner_index) : NULL;
  if (!owner) return is_good;
  ctrust_report report = (ctrust_report)SSL_CTX_get_ex_data(context, report_index);
  ctrust_problem problem = {.code = X509_STORE_CTX_get_error(check), .depth = X509_STORE_CTX_get_error_depth(check)};
  problem.words = X509_verify_cert_error_string(problem.code);
  X509 *certificate = X509_STORE_CTX_get_current_cert(check);
  if (certificate) {
    print_name(X509_get_subject_name(certificate), problem.subject, sizeof problem.subject);
    print_name(X509_get_issuer_name(certificate), problem.issuer, sizeof problem.issuer);
    print_time(X509_get0_notBefore(certificate), problem.not_before, sizeof problem.not_before);
    print_time(X509_get0_notAfter(certificate), problem.not_after, sizeof problem.not_after);
  }
  report(owner, SSL_CTX_get_ex_data(context, transfer_index), &problem);
  return is_good;
}

int ctrust_apply(void *context, void *store, void *owner, void *transfer, ctrust_report report) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_indexes);
  if (owner_index < 0 || transfer_index < 0 || report_index < 0) return 0;
  // Not the context's own store: libcurl 7.88 keeps the first of a multi handle's and puts it in again after this.
  if (!SSL_CTX_set1_verify_cert_store(context, (X509_STORE *)store)) return 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verified);
  return SSL_CTX_set_ex_data(context, owner_index, owner) && SSL_CTX_set_ex_data(context, transfer_index, transfer)
         && SSL_CTX_set_ex_data(context, report_index, (void *)report);
}

int ctrust_read_certificate(const char *pem, char *subject, long long *not_after) {
  int is_read = 0;
  struct tm parts;
  BIO *text = BIO_new_mem_buf(pem, -1);
  X509 *certificate = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;
  if (certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts)) {
    print_name(X509_get_subject_name(certificate), subject, 256);
    *not_after = timegm(&parts);
    is_read = 1;
  }
  X509_free(certificate);
  BIO_free(text);
  ERR_clear_error();
  return is_read;
}

// Called where a key needs a passphrase: there is none, and nobody is at a terminal.
static int no_passphrase(char *buffer, int size, int is_writing, void *was_asked) {
  (void)buffer, (void)size, (void)is_writing;
  *(int *)was_asked = 1;
  return -1;
}

static int ends_before(const X509 *one, const X509 *other) {
  return ASN1_TIME_compare(X509_get0_notAfter(one), X509_get0_notAfter(other)) < 0;
}

// The first certificate of a text, which the caller frees, and what is told of the one that ends first; NULL: one can't be read.
static X509 *read_certificates(BIO *text, char *subject, long long *not_after) {
  X509 *first = PEM_read_bio_X509(text, NULL, NULL, NULL), *soonest = first, *next = NULL;
  STACK_OF(X509) *others = sk_X509_new_null();
  struct tm parts;
  int is_good = first != NULL && others != NULL;
  while (is_good && (next = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
    is_good = sk_X509_push(others, next) > 0;
    if (is_good && ends_before(next, soonest)) soonest = next;
    if (!is_good) X509_free(next);
  }
  // The end of the text is the only reason to end.
  if (is_good) is_good = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (is_good && (is_good = ASN1_TIME_to_tm(X509_get0_notAfter(soonest), &parts))) {
    print_name(X509_get_subject_name(soonest), subject, 256);
    *not_after = timegm(&parts);
  }
  sk_X509_pop_free(others, X509_free);
  if (is_good) return first;
  X509_free(first);
  return NULL;
}

int ctrust_check_pair(
    const void *certificates, size_t certificates_count, const void *key, size_t key_count, char *subject,
    long long *not_after) {
  if (certificates_count > INT_MAX || key_count > INT_MAX) return CTRUST_PAIR_BAD_CERTIFICATE;
  int verdict = CTRUST_PAIR_BAD_CERTIFICATE, was_asked = 0;
  ERR_clear_error();
  BIO *text = BIO_new_mem_buf(certificates, (int)certificates_count);
  BIO *key_text = BIO_new_mem_buf(key, (int)key_count);
  X509 *first = text ? read_certificates(text, subject, not_after) : NULL;
  if (first && key_text) {
    EVP_PKEY *pair = PEM_read_bio_PrivateKey(key_text, NULL, no_passphrase, &was_asked);
    if (!pair) verdict = was_asked ? CTRUST_PAIR_ENCRYPTED_KEY : CTRUST_PAIR_BAD_KEY;
    else verdict = X509_check_private_key(first, pair) ? CTRUST_PAIR_FITS : CTRUST_PAIR_OTHER_KEY;
    EVP_PKEY_free(pair);
  }
  X509_free(first);
  BIO_free(text);
  BIO_free(key_text);
  ERR_clear_error();
  return verdict;
}
