import RelayCore
import RelayText

extension ConfigNode {
  /// `auth.oauth2`; nil: there is a fault.
  func oauth2() -> OAuth2Client? {
    guard var section = section("a mapping with token_url, client_id and client_secret") else { return nil }
    let url = section.take("token_url", isSecret: true, isRequired: true)
    let id = section.take("client_id", isRequired: true)
    let secret = section.take("client_secret", isRequired: true)
    let (scope, audience) = (section.take("scope"), section.take("audience"))
    let method = section.take("token_endpoint_auth_method")
    section.finish()
    let required = [("token_url", url), ("client_id", id), ("client_secret", secret)]
    let missing = required.filter { $0.1 == nil }.map(\.0)
    if !missing.isEmpty, !reading.isProbing {
      error(
        "\(missing.joined(separator: " and ")) missing; write { token_url: …, client_id: …, client_secret: … }"
      )
    }
    let tokenURL = url?.tokenURL()
    let clientID = id?.credential("a client id", isSecret: false)
    let clientSecret = secret?.credential("a client secret")
    let (scopes, audiences) = (
      scope?.credential("a scope", isSecret: false), audience?.credential("an audience", isSecret: false)
    )
    let authenticationMethod = method?.authenticationMethod()
    guard let tokenURL, let clientID, let clientSecret else { return nil }
    var client = OAuth2Client(tokenURL: tokenURL, clientID: clientID, clientSecret: Secret(clientSecret))
    (client.scope, client.audience) = (scopes, audiences)
    client.authenticationMethod = authenticationMethod ?? client.authenticationMethod
    return client
  }

  private func tokenURL() -> Secret? {
    guard let url = url() else { return nil }
    guard !HTTPAddress.hasCredentials(url.reveal) else {
      error("token_url holds credentials too; remove them: client_id and client_secret are sent")
      return nil
    }
    if HTTPAddress.isPlain(url.reveal) {
      warning("the client's secret goes to this address in the clear; use https://")
    }
    return url
  }

  private func authenticationMethod() -> OAuth2Client.AuthenticationMethod? {
    let names = OAuth2Client.AuthenticationMethod.allCases.map(\.rawValue)
    let expected = names.joined(separator: " or ")
    return value(expected, words: names, form: .words(names), placeholder: .basic) { text throws(Fault) in
      guard let method = OAuth2Client.AuthenticationMethod(rawValue: text) else {
        throw Fault("is not a way to authenticate; write \(expected)")
      }
      return method
    }
  }
}
