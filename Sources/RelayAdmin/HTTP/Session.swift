import RelayCore
import RelayDigest

/// What a browser keeps after a login, so that it need not keep the token.
///
/// It names who it is, and until when; its code is made with that person's token, so that nobody else can make one, and a token that
/// is changed or taken away ends all sessions that were begun with it. Nothing of it is kept in the relay: it outlives a restart.
/// docs/decisions/0036-the-dashboard-in-the-binary.md says why.
struct Session: Sendable, Equatable {
  /// As the configuration calls them.
  var name: String
  /// When the token was given. Wall-clock time, to the second, as all times here.
  var began: Timestamp
  var expires: Timestamp
  /// It was begun by TLS, and its cookie is for TLS alone.
  var isForTLS: Bool

  /// One that takes another's place, as its cookie has it.
  struct Renewal: Sendable, Equatable {
    var session: Session
    var text: String
  }

  /// How long it lives unused.
  static let lifetime = Duration.seconds(12 * 3_600)
  /// However much it is used, the token is asked for again after so long.
  static let longestLifetime = Duration.seconds(30 * 86_400)
  /// One that lives longer by less than this is not renewed.
  private static let smallestGain = Duration.seconds(3_600)
  /// A clock may have been set back by so much since.
  private static let clockSlack = Duration.seconds(3_600)

  init(of name: String, from now: Timestamp, isForTLS: Bool) {
    self.name = name
    began = Timestamp(seconds: now.seconds)
    expires = began.advanced(by: Self.lifetime)
    self.isForTLS = isForTLS
  }

  /// - Returns: nil: this is no session, or not one of whose key it is, or has ended.
  /// - Parameters:
  ///   - text: As a cookie has it.
  ///   - key: The token of whom it names; nil: nobody has that name.
  init?(_ text: String, at now: Timestamp, key: (_ name: String) -> Secret?) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "v1" || parts[0] == "v1s",
      let nameBytes = Base64.bytes(String(parts[1])), let name = String(validating: nameBytes, as: UTF8.self),
      let began = Int64(parts[2]), let expires = Int64(parts[3]), let key = key(name)
    else { return nil }
    let signed = parts.dropLast().joined(separator: ".")
    guard Array(parts[4].utf8).equalsInConstantTime(Array(Self.code(of: signed, key).utf8)) else {
      return nil
    }
    // Its times are the relay's own from here on.
    (self.name, isForTLS) = (name, parts[0] == "v1s")
    (self.began, self.expires) = (Timestamp(seconds: began), Timestamp(seconds: expires))
    guard now < self.expires, now.advanced(by: Self.lifetime + Self.clockSlack) >= self.expires else {
      return nil
    }
  }

  /// As a cookie has it: `v1.NAME.BEGAN.EXPIRES.CODE`.
  func text(key: Secret) -> String {
    let parts = [
      isForTLS ? "v1s" : "v1", Base64.text(Array(name.utf8)), String(began.seconds), String(expires.seconds),
    ]
    let signed = parts.joined(separator: ".")
    return "\(signed).\(Self.code(of: signed, key))"
  }

  /// The same with a later end; nil: it is too young for that, or as old as one may become.
  func renewed(at now: Timestamp) -> Session? {
    var later = self
    later.expires = min(
      Timestamp(seconds: now.seconds).advanced(by: Self.lifetime), began.advanced(by: Self.longestLifetime))
    return expires.advanced(by: Self.smallestGain) <= later.expires ? later : nil
  }

  private static func code(of text: String, _ key: Secret) -> String {
    Base64.text(
      SHA256.authenticationCode(
        key: Array(key.reveal.utf8), Array("huggy-relay session ".utf8), Array(text.utf8)))
  }
}

extension Timestamp {
  fileprivate init(seconds: Int64) {
    self.init(microseconds: seconds.multipliedReportingOverflow(by: 1_000_000).partialValue)
  }
}

/// The cookie that holds a session's text.
enum SessionCookie {
  static let name = "huggy_relay_session"

  /// What stands under its name; several, where a browser has several.
  ///
  /// - Parameter cookies: The header `cookie`.
  static func texts(in cookies: String) -> [String] {
    cookies.split(separator: ";").compactMap { pair in
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[0].drop(while: { $0 == " " }) == name else { return nil }
      return String(parts[1])
    }
  }

  /// No script sees it, and no page of another site has it sent.
  static func header(_ text: String, for length: Duration, isForTLS: Bool) -> AdminResponse.Header {
    AdminResponse.Header(
      "set-cookie",
      "\(name)=\(text); Path=/; Max-Age=\(length.components.seconds); HttpOnly; SameSite=Strict"
        + (isForTLS ? "; Secure" : ""))
  }
}
