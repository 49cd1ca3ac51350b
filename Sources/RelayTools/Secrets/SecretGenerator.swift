import RelayCore
import RelayPipeline

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
