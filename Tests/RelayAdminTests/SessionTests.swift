import RelayCore
import Testing

@testable import RelayAdmin

/// Sessions as such: whose they are, and until when.
@Suite struct SessionTests {
  private static let now = Samples.now
  private static let ana = AdminToken(name: "Ana ☀; x.y", value: Secret("ana's"), role: .operator)
  private static let access = AdminAccess(token: "admin's", people: [ana])

  private static func text(_ token: String = "ana's", at time: Timestamp = now) throws -> String {
    try #require(access.open(with: token, at: time, isForTLS: false)).text
  }

  @Test func aSessionIsThatOfWhoseTokenItWas() throws {
    let ana = try #require(Self.access.owner(of: try Self.text(), at: Self.now))
    #expect(ana.caller == Caller(name: "Ana ☀; x.y", role: .operator))
    let admin = try #require(Self.access.owner(of: try Self.text("admin's"), at: Self.now))
    #expect(admin.caller == Caller(name: "admin", role: .admin))
    #expect(Self.access.open(with: "nobody's", at: Self.now, isForTLS: false) == nil)
    #expect(Self.access.open(with: "", at: Self.now, isForTLS: false) == nil)
  }

  /// A cookie may hold these signs and no others (RFC 6265), and no token.
  @Test func itsTextIsACookiesAndHoldsNoSecret() throws {
    let text = try Self.text()
    #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\",;\\".utf8.contains($0) }, "\(text)")
    #expect(text.hasPrefix("v1.") && !text.contains("ana's"))
  }

  /// Broken by a code that does not cover a part.
  @Test func aTextInWhichAnythingIsChangedIsNobodys() throws {
    let text = try Self.text()
    for index in text.indices {
      for sign in ["A", "1", ".", ""] where String(text[index]) != sign {
        let changed = text[..<index] + sign + text[text.index(after: index)...]
        #expect(Self.access.owner(of: String(changed), at: Self.now) == nil, "\(changed)")
      }
    }
    for other in [
      "", ".", "v1....", "v1.\(text)", "\(text).", "v2" + text.dropFirst(2), "v1s" + text.dropFirst(2),
    ] {
      #expect(Self.access.owner(of: other, at: Self.now) == nil, "\(other)")
    }
  }

  @Test func itEndsAfterItsTime() throws {
    let text = try Self.text()
    let end = Self.now.advanced(by: Session.lifetime)
    #expect(Self.access.owner(of: text, at: end.advanced(by: .seconds(-1))) != nil)
    #expect(Self.access.owner(of: text, at: end) == nil)
    // Begun while the clock was years ahead.
    #expect(Self.access.owner(of: text, at: Self.now.advanced(by: .seconds(-1_800))) != nil)
    #expect(Self.access.owner(of: text, at: Self.now.advanced(by: .seconds(-2 * 3_600))) == nil)
  }

  @Test func itIsRenewedOnceThatGainsAnHourAndNoLongerThanAMonth() throws {
    var session = Session(of: "x", from: Self.now, isForTLS: true)
    #expect(session.renewed(at: Self.now.advanced(by: .seconds(3_500))) == nil)
    let later = try #require(session.renewed(at: Self.now.advanced(by: .seconds(3_700))))
    #expect(later.began == session.began && later.isForTLS)
    #expect(session.expires.duration(to: later.expires) == .seconds(3_700))
    var (time, count) = (Self.now, 0)
    while let next = session.renewed(at: time.advanced(by: .seconds(11 * 3_600))), count < 1_000 {
      (session, time, count) = (next, time.advanced(by: .seconds(11 * 3_600)), count + 1)
    }
    let whole = session.began.duration(to: session.expires)
    #expect(whole <= Session.longestLifetime && whole > Session.longestLifetime - .seconds(3_600))
  }

  /// It is no token that the relay could forget: it ends with the one by which it was begun, and takes the role that its person has.
  @Test func aReloadThatChangesATokenEndsItsSessionsAndNoOther() throws {
    let access = AdminAccess(token: "admin's", people: [Self.ana])
    let (ana, admin) = (try Self.text(), try Self.text("admin's"))
    func reload(_ change: (inout ServerSettings) -> Void) {
      var settings = ServerSettings()
      (settings.adminToken, settings.adminTokens) = (Secret("admin's"), [Self.ana])
      change(&settings)
      access.replace(by: settings)
    }
    reload { $0.adminTokens[0].role = .viewer }
    #expect(access.owner(of: ana, at: Self.now)?.caller.role == .viewer)
    reload { $0.adminTokens[0].value = Secret("another") }
    #expect(access.owner(of: ana, at: Self.now) == nil)
    #expect(access.owner(of: admin, at: Self.now) != nil)
    reload { $0.adminTokens = [] }
    #expect(access.owner(of: ana, at: Self.now) == nil)
    reload { $0.adminTokens[0].name = "Bea" }
    #expect(access.owner(of: ana, at: Self.now) == nil)
  }

  @Test(arguments: [
    ("huggy_relay_session=a", ["a"]), ("x=1; huggy_relay_session=a.b+/==; y=2", ["a.b+/=="]),
    ("huggy_relay_session=a;huggy_relay_session=b", ["a", "b"]), ("huggy_relay_sessions=a", []),
    ("my_huggy_relay_session=a", []),
    ("x=huggy_relay_session=a", []), ("huggy_relay_session", []), ("huggy_relay_session=", []), ("", []),
  ])
  func theCookieIsFoundAmongOthers(header: String, texts: [String]) {
    #expect(SessionCookie.texts(in: header) == texts)
  }

  @Test func onlySoManyWrongLoginsAreAnswered() throws {
    let attempts = LoginAttempts()
    for _ in 0..<LoginAttempts.limit { #expect(try attempts.admit(at: Self.now) { nil as Int? } == nil) }
    let error = #expect(throws: APIError.self) {
      try attempts.admit(at: Self.now.advanced(by: .seconds(20))) { nil as Int? }
    }
    #expect(error?.status == 429)
    #expect(error?.headers == [AdminResponse.Header("retry-after", "41")])
    // What was refused so counts nothing: else a storm would never end.
    #expect(try attempts.admit(at: Self.now.advanced(by: .seconds(60))) { nil as Int? } == nil)
    // A clock that is set back holds nobody up.
    for _ in 1..<LoginAttempts.limit {
      _ = try attempts.admit(at: Self.now.advanced(by: .seconds(60))) { nil as Int? }
    }
    #expect(try attempts.admit(at: Self.now.advanced(by: .seconds(-3_600))) { nil as Int? } == nil)
  }

  /// Broken by a login that looks at no token while there were many wrong ones: whoever reaches the port could keep everybody out,
  /// when they need to get in.
  @Test func aStrangersGuessesKeepNobodyOut() throws {
    let attempts = LoginAttempts()
    for _ in 0..<1_000 { _ = try? attempts.admit(at: Self.now) { nil as Int? } }
    #expect(try attempts.admit(at: Self.now) { 1 } == 1)
  }

  @Test func rightLoginsCountNothing() throws {
    let attempts = LoginAttempts()
    for _ in 0..<100 { #expect(try attempts.admit(at: Self.now) { 1 } == 1) }
  }
}
