import RelayCore
import RelayText

extension Destination {
  /// Takes `headers`, `auth` and `signing_secret`.
  mutating func readCredentials(_ section: inout Section) {
    let ownHeaders = section.take("headers", isSecret: true)?.headers() ?? []
    for header in ownHeaders {
      headers.removeAll { $0.name.asciiLowercased == header.header.name.asciiLowercased }
      if !header.header.value.isEmpty { headers.append(header.header) }
    }
    let auth = section.entry("auth")
    if let auth {
      var value = auth.value
      value.isSecret = true
      authorization = value.authorization() ?? authorization
    }
    if let secrets = section.take("signing_secret", isSecret: true) {
      signingSecrets = secrets.signingSecrets() ?? signingSecrets
    }
    guard authorization != nil else { return }
    let clash = "auth (here or in defaults) sets the header Authorization; remove one of the two"
    if let own = ownHeaders.first(where: { $0.header.name.asciiLowercased == "authorization" }) {
      section.node.reading.report(clash, at: own.location)
    } else if let auth {
      if headers.contains(where: { $0.name.asciiLowercased == "authorization" }) {
        section.node.reading.report(
          "defaults set the header Authorization; remove one of the two", at: auth.location)
      } else if HTTPAddress.hasCredentials(url.reveal) {
        section.node.reading.report("url holds credentials too; remove one of the two", at: auth.location)
      }
    }
  }
}

extension ConfigNode {
  /// `auth`: exactly one way.
  fileprivate func authorization() -> Destination.Authorization? {
    guard var section = section("a mapping with bearer, basic or oauth2") else { return nil }
    let bearer = section.take("bearer")
    let basic = section.take("basic")
    let oauth2 = section.take("oauth2")
    section.needsOne(of: "bearer", "basic", "oauth2")
    if reading.isProbing { _ = (bearer?.credential("a bearer token"), basic?.basic(), oauth2?.oauth2()) }
    section.finish()
    switch (bearer, basic, oauth2) {
    case (let bearer?, nil, nil): return bearer.credential("a bearer token").map { .bearer(Secret($0)) }
    case (nil, let basic?, nil): return basic.basic()
    case (nil, nil, let oauth2?): return oauth2.oauth2().map { .oauth2($0) }
    case (nil, nil, nil) where section.entries.isEmpty:
      error("expected bearer, basic or oauth2, found nothing; remove auth")
    case (nil, nil, nil): break
    default:
      [oauth2, basic].lazy.compactMap(\.self).first?.error(
        "auth is one of bearer, basic and oauth2; remove the others")
    }
    return nil
  }

  private func basic() -> Destination.Authorization? {
    guard var section = section("a mapping with username and password") else { return nil }
    let username = section.take("username", isRequired: true)
    let password = section.take("password", isRequired: true)
    section.finish()
    let missing = [("username", username), ("password", password)].filter { $0.1 == nil }.map(\.0)
    guard let username, let password else {
      error("\(missing.joined(separator: " and ")) missing; write { username: …, password: … }")
      return nil
    }
    let name = username.credential("a user name", isSecret: false, forbidding: ":")
    // An empty password is one; an empty user name is a slip.
    let secret = password.credential("a password", mayBeEmpty: true)
    guard let name, let secret else { return nil }
    return .basic(username: name, password: Secret(secret))
  }

  func credential(
    _ expected: String, isSecret: Bool = true, mayBeEmpty: Bool = false,
    forbidding forbidden: Character? = nil
  ) -> String? {
    let form: ScalarForm =
      mayBeEmpty
      ? .spelled("^\(TextPattern.oneLine)")
      : forbidden.map { .spelled("^\(TextPattern.oneLine)[^\($0)]+$") } ?? .line
    return value(expected, form: form, placeholder: "placeholder", isCredential: isSecret) {
      text throws(Fault) in
      guard mayBeEmpty || !text.isEmpty else { throw Fault("is empty; expected \(expected)") }
      guard text.isOneLine else { throw Fault("holds a line break or another control character; remove it") }
      if let forbidden, text.contains(forbidden) {
        throw Fault("holds '\(forbidden)', which \(expected) can't")
      }
      return text
    }
  }
}
