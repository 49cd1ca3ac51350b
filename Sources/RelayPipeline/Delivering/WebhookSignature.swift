import RelayCore
import RelayDigest

/// Standard Webhooks 1.0 signatures (https://www.standardwebhooks.com) over `id.timestamp.body`: HMAC-SHA-256 (`v1`), or Ed25519
/// (`v1a`).
package enum WebhookSignature {
  /// The `webhook-signature` header: `VERSION,BASE64` for each secret that has not ended, separated by spaces; empty: there is none.
  ///
  /// - Parameter timestamp: Whole seconds since the epoch, as in `webhook-timestamp`.
  package static func header(id: String, timestamp: Int64, body: [UInt8], secrets: [SigningSecret]) -> String
  {
    let now = Timestamp(microseconds: timestamp * 1_000_000)
    return secrets.filter { $0.counts(at: now) }.map { secret in
      let signature = signature(id: id, timestamp: timestamp, body: body, secret: secret)
      return "\(secret.scheme.version),\(Base64.text(signature))"
    }.joined(separator: " ")
  }

  private static func signature(
    id: String, timestamp: Int64, body: [UInt8], secret: SigningSecret
  ) -> [UInt8] {
    let head = head(id: id, timestamp: timestamp)
    switch secret.scheme {
    case .symmetric: return SHA256.authenticationCode(key: secret.revealKey, head, body)
    case .ed25519:
      // A configuration with such a secret is refused where OpenSSL has no Ed25519.
      guard let signature = Ed25519.signature(of: head + body, seed: secret.revealKey) else {
        preconditionFailure("OpenSSL can't sign")
      }
      return signature
    }
  }

  /// Whether one of the header's signatures is that of a secret's holder. `v1` is compared in constant time per signature.
  package static func verifies(
    header: String, id: String, timestamp: Int64, body: [UInt8], by verifier: WebhookVerifier
  ) -> Bool {
    let head = head(id: id, timestamp: timestamp)
    switch verifier {
    case .secret(let key):
      let expected = SHA256.authenticationCode(key: key, head, body)
      return signatures(.symmetric, in: header).contains { $0.equalsInConstantTime(expected) }
    case .publicKey(let key):
      let message = head + body
      return signatures(.ed25519, in: header).contains {
        Ed25519.verifies($0, of: message, publicKey: key)
      }
    }
  }

  private static func head(id: String, timestamp: Int64) -> [UInt8] { Array("\(id).\(timestamp).".utf8) }

  /// Those of one version, decoded.
  private static func signatures(_ scheme: SigningSecret.Scheme, in header: String) -> [[UInt8]] {
    let start = "\(scheme.version),"
    return header.split(separator: " ").filter { $0.hasPrefix(start) }.compactMap {
      Base64.bytes(String($0.dropFirst(start.count)))
    }
  }
}

extension Collection<UInt8> {
  /// Compares without telling by its time how much is equal. The lengths are no secret.
  package func equalsInConstantTime(_ other: some Collection<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return zip(self, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
