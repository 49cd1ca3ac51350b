import CDigest

/// Ed25519 signatures (RFC 8032), as OpenSSL has them. For any thread.
package enum Ed25519 {
  /// In bytes: of a seed, which is what is secret of a key, and of a public key.
  package static let keyLength = 32
  /// In bytes.
  package static let signatureLength = 64

  /// What the holder of this seed is known by.
  ///
  /// - Parameter seed: `keyLength` bytes.
  /// - Returns: nil: OpenSSL has no Ed25519 here.
  package static func publicKey(ofSeed seed: [UInt8]) -> [UInt8]? {
    precondition(seed.count == keyLength)
    return bytes(keyLength) { key in cdigest_ed25519_public_key(seed, key) }
  }

  /// - Parameter seed: `keyLength` bytes.
  /// - Returns: nil: OpenSSL has no Ed25519 here.
  package static func signature(of message: [UInt8], seed: [UInt8]) -> [UInt8]? {
    precondition(seed.count == keyLength)
    return bytes(signatureLength) { signature in
      message.withUnsafeBufferPointer {
        cdigest_ed25519_sign(seed, $0.baseAddress, $0.count, signature)
      }
    }
  }

  /// Whether the holder of the public key's seed has signed this message.
  package static func verifies(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
    guard signature.count == signatureLength, publicKey.count == keyLength else { return false }
    return message.withUnsafeBufferPointer {
      cdigest_ed25519_verify(publicKey, $0.baseAddress, $0.count, signature)
    }
  }

  private static func bytes(_ length: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Bool) -> [UInt8]? {
    var isDone = false
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      isDone = write(buffer.baseAddress!)
      count = isDone ? length : 0
    }
    return isDone ? bytes : nil
  }
}
