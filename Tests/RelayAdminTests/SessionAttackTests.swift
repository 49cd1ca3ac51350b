import RelayCore
import RelayDigest
import Testing

@testable import RelayAdmin

/// What somebody tries who has a cookie and wants more than it gives, or who has none and wants another's to be used.
@Suite struct SessionAttackTests {
  private static let now = Samples.now
  private static let access = AdminAccess(people: AdminToken.ofEachRole)
  private static let admission = Admission(
    configured: ListenAddress(host: "127.0.0.1", port: 1), bound: ListenAddress(host: "127.0.0.1", port: 1),
    access: access, clock: FixedClock())

  private static func session(of role: Role, isForTLS: Bool = false) throws -> String {
    try #require(access.open(with: role.rawValue, at: now, isForTLS: isForTLS)).text
  }

  private static func head(
    _ endpoint: Endpoint, cookie: String?, _ change: (inout RequestHead) -> Void = { _ in }
  )
    -> RequestHead
  {
    var head = RequestHead(
      method: endpoint.method.rawValue, target: endpoint.path.text, host: "127.0.0.1:1",
      contentType: "application/json")
    head.cookie = cookie
    change(&head)
    return head
  }

  private static func status(_ head: RequestHead) -> Int {
    switch admission.admit(head) {
    case .success: 200
    case .failure(let error): error.status
    }
  }

  /// Broken by a code that is looked for among all tokens, or a name that it does not cover.
  @Test func whoHasATokenSignsInNobodyElsesName() throws {
    let parts = try Self.session(of: .viewer).split(separator: ".")
    for name in ["the admin", "the operator", "", "the viewer "] {
      let before = (parts[..<1] + [Substring(Base64.text(Array(name.utf8)))] + parts[2..<4]).joined(
        separator: ".")
      for key in ["viewer", ""] {
        let code = Base64.text(
          SHA256.authenticationCode(
            key: Array(key.utf8), Array("huggy-relay session ".utf8), Array(before.utf8)))
        #expect(Self.access.owner(of: "\(before).\(code)", at: Self.now) == nil, "\(name)")
      }
    }
  }

  /// A code that the same token made for something else is none: what it is for is a part of it.
  @Test func aCodeIsForSessionsAlone() throws {
    let parts = try Self.session(of: .viewer).split(separator: ".")
    let signed = parts.dropLast().joined(separator: ".")
    func code(_ purpose: String) -> String {
      Base64.text(
        SHA256.authenticationCode(key: Array("viewer".utf8), Array(purpose.utf8), Array(signed.utf8)))
    }
    #expect(Self.access.owner(of: "\(signed).\(code("huggy-relay session "))", at: Self.now) != nil)
    #expect(Self.access.owner(of: "\(signed).\(code(""))", at: Self.now) == nil)
  }

  /// Whatever its token has signed: of another version nobody here knows what it means.
  @Test func aSessionOfAnotherVersionIsNone() throws {
    let parts = try Self.session(of: .viewer).split(separator: ".")
    for (version, isOne) in [("v1", true), ("v1s", true), ("v2", false), ("", false)] {
      let signed = ([Substring(version)] + parts[1..<4]).joined(separator: ".")
      let code = Base64.text(
        SHA256.authenticationCode(
          key: Array("viewer".utf8), Array("huggy-relay session ".utf8), Array(signed.utf8)))
      #expect((Self.access.owner(of: "\(signed).\(code)", at: Self.now) != nil) == isOne, "\(version)")
    }
  }

  /// Also one that its own token has signed: a clock that was set back makes none live longer.
  @Test(arguments: [0, -1, 12 * 3_600 + 3_601, 30 * 86_400] as [Int64])
  func aSessionThatEndsAtNoTimeOfOursIsNone(seconds: Int64) {
    let now = Self.now.seconds
    let signed = "v1.\(Base64.text(Array("the admin".utf8))).\(now).\(now + seconds)"
    let code = Base64.text(
      SHA256.authenticationCode(
        key: Array("admin".utf8), Array("huggy-relay session ".utf8), Array(signed.utf8)))
    #expect(Self.access.owner(of: "\(signed).\(code)", at: Self.now) == nil)
  }

