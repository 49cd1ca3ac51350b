#include "digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

// Fetched once: each fetch by name asks OpenSSL's table of providers, under its lock.
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static EVP_MD *sha256;
// HMAC with SHA-256, without a key: each use is a copy.
static EVP_MAC_CTX *hmac;

static void fetch(void) {
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
  if (algorithm == NULL) return;
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(algorithm);
  EVP_MAC_free(algorithm);
  OSSL_PARAM parameters[] = {
    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0), OSSL_PARAM_construct_end()};
  if (context != NULL && EVP_MAC_CTX_set_params(context, parameters)) hmac = context;
}

bool cdigest_sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]) {
  if (!CRYPTO_THREAD_run_once(&once, fetch) || sha256 == NULL) return false;
  return EVP_Digest(bytes, count, digest, NULL, sha256, NULL) == 1;
}

bool cdigest_hmac_sha256(
  const uint8_t *key, size_t key_count, const uint8_t *head, size_t head_count, const uint8_t *body,
  size_t body_count, uint8_t code[32]) {
  if (!CRYPTO_THREAD_run_once(&once, fetch) || hmac == NULL) return false;
  EVP_MAC_CTX *context = EVP_MAC_CTX_dup(hmac);
  if (context == NULL) return false;
  size_t count = 0;
  // A key of no bytes is given as an address all the same: NULL means "the key of before" here.
  bool is_done = EVP_MAC_init(context, key_count > 0 ? key : (const uint8_t *)"", key_count, NULL)
    && EVP_MAC_update(context, head, head_count) && EVP_MAC_update(context, body, body_count)
    && EVP_MAC_final(context, code, &count, 32) && count == 32;
  EVP_MAC_CTX_free(context);
  return is_done;
}

void *cdigest_sha256_begin(void) {
  if (!CRYPTO_THREAD_run_once(&once, fetch) || sha256 == NULL) return NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context != NULL && EVP_DigestInit_ex2(context, sha256, NULL) == 1) return context;
  EVP_MD_CTX_free(context);
  return NULL;
}

bool cdigest_sha256_add(void *digest, const uint8_t *bytes, size_t count) {
  return EVP_DigestUpdate(digest, bytes, count) == 1;
}

bool cdigest_sha256_end(void *digest, uint8_t *code) {
  unsigned int count = 0;
  bool is_done = code == NULL || (EVP_DigestFinal_ex(digest, code, &count) == 1 && count == 32);
  EVP_MD_CTX_free(digest);
  return is_done;
}

bool cdigest_ed25519_public_key(const uint8_t seed[32], uint8_t key[32]) {
  ERR_set_mark();
  EVP_PKEY *pair = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed, 32);
  size_t count = 32;
  bool is_done = pair != NULL && EVP_PKEY_get_raw_public_key(pair, key, &count) == 1 && count == 32;
  EVP_PKEY_free(pair);
  ERR_pop_to_mark();
  return is_done;
}

bool cdigest_ed25519_sign(const uint8_t seed[32], const uint8_t *message, size_t count, uint8_t signature[64]) {
  ERR_set_mark();
  EVP_PKEY *pair = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed, 32);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  size_t length = 64;
  // It has its digest within, and takes the message as a whole.
  bool is_done = pair != NULL && context != NULL
    && EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, pair, NULL) == 1
    && EVP_DigestSign(context, signature, &length, message, count) == 1 && length == 64;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(pair);
  ERR_pop_to_mark();
  return is_done;
}

bool cdigest_ed25519_verify(
  const uint8_t key[32], const uint8_t *message, size_t count, const uint8_t signature[64]) {
  // What is said of a wrong signature is nobody's to read.
  ERR_set_mark();
  EVP_PKEY *half = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key, 32);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool is_right = half != NULL && context != NULL
    && EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, half, NULL) == 1
    && EVP_DigestVerify(context, signature, 64, message, count) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(half);
  ERR_pop_to_mark();
  return is_right;
}
