import RelayConfig
import RelayCore
import Testing

/// `destinations.NAME.auth.oauth2`.
@Suite struct OAuth2ConfigTests {
  private func client(_ oauth2: String) throws -> OAuth2Client? {
    let found = try configuration(of: destination("auth: { oauth2: \(oauth2) }"))
    if case .oauth2(let client) = found.destinations[0].authorization { return client }
    return nil
  }

  @Test func allOfItIsRead() throws {
    var expected = OAuth2Client(
      tokenURL: Secret("https://login.example/token"), clientID: "relay", clientSecret: Secret("hunter2"))
    let least = "token_url: https://login.example/token, client_id: relay, client_secret: \"${SECRET}\""
    #expect(try client("{ \(least) }") == expected)
    (expected.scope, expected.audience) = ("read write", "https://crm/")
    expected.authenticationMethod = .post
    #expect(
      try client(
        "{ \(least), scope: read write, audience: \"https://crm/\", token_endpoint_auth_method: client_secret_post }"
      )
        == expected)
  }

  @Test func itsSecretIsNeitherShownNorTold() throws {
    let text = destination(
      "auth: { oauth2: { token_url: \"https://login.example/token?key=${SECRET}\", client_id: relay, client_secret: \"${SECRET}\" } }"
    )
    let found = try configuration(of: text)
    let shown = found.tree.yaml()
    #expect(shown.contains("client_id: relay") && shown.contains("login.example"))
    #expect(!shown.contains("hunter2") && !"\(found)".contains("hunter2"))
  }

  @Test(arguments: [
    FaultyConfiguration(
      "parts are missing", destination("auth: { oauth2: {} }"),
      [
        "5:21: destinations.crm.auth.oauth2: token_url and client_id and client_secret missing; "
          + "write { token_url: …, client_id: …, client_secret: … }"
      ]),
    FaultyConfiguration(
      "a token_url with credentials",
      destination("auth: { oauth2: { token_url: \"https://u:p@x/\", client_id: a, client_secret: b } }"),
      [
        "5:34: destinations.crm.auth.oauth2.token_url: token_url holds credentials too; remove them: client_id and "
          + "client_secret are sent"
      ]),
    FaultyConfiguration(
      "a way to authenticate that is none",
      destination(
        "auth: { oauth2: { token_url: \"https://x/\", client_id: a, client_secret: b, token_endpoint_auth_method: none } }"
      ),
      [
        "5:108: destinations.crm.auth.oauth2.token_endpoint_auth_method: the value is not a way to authenticate; "
          + "write client_secret_basic or client_secret_post"
      ]),
    FaultyConfiguration(
      "a secret in the clear",
      destination("auth: { oauth2: { token_url: \"http://x/\", client_id: a, client_secret: b } }"),
      [
        "1:1: warning: there are no routes: no event goes anywhere",
        "5:34: warning: destinations.crm.auth.oauth2.token_url: the client's secret goes to this address in the clear; use https://",
      ]),
  ])
  func whatIsWrongIsToldWhereItStands(_ faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
