import CDigest

/// SHA-256 (FIPS 180-4), as OpenSSL has it. For any thread.
///
/// docs/decisions/0023-digests-of-openssl.md says why.
package enum SHA256 {
  /// In bytes.
  package static let length = 32

  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    digest { digest in
      bytes.withUnsafeBufferPointer { cdigest_sha256($0.baseAddress, $0.count, digest) }
    }
  }

  /// HMAC-SHA-256 (RFC 2104) over two parts that stand one after another.
  package static func authenticationCode(key: [UInt8], _ head: [UInt8], _ body: [UInt8]) -> [UInt8] {
    digest { code in
      key.withUnsafeBufferPointer { key in
        head.withUnsafeBufferPointer { head in
          body.withUnsafeBufferPointer { body in
            cdigest_hmac_sha256(
              key.baseAddress, key.count, head.baseAddress, head.count, body.baseAddress, body.count, code)
          }
        }
      }
    }
  }

  private static func digest(_ body: (UnsafeMutablePointer<UInt8>) -> Bool) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: length) { bytes, count in
      // Nothing could go on without it: redeliveries would be stored twice, and signatures be wrong.
      precondition(
        body(bytes.baseAddress!),
        "OpenSSL can't compute SHA-256: is its default provider switched off in openssl.cnf?")
      count = length
    }
  }
}