  @Test(arguments: EndpointTable.relay.endpoints) func aCookieIsNoMoreThanItsPersonsRole(endpoint: Endpoint)
    throws
  {
    guard let needed = endpoint.role else { return }
    for role in Role.allCases {
      let cookie = "\(SessionCookie.name)=\(try Self.session(of: role))"
      #expect(Self.status(Self.head(endpoint, cookie: cookie)) == (role < needed ? 403 : 200), "\(role)")
    }
  }

  /// What a page of another site has a browser send, with the cookie of who looks at it.
  @Test(arguments: EndpointTable.relay.endpoints.filter { $0.method == .post })
  func nothingIsChangedForAnotherPage(endpoint: Endpoint) throws {
    let cookie = "\(SessionCookie.name)=\(try Self.session(of: .admin))"
    #expect(Self.status(Self.head(endpoint, cookie: cookie)) == 200)
    for origin in [
      "http://evil.example", "http://127.0.0.1:2", "http://127.0.0.1", "http://127.0.0.1:1.evil.example",
      "http://127.0.0.1:11", "http://evil.example/127.0.0.1:1", "http://evil.example@127.0.0.1:1",
      "file://127.0.0.1:1", "null", "",
    ] {
      #expect(Self.status(Self.head(endpoint, cookie: cookie) { $0.origin = origin }) == 403, "\(origin)")
    }
    #expect(Self.status(Self.head(endpoint, cookie: cookie) { $0.fetchSite = "cross-site" }) == 403)
    for type in [nil, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
      #expect(Self.status(Self.head(endpoint, cookie: cookie) { $0.contentType = type }) == 415)
    }
    for host in ["evil.example", "127.0.0.1.evil.example:1"] {
      #expect(Self.status(Self.head(endpoint, cookie: cookie) { $0.host = host }) == 403)
    }
    // Another port of this machine has its cookie, and is no more than anybody by it.
    let other = Self.status(Self.head(endpoint, cookie: cookie) { $0.fetchSite = "same-site" })
    #expect(other == (endpoint.role == nil ? 200 : 403))
  }

  /// A page of another port can set cookies, too: one that is nobody's must not stand before the right one.
  @Test(arguments: ["x", "v1.a.1.2.c", "v1....", "\"\""]) func anothersCookieLogsNobodyOut(text: String)
    throws
  {
    let status = try #require(EndpointTable.relay.place(at: "/api/v1/status")?.endpoints.first)
    let right = "\(SessionCookie.name)=\(try Self.session(of: .viewer))"
    for cookies in ["\(SessionCookie.name)=\(text); \(right)", "\(right); \(SessionCookie.name)=\(text)"] {
      #expect(Self.status(Self.head(status, cookie: cookies)) == 200, "\(cookies)")
    }
    #expect(Self.status(Self.head(status, cookie: "\(SessionCookie.name)=\(text)")) == 401)
  }

  /// A token is no session, and what a cookie is cut to is none.
  @Test func onlyTheWholeOfASessionWillDo() throws {
    let text = try Self.session(of: .admin, isForTLS: true)
    #expect(Self.access.owner(of: text, at: Self.now) != nil)
    for length in 0..<text.count {
      #expect(Self.access.owner(of: String(text.prefix(length)), at: Self.now) == nil)
    }
    for other in ["admin", "the admin", "\(text).\(text)", "\(text)=", text.uppercased()] {
      #expect(Self.access.owner(of: other, at: Self.now) == nil, "\(other)")
    }
  }

  @Test func aTokenIsRightAsAWholeOrNotAtAll() {
    let secret = Secret("s3cret")
    for text in ["s3cre", "s3crets", "s3crets3cret", "S3cret", " s3cret", "s", ""] {
      #expect(!secret.isSame(as: text), "\(text)")
    }
    #expect(secret.isSame(as: "s3cret"))
  }
}
