import RelayCore

/// What learned tokens are known by: a row a source, read when somebody asks.
final class TokenStatements {
  private let learnedTokens: Statement
  private let keepToken: Statement
  private let forgetToken: Statement

  init(_ connection: Connection) throws(StoreError) {
    learnedTokens = try connection.prepare("SELECT source, salt, hash, learned FROM learned_token")
    keepToken = try connection.prepare(
      "INSERT OR REPLACE INTO learned_token (source, salt, hash, learned) VALUES (?1, ?2, ?3, ?4)")
    forgetToken = try connection.prepare("DELETE FROM learned_token WHERE source = ?1")
  }

  /// By the sources' names.
  func all() throws(StoreError) -> [String: LearnedToken] {
    var found: [String: LearnedToken] = [:]
    while try learnedTokens.step() {
      found[learnedTokens.text(0)!] = LearnedToken(
        salt: learnedTokens.bytes(1)!, hash: learnedTokens.bytes(2)!, learnedAt: learnedTokens.time(3))
    }
    return found
  }

  /// Within a transaction.
  ///
  /// - Parameter token: nil: it is forgotten.
  func keep(_ token: LearnedToken?, of source: String) throws(StoreError) {
    guard let token else {
      forgetToken.bind(1, source)
      return try forgetToken.run()
    }
    keepToken.bind(1, source)
    keepToken.bind(2, token.salt)
    keepToken.bind(3, token.hash)
    keepToken.bind(4, token.learnedAt)
    try keepToken.run()
  }
}

@available(*, unavailable)
extension TokenStatements: Sendable {}
