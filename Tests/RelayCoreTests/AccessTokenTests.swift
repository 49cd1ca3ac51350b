import RelayCore
import Testing

@Suite struct AccessTokenTests {
  private func client(_ change: (inout OAuth2Client) -> Void = { _ in }) -> OAuth2Client {
    var client = OAuth2Client(
      tokenURL: Secret("https://login.example/token"), clientID: "relay id", clientSecret: Secret("hun&ter:2")
    )
    change(&client)
    return client
  }

  private func read(_ body: String, status: Int = 200) -> Result<AccessToken, AccessToken.Refusal> {
    AccessToken.read(status: status, body: Array(body.utf8), for: client())
  }

  private func words(_ body: String, status: Int = 200) -> String? {
    if case .failure(let refusal) = read(body, status: status) { refusal.words } else { nil }
  }

  private func lifetime(_ expiresIn: String) throws -> Duration {
    try read(#"{"access_token":"t","expires_in":\#(expiresIn)}"#).get().lifetime
  }

  // MARK: The request

  @Test func theClientSaysWhoItIsInAHeaderOrInTheBody() {
    let basic = client()
    // "relay%20id:hun%26ter%3A2"
    #expect(
      basic.requestHeaders.contains(
        "Authorization: Basic \(Base64.text(Array("relay%20id:hun%26ter%3A2".utf8)))"))
    #expect(String(decoding: basic.requestBody, as: UTF8.self) == "grant_type=client_credentials")
    let post = client {
      $0.authenticationMethod = .post
      ($0.scope, $0.audience) = ("read write", "https://crm/")
    }
    #expect(!post.requestHeaders.contains { $0.hasPrefix("Authorization") })
    #expect(
      String(decoding: post.requestBody, as: UTF8.self)
        == "grant_type=client_credentials&scope=read%20write&audience=https%3A%2F%2Fcrm%2F"
        + "&client_id=relay%20id&client_secret=hun%26ter%3A2")
  }

  // MARK: The answer

  @Test func aTokenIsReadWithItsTime() throws {
    let token = try read(#"{"token_type":"Bearer","access_token":"ey.J\u0030","expires_in":3599,"x":[{}]}"#)
      .get()
    #expect(token == AccessToken(value: Secret("ey.J0"), lifetime: .seconds(3_599)))
    #expect(try read(#" { "access_token" : "t" } "#).get().lifetime == AccessToken.defaultLifetime)
  }

  @Test func aTimeIsBelievedWithinBounds() throws {
    #expect(try lifetime("\"3600\"") == .seconds(3_600))
    #expect(try lifetime("3600.9") == .seconds(3_600))
    #expect(try lifetime("0") == .seconds(1))
    #expect(try lifetime("-5") == .seconds(1))
    #expect(try lifetime("1e300") == .seconds(86_400))
    for odd in ["null", "[]", "\"soon\"", "\"nan\"", "true"] {
      #expect(try lifetime(odd) == AccessToken.defaultLifetime)
    }
  }

  @Test(arguments: [
    ("", "no JSON object"), ("[]", "no JSON object"), ("nonsense", "no JSON object"), ("{", "no JSON object"),
    (#"{},{}"#, "no JSON object"), ("{}", "no access_token"), (#"{"access_token":""}"#, "no access_token"),
    (#"{"access_token":7}"#, "no access_token"), (#"{"access_token":"a\r\nX-Y: z"}"#, "fits into no header"),
    (#"{"access_token":"a b"}"#, "fits into no header"),
    ("{\"access_token\":\"\(String(repeating: "x", count: 8_193))\"}", "fits into no header"),
    (#"{"access_token":"t","token_type":"mac"}"#, "of the type mac"),
  ])
  func whatIsNoTokenIsToldWithoutIt(_ body: String, _ expected: String) {
    #expect(words(body)?.contains(expected) == true)
    #expect(words(body)?.contains("X-Y") == false)
  }

  @Test func aRefusalIsToldInTheServersWords() {
    let body = #"{"error":"invalid_client","error_description":"no client \u001b[31m hun&ter:2"}"#
    let told = words(body, status: 401)
    #expect(told?.hasPrefix("it answers 401: invalid_client, no client") == true)
    #expect(told?.contains("look at client_id, client_secret and scope") == true)
    #expect(told?.contains("hun&ter:2") == false && told?.contains("\u{1B}") == false)
    #expect(words("<html>", status: 503) == "it answers 503")
    #expect(words("", status: 302)?.contains("redirects are not followed") == true)
  }

  @Test func nothingOfItIsPrinted() {
    #expect(!"\(client())".contains("hun&ter"))
    #expect(!"\(AccessToken(value: Secret("t0ken")))".contains("t0ken"))
  }
}
