import Crypto
import RelayCore

/// Standard Webhooks 1.0 signatures (https://www.standardwebhooks.com): HMAC-SHA-256 over `id.timestamp.body`.
public enum WebhookSignature {
  /// The `webhook-signature` header: one `v1,BASE64` per secret, separated by spaces.
  ///
  /// - Parameter timestamp: Whole seconds since the epoch, as in `webhook-timestamp`.
  public static func header(id: String, timestamp: Int64, body: [UInt8], secrets: [SigningSecret]) -> String {
    secrets.map { "v1,\(base64(code(id: id, timestamp: timestamp, body: body, secret: $0)))" }
      .joined(separator: " ")
  }

  /// Whether one of the header's signatures is the secret's. In constant time per signature.
  public static func verifies(
    header: String, id: String, timestamp: Int64, body: [UInt8], secret: SigningSecret
  ) -> Bool {
    let expected = Array(base64(code(id: id, timestamp: timestamp, body: body, secret: secret)).utf8)
    return header.split(separator: " ").contains { signature in
      signature.hasPrefix("v1,") && Array(signature.dropFirst(3).utf8).equalsInConstantTime(expected)
    }
  }

  private static func code(id: String, timestamp: Int64, body: [UInt8], secret: SigningSecret) -> [UInt8] {
    var hmac = HMAC<SHA256>(key: SymmetricKey(data: secret.revealKey))
    hmac.update(data: Array("\(id).\(timestamp).".utf8))
    hmac.update(data: body)
    return Array(hmac.finalize())
  }
}

/// Base64 (RFC 4648) with padding.
public func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
    for place in 0..<4 {
      text.append(
        place <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
    }
  }
  return String(decoding: text, as: UTF8.self)
}

extension Collection<UInt8> {
  /// Compares without telling by its time how much is equal. The lengths are no secret.
  public func equalsInConstantTime(_ other: some Collection<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return zip(self, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
