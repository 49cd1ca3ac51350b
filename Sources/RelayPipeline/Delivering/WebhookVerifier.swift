import RelayCore
import RelayDigest

/// What a receiver checks signatures with.
package enum WebhookVerifier: Hashable, Sendable {
  /// `v1`: the key that the sender signs with.
  case secret([UInt8])
  /// `v1a`: the public half of the sender's key.
  case publicKey([UInt8])

  /// What the receiver of what this secret signs needs.
  ///
  /// nil: OpenSSL has no Ed25519 here.
  package init?(of secret: SigningSecret) {
    switch secret.scheme {
    case .symmetric: self = .secret(secret.revealKey)
    case .ed25519:
      guard let key = Ed25519.publicKey(ofSeed: secret.revealKey) else { return nil }
      self = .publicKey(key)
    }
  }

  /// Reads `whsec_` and base64 (the standard alphabet, padding optional) of 24 to 64 bytes, or `whpk_` and that of 32 bytes; nil for
  /// anything else.
  package init?(encoded text: String) {
    let shared = SigningSecret.Scheme.symmetric.prefix
    if text.hasPrefix(shared), let key = Base64.bytes(String(text.dropFirst(shared.count))),
      SigningSecret.keySizes.contains(key.count)
    {
      self = .secret(key)
    } else if text.hasPrefix(SigningSecret.publicKeyPrefix),
      let key = Base64.bytes(String(text.dropFirst(SigningSecret.publicKeyPrefix.count))),
      key.count == Ed25519.keyLength
    {
      self = .publicKey(key)
    } else {
      return nil
    }
  }

  /// `whpk_…`, to be handed to receivers; nil: it is a secret.
  package var publicKeyText: String? {
    switch self {
    case .secret: nil
    case .publicKey(let key): SigningSecret.publicKeyPrefix + Base64.text(key)
    }
  }
}

extension WebhookVerifier: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { publicKeyText ?? "[secret]" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(reflecting: description) }
}
