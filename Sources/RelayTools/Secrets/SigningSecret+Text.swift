import RelayCore
import RelayPipeline

extension SigningSecret {
  /// Reads `whsec_` and base64 (the standard alphabet, padding optional) of 24 to 64 bytes; nil for anything
  /// else.
  package init?(encoded text: String) {
    guard text.hasPrefix(Self.prefix),
      let key = Base64.bytes(String(text.dropFirst(Self.prefix.count))),
      Self.keySizes.contains(key.count)
    else { return nil }
    self.init(key: key)
  }
}

/// Makes signing secrets, as Standard Webhooks writes them.
package enum SecretGenerator {
  /// `whsec_` and the base64 of 32 random bytes.
  package static func signingSecret() -> String {
    var randomness = SystemRandomNumberGenerator()
    return signingSecret(using: &randomness)
  }

  static func signingSecret(using randomness: inout some RandomNumberGenerator) -> String {
    SigningSecret.prefix + Base64.text((0..<32).map { _ in UInt8.random(in: 0...255, using: &randomness) })
  }
}
