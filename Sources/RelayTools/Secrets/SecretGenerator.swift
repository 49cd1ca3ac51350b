import RelayCore
import RelayPipeline

/// Makes signing secrets, as Standard Webhooks writes them.
package enum SecretGenerator {
  /// `whsec_` and the base64 of 32 random bytes.
  package static func signingSecret() -> String {
    var randomness = SystemRandomNumberGenerator()
    return SigningSecret.Scheme.symmetric.prefix + Base64.text(bytes(using: &randomness))
  }

  /// `whsk_` and the base64 of a random seed, and the public key that goes with it, `whpk_…`.
  ///
  /// - Returns: nil: OpenSSL has no Ed25519 here.
  package static func ed25519Pair() -> (secret: String, publicKey: String)? {
    var randomness = SystemRandomNumberGenerator()
    let seed = bytes(using: &randomness)
    let verifier = WebhookVerifier(of: SigningSecret(ed25519Seed: seed))
    return verifier?.publicKeyText.map { (SigningSecret.Scheme.ed25519.prefix + Base64.text(seed), $0) }
  }

  private static func bytes(using randomness: inout some RandomNumberGenerator) -> [UInt8] {
    (0..<32).map { _ in UInt8.random(in: 0...255, using: &randomness) }
  }
}
