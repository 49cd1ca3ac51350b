import CDigest

/// SHA-256 of what comes piece by piece. Used by one thread at a time.
package final class SHA256Stream {
  /// nil: it has been taken.
  private var digest: UnsafeMutableRawPointer?

  package init() {
    digest = cdigest_sha256_begin()
    precondition(
      digest != nil, "OpenSSL can't compute SHA-256: is its default provider switched off in openssl.cnf?")
  }

  deinit {
    if let digest { _ = cdigest_sha256_end(digest, nil) }
  }

  package func add(_ bytes: UnsafeRawBufferPointer) {
    guard let digest, let start = bytes.baseAddress else { return }
    precondition(cdigest_sha256_add(digest, start.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  /// The digest of all that was added: 32 bytes. Asked once.
  package func finish() -> [UInt8] {
    guard let digest else { return [] }
    self.digest = nil
    return [UInt8](unsafeUninitializedCapacity: SHA256.length) { bytes, count in
      precondition(cdigest_sha256_end(digest, bytes.baseAddress!))
      count = SHA256.length
    }
  }
}

@available(*, unavailable)
extension SHA256Stream: Sendable {}
