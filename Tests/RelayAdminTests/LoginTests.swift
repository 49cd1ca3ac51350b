import RelayCore
import Testing

@testable import RelayAdmin

/// A browser logs in, and its cookie is as good as a token.
@Suite(.timeLimit(.minutes(15))) struct LoginTests {
  private static let json = ["Content-Type: application/json"]

  /// The header with which the cookie is sent back.
  private static func cookie(_ answer: RawAnswer) throws -> String {
    let given = try #require(answer.header("set-cookie"))
    return "Cookie: theme=dark; \(given.prefix { $0 != ";" })"
  }

  private static func login(_ server: LiveServer, _ token: String) async throws -> RawAnswer {
    try await server.post("/login", #"{"token":"\#(token)"}"#)
  }

  @Test func whoLogsInIsKnownByTheirCookie() async throws {
    let operations = FakeOperations()
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      let answer = try await Self.login(server, "operator")
      #expect(answer.status == 204 && answer.body == "" && answer.header("transfer-encoding") == nil)
      let set = try #require(answer.header("set-cookie"))
      #expect(set.hasPrefix("huggy_relay_session=v1."))
      #expect(set.hasSuffix("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"), "\(set)")
      let cookie = try Self.cookie(answer)
      let session = try await server.get("/api/v1/session", headers: [cookie])
      #expect(session.body == #"{"who":"the operator","role":"operator","login":true}"#)
      #expect(session.header("set-cookie") == nil, "it is young")
      #expect(try await server.get("/api/v1/status", headers: [cookie]).status == 200)
      #expect(try await server.post("/api/v1/reload", headers: [cookie] + Self.json).status == 200)
      #expect(operations.state.withLock(\.audit).last?.entry.who == "the operator")
      // What its role may not, its cookie may not.
      #expect(try await server.get("/api/v1/export", headers: [cookie]).status == 403)
    }
  }

  /// Broken by a password that a proxy in front asks for, and a browser then sends with everything: nobody could log in.
  @Test(arguments: [("Basic b3BzOnB3", 200), ("Bearer nobody", 401), ("bearer", 401)])
  func whatAProxyAsksForKeepsNoCookieFromCounting(authorization: String, status: Int) async throws {
    try await withServer(people: AdminToken.ofEachRole) { server in
      let headers = [
        try Self.cookie(try await Self.login(server, "viewer")), "Authorization: \(authorization)",
      ]
      #expect(try await server.get("/api/v1/status", headers: headers).status == status)
    }
  }

  @Test func theStreamTakesTheCookieToo() async throws {
    let operations = FakeOperations()
    operations.limit { $0.readers = 0 }
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      let cookie = try Self.cookie(try await Self.login(server, "viewer"))
      let answer = try await server.get("/api/v1/stream", headers: [cookie, "Accept: text/event-stream"])
      #expect(answer.status == 200 && answer.body.contains("overloaded"), "\(answer.text)")
    }
  }

  /// The page comes over TLS, from a proxy: its browser must not send the cookie without.
  @Test func aLoginByTLSGivesACookieForTLSAlone() async throws {
    try await withServer(hosts: ["relay.example"], people: AdminToken.ofEachRole) { server in
      let headers = Self.json + ["Host: relay.example", "Origin: https://relay.example"]
      let login = try await server.post("/login", #"{"token":"viewer"}"#, headers: headers)
      #expect(login.header("set-cookie")?.hasSuffix("; SameSite=Strict; Secure") == true)
      let logout = try await server.post("/logout", headers: headers)
      #expect(logout.header("set-cookie")?.hasSuffix("; SameSite=Strict; Secure") == true)
    }
  }

  @Test func aWrongTokenIsRefusedAndRepeatedNowhere() async throws {
    try await withServer(people: AdminToken.ofEachRole) { server in
      for token in ["s3crets", "operato", "operator ", "the operator"] {
        let answer = try await Self.login(server, token)
        #expect(answer.status == 401 && answer.body.contains(#""code":"unauthorized""#))
        #expect(answer.header("set-cookie") == nil && !answer.text.contains("s3crets"))
      }
    }
  }

  @Test func afterTenWrongOnesNoOtherWrongOneIsAnsweredAndARightOneIsAsGoodAsBefore() async throws {
    try await withServer(people: AdminToken.ofEachRole) { server in
      let cookie = try Self.cookie(try await Self.login(server, "viewer"))
      for _ in 0..<10 { #expect(try await Self.login(server, "wrong").status == 401) }
      for _ in 0..<2 {
        let answer = try await Self.login(server, "wrong")
        #expect(answer.status == 429 && answer.body.contains(#""code":"too_many_attempts""#))
        #expect(answer.header("retry-after") == "61" && answer.header("set-cookie") == nil)
      }
      #expect(try Self.cookie(try await Self.login(server, "viewer")).contains("=v1."))
      #expect(try await server.get("/api/v1/status", headers: ["Authorization: Bearer viewer"]).status == 200)
      #expect(try await server.get("/api/v1/status", headers: [cookie]).status == 200)
    }
  }

  @Test(arguments: [
    ("", 400), ("{}", 400), (#"{"token":""}"#, 401), (#"{"token":5}"#, 400), (#"{"tokens":"viewer"}"#, 400),
    (#"["viewer"]"#, 400), ("token=viewer", 400),
  ])
  func whatIsNoLoginIsRefused(body: String, status: Int) async throws {
    try await withServer(people: AdminToken.ofEachRole) { server in
      let answer = try await server.post("/login", body)
      #expect(answer.status == status && answer.header("set-cookie") == nil, "\(answer.body)")
    }
  }

  /// A page of another site must not log a person in, out, or do anything in their name.
  @Test func onlyThePageItselfUsesALogin() async throws {
    let operations = FakeOperations()
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      let cookie = try Self.cookie(try await Self.login(server, "admin"))
      let login = #"{"token":"viewer"}"#
      #expect(try await server.post("/login", login, headers: ["Content-Type: text/plain"]).status == 415)
      for page in ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"] {
        #expect(try await server.post("/login", login, headers: Self.json + [page]).status == 403, "\(page)")
        #expect(
          try await server.post("/logout", headers: Self.json + [page, cookie]).status == 403, "\(page)")
        #expect(try await server.post("/api/v1/reload", headers: Self.json + [page, cookie]).status == 403)
        #expect(try await server.get("/api/v1/status", headers: [page, cookie]).status == 403)
      }
      // Another port of this machine: its browser sends the cookie there.
      #expect(
        try await server.get("/api/v1/status", headers: ["Sec-Fetch-Site: same-site", cookie]).status == 403)
      #expect(
        try await server.post("/api/v1/reload", headers: ["Content-Type: text/plain", cookie]).status == 415)
      #expect(operations.calls.isEmpty)
      #expect(
        try await server.get("/api/v1/status", headers: ["Sec-Fetch-Site: same-origin", cookie]).status == 200
      )
    }
  }

  @Test func whoNamesATokenIsNotLetInByACookie() async throws {
    try await withServer(people: AdminToken.ofEachRole) { server in
      let cookie = try Self.cookie(try await Self.login(server, "admin"))
      let answer = try await server.get("/api/v1/status", headers: [cookie, "Authorization: Bearer wrong"])
      #expect(answer.status == 401)
    }
  }

  @Test func aLogoutTakesTheCookieBack() async throws {
    try await withServer(people: AdminToken.ofEachRole) { server in
      let answer = try await server.post("/logout")
      #expect(answer.status == 204)
      #expect(
        answer.header("set-cookie") == "huggy_relay_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
      for headers in [[], ["Cookie: huggy_relay_session="], ["Cookie: huggy_relay_session=v1.a.b.c"]] {
        let session = try await server.get("/api/v1/session", headers: headers)
        #expect(session.status == 401 && session.body.contains("unauthorized"))
      }
    }
  }

  @Test func whereNobodyHasATokenNobodyNeedsToLogIn() async throws {
    try await withServer { server in
      let session = try await server.get("/api/v1/session")
      #expect(session.body == #"{"who":"local","role":"admin","login":false}"#)
      let login = try await Self.login(server, "x")
      #expect(login.status == 401 && login.body.contains("nobody has a token"))
    }
  }

  /// A person at work is not logged out; a session that is renewed is no longer than a month.
  @Test func anOlderSessionIsRenewed() async throws {
    let access = AdminAccess(people: AdminToken.ofEachRole)
    let began = Samples.now.advanced(by: .seconds(-2 * 3_600))
    let text = try #require(access.open(with: "viewer", at: began, isForTLS: true)).text
    try await withServer(people: AdminToken.ofEachRole) { server in
      let cookie = "Cookie: huggy_relay_session=\(text)"
      let answer = try await server.get("/api/v1/session", headers: [cookie])
      let set = try #require(answer.header("set-cookie"))
      #expect(set.contains("; Max-Age=43199;") && set.hasSuffix("; Secure"), "\(set)")
      let renewed = SessionCookie.texts(in: "\(set.prefix { $0 != ";" })")[0]
      let later = Samples.now.advanced(by: .seconds(11 * 3_600))
      // It is renewed again as what it is: what began when the token was given, and by TLS.
      let again = access.owner(of: renewed, at: later)?.renewal?.session
      #expect(again?.began == Timestamp(microseconds: began.seconds * 1_000_000) && again?.isForTLS == true)
      #expect(access.owner(of: text, at: later) == nil)
    }
  }
}
