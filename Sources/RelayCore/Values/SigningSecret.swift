/// What requests are signed with, as Standard Webhooks 1.0 has it.
package struct SigningSecret: Hashable, Sendable, EndingCredential {
  package enum Scheme: Hashable, Sendable, CaseIterable {
    /// HMAC-SHA-256, with a key that its receiver has, too.
    case symmetric
    /// Ed25519: its receiver has the public half of the key alone, and can sign nothing.
    case ed25519

    /// What the text of a secret begins with, before base64.
    package var prefix: String {
      switch self {
      case .symmetric: "whsec_"
      case .ed25519: "whsk_"
      }
    }

    /// What a signature begins with in its header, before a comma and base64.
    package var version: String {
      switch self {
      case .symmetric: "v1"
      case .ed25519: "v1a"
      }
    }

    /// How long such a signature is with its version, in bytes.
    package var signatureBytes: Int {
      switch self {
      case .symmetric: 3 + 44
      case .ed25519: 4 + 88
      }
    }
  }

  package let scheme: Scheme
  /// Overwritten when the last copy goes, as `Secret` is.
  private let key: WipedBytes
  package var until: Timestamp?

  /// - Parameter key: Of HMAC.
  package init(key: [UInt8], until: Timestamp? = nil) {
    scheme = .symmetric
    self.key = key.withUnsafeBufferPointer { WipedBytes($0) }
    self.until = until
  }

  /// - Parameter seed: 32 bytes.
  package init(ed25519Seed seed: [UInt8], until: Timestamp? = nil) {
    scheme = .ed25519
    key = seed.withUnsafeBufferPointer { WipedBytes($0) }
    self.until = until
  }

  /// `symmetric`: 24 to 64 bytes. `ed25519`: the seed, 32 bytes. A copy that is the caller's, and is not overwritten.
  package var revealKey: [UInt8] { Array(key.bytes) }

  /// The sizes of a symmetric key that Standard Webhooks allows, in bytes.
  package static let keySizes = 24...64
  /// What the text of a public key begins with, before base64.
  package static let publicKeyPrefix = "whpk_"
}

extension SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "[secret]" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(reflecting: description) }
}
