import RelayText

/// How a destination's access tokens are got: OAuth 2.0 with client credentials (RFC 6749, section 4.4).
package struct OAuth2Client: Hashable, Sendable {
  /// How the client says at the token server who it is, by the names of RFC 7591.
  package enum AuthenticationMethod: String, Hashable, Sendable, CaseIterable {
    /// In the header `Authorization`.
    case basic = "client_secret_basic"
    /// In the body, for servers that take nothing else.
    case post = "client_secret_post"
  }

  /// Absolute, `http` or `https`, without credentials. Never printed whole.
  package var tokenURL: Secret
  package var clientID: String
  package var clientSecret: Secret
  /// With spaces between several; nil: what the server has for the client.
  package var scope: String?
  /// Whom the token is for, where the server wants to be told; nil: it does not.
  package var audience: String?
  package var authenticationMethod = AuthenticationMethod.basic

  package init(tokenURL: Secret, clientID: String, clientSecret: Secret) {
    self.tokenURL = tokenURL
    self.clientID = clientID
    self.clientSecret = clientSecret
  }
}

extension OAuth2Client {
  /// Of the request for a token, a POST: each `name: value`.
  package var requestHeaders: [String] {
    var headers = ["Content-Type: application/x-www-form-urlencoded", "Accept: application/json"]
    if authenticationMethod == .basic { headers.append("Authorization: Basic \(basicCredentials.reveal)") }
    return headers
  }

  package var requestBody: [UInt8] {
    var fields = [("grant_type", "client_credentials")]
    if let scope { fields.append(("scope", scope)) }
    if let audience { fields.append(("audience", audience)) }
    if authenticationMethod == .post {
      fields += [("client_id", clientID), ("client_secret", clientSecret.reveal)]
    }
    return Array(fields.map { "\($0)=\($1.percentEncoded)" }.joined(separator: "&").utf8)
  }

  /// Both are encoded as in a form before they are put together (RFC 6749, section 2.3.1).
  private var basicCredentials: Secret {
    Secret(Base64.text(Array("\(clientID.percentEncoded):\(clientSecret.reveal.percentEncoded)".utf8)))
  }

  /// What a server may repeat of it that nobody is to see.
  package var toldSecrets: [Secret] {
    [clientSecret, Secret(clientSecret.reveal.percentEncoded), basicCredentials]
  }
}
