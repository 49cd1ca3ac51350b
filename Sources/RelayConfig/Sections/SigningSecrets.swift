import RelayCore
import RelayDigest

extension ConfigNode {
  /// `signing_secret`: one, or a list to sign with each.
  func signingSecrets() -> [SigningSecret]? {
    let emptyFault = "an empty list signs nothing; remove the key"
    guard let items = items("a signing secret or a list of them", emptyFault: emptyFault) else { return nil }
    let secrets = items.compactMap { item in
      item.ifMapping {
        $0.endingSecret()
      } else: {
        $0.signingSecret()
      }
    }
    warnWhereAllEnd(secrets, consequence: "nothing is signed")
    return secrets
  }

  /// `{ value, until }`.
  private func endingSecret() -> SigningSecret? {
    guard var section = section() else { return nil }
    let value = section.take("value", isRequired: true)
    // As secret as what stands beside it: the two may have been taken for each other.
    let end = section.take("until")?.until()
    section.finish()
    guard let value else {
      error("value is missing; write { value: SECRET, until: TIME }")
      return nil
    }
    warnAboutEnd(end, consequence: "nothing is signed with it")
    var secret = value.signingSecret()
    secret?.until = end
    return secret
  }

  private func signingSecret() -> SigningSecret? {
    let none = SigningSecret(key: [UInt8](repeating: 0, count: SigningSecret.keySizes.lowerBound))
    return value(
      "a signing secret", form: Self.signingSecretForm, placeholder: none, isCredential: true
    ) { text throws(Fault) in
      guard !text.hasPrefix(SigningSecret.publicKeyPrefix) else {
        throw Fault("is a public key, which signs nothing; write the secret key, which begins with whsk_")
      }
      guard let scheme = SigningSecret.Scheme.allCases.first(where: { text.hasPrefix($0.prefix) }) else {
        throw Fault(
          "is not a signing secret; it begins with whsec_ (huggy-relay secret makes one) or whsk_ (huggy-relay secret --ed25519)"
        )
      }
      guard let key = Base64.bytes(String(text.dropFirst(scheme.prefix.count))) else {
        throw Fault("is not a signing secret; what follows \(scheme.prefix) is not base64")
      }
      switch scheme {
      case .symmetric: return try Self.symmetric(key)
      case .ed25519: return try Self.ed25519(key)
      }
    }
  }

  /// Base64, whose padding may be left out, of 24 to 64 bytes, or of Ed25519's 32 or 64.
  private static let signingSecretForm: ScalarForm = {
    let digit = "[A-Za-z0-9+/]"
    let (whole, two, three) = ("(?:\(digit){4})", "\(digit){2}(?:==)?", "\(digit){3}=?")
    let symmetric = "whsec_(?:\(whole){8,20}(?:\(two)|\(three))?|\(whole){21}(?:\(two))?)"
    return .pattern("^(?:\(symmetric)|whsk_(?:\(whole){10}\(three)|\(whole){21}\(two)))$")
  }()

  private static func symmetric(_ key: [UInt8]) throws(Fault) -> SigningSecret {
    let sizes = SigningSecret.keySizes
    guard sizes.contains(key.count) else {
      throw Fault(
        "is a key of \(key.count.counted("byte", "bytes")); one has \(sizes.lowerBound) to \(sizes.upperBound)"
      )
    }
    return SigningSecret(key: key)
  }

  /// The seed alone, or as many libraries keep it: with the public key behind it.
  private static func ed25519(_ key: [UInt8]) throws(Fault) -> SigningSecret {
    let length = Ed25519.keyLength
    guard key.count == length || key.count == 2 * length else {
      throw Fault(
        "is a key of \(key.count.counted("byte", "bytes")); one of Ed25519 has \(length) (the seed), or \(2 * length) (the seed, "
          + "and the public key)")
    }
    let seed = Array(key[..<length])
    guard let publicKey = Ed25519.publicKey(ofSeed: seed) else {
      throw Fault("can't be used: OpenSSL has no Ed25519 here; is its FIPS provider the only one?")
    }
    guard key.count == length || Array(key[length...]) == publicKey else {
      throw Fault(
        "is no key of Ed25519: its second half is not the public key of the first; huggy-relay secret --ed25519 makes one"
      )
    }
    return SigningSecret(ed25519Seed: seed)
  }
}
