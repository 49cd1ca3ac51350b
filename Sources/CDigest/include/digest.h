#ifndef CDIGEST_H
#define CDIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// All are for any thread. They return false where OpenSSL can't: no memory, or no provider that has SHA-256.

// Of what comes piece by piece: one at a time, from any thread. NULL where OpenSSL can't.
void *cdigest_sha256_begin(void);
bool cdigest_sha256_add(void *digest, const uint8_t *bytes, size_t count);
// The digest is gone after either; `code` NULL: nobody wants it.
bool cdigest_sha256_end(void *digest, uint8_t *code);

bool cdigest_sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]);

// HMAC-SHA-256 (RFC 2104) over `head`, then `body`.
bool cdigest_hmac_sha256(
  const uint8_t *key, size_t key_count, const uint8_t *head, size_t head_count, const uint8_t *body,
  size_t body_count, uint8_t code[32]);

// Ed25519 (RFC 8032). They return false where OpenSSL can't, or has no Ed25519 (its FIPS provider may have none).

bool cdigest_ed25519_public_key(const uint8_t seed[32], uint8_t key[32]);
bool cdigest_ed25519_sign(const uint8_t seed[32], const uint8_t *message, size_t count, uint8_t signature[64]);
// Also false where the signature is another one.
bool cdigest_ed25519_verify(
  const uint8_t key[32], const uint8_t *message, size_t count, const uint8_t signature[64]);

#endif
