/// A source's token that a person has confirmed: enough to know it again when it comes, and not the token itself.
package struct LearnedToken: Sendable, Hashable {
  /// Random, so that the same token at two sources does not look the same.
  package var salt: [UInt8]
  /// SHA-256 of the salt and the token's text.
  package var hash: [UInt8]
  /// When it was confirmed, by the wall clock.
  package var learnedAt: Timestamp

  package init(salt: [UInt8], hash: [UInt8], learnedAt: Timestamp) {
    self.salt = salt
    self.hash = hash
    self.learnedAt = learnedAt
  }
}
