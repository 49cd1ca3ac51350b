import RelayCore

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
