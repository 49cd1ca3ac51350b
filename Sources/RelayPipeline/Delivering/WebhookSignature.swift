import RelayCore
import RelayDigest

/// Standard Webhooks 1.0 signatures (https://www.standardwebhooks.com): HMAC-SHA-256 over `id.timestamp.body`.
package enum WebhookSignature {
  /// The `webhook-signature` header: one `v1,BASE64` per secret, separated by spaces.
  ///
  /// - Parameter timestamp: Whole seconds since the epoch, as in `webhook-timestamp`.
  package static func header(id: String, timestamp: Int64, body: [UInt8], secrets: [SigningSecret]) -> String
  {
    secrets.map { "v1,\(Base64.text(code(id: id, timestamp: timestamp, body: body, secret: $0)))" }
      .joined(separator: " ")
  }

  /// Whether one of the header's signatures is the secret's. In constant time per signature.
  package static func verifies(
    header: String, id: String, timestamp: Int64, body: [UInt8], secret: SigningSecret
  ) -> Bool {
    let expected = Array(Base64.text(code(id: id, timestamp: timestamp, body: body, secret: secret)).utf8)
    return header.split(separator: " ").contains { signature in
      signature.hasPrefix("v1,") && Array(signature.dropFirst(3).utf8).equalsInConstantTime(expected)
    }
  }

  private static func code(id: String, timestamp: Int64, body: [UInt8], secret: SigningSecret) -> [UInt8] {
    SHA256.authenticationCode(key: secret.revealKey, Array("\(id).\(timestamp).".utf8), body)
  }
}

extension Collection<UInt8> {
  /// Compares without telling by its time how much is equal. The lengths are no secret.
  package func equalsInConstantTime(_ other: some Collection<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return zip(self, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
