import RelayCore

extension ConfigNode {
  /// `admin_tokens`: a list of `{ name, value, role }`.
  func adminTokens() -> [AdminToken] {
    guard let items = items("a list of { name, value, role }", emptyFault: nil) else { return [] }
    var tokens: [AdminToken] = []
    for item in items {
      guard let token = item.namedAdminToken() else { continue }
      if tokens.contains(where: { $0.name == token.name }) {
        item.error("another person has this name; give each their own, so that the audit says who it was")
      }
      if tokens.contains(where: { $0.value == token.value }) {
        item.error("another person has this token; give each their own, so that the audit says who it was")
      }
      tokens.append(token)
    }
    return tokens
  }

  private func namedAdminToken() -> AdminToken? {
    guard var section = section("a mapping with name, value and role") else { return nil }
    // Not secret, unlike the token.
    var (name, role) = (section.take("name", isRequired: true), section.take("role", isRequired: true))
    name?.isSecret = false
    role?.isSecret = false
    let value = section.take("value", isRequired: true)
    let nameText = name?.personName()
    let roleRead = role?.role()
    let token = value?.adminToken()
    section.finish()
    for (key, node) in [("name", name), ("value", value), ("role", role)] where node == nil {
      error("\(key) is missing; write { name: ana, value: \"${ANA_TOKEN}\", role: operator }")
      return nil
    }
    guard let nameText, let token, let roleRead else { return nil }
    return AdminToken(name: nameText, value: token, role: roleRead)
  }

  private func personName() -> String? {
    // Two that are not resolved are not the same.
    let form = ScalarForm.spelled(
      "^\(TextPattern.none(of: AdminToken.ownNames.sorted()))\(TextPattern.oneLine)\(TextPattern.something){1,100}$"
    )
    return value("a name", form: form, placeholder: "placeholder \(location.line):\(location.column)") {
      text throws(Fault) in
      guard !text.isEmpty else { throw Fault("is empty; write who it is") }
      guard text.isOneLine, text.utf8.count <= 100 else {
        throw Fault("is too long, or holds a line break or another control character; at most 100 bytes")
      }
      guard !AdminToken.ownNames.contains(text) else {
        throw Fault(
          "is a name that the relay gives itself (admin: who has admin_token; local: anybody, where no token is asked for); "
            + "choose another")
      }
      return text
    }
  }

  private func role() -> Role? {
    let words = Role.allCases.map(\.rawValue)
    return value("a role", words: words, form: .words(words), placeholder: .viewer) { text throws(Fault) in
      guard let role = Role(rawValue: text) else {
        throw Fault("is no role; write \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")")
      }
      return role
    }
  }

  /// What clients send as `Authorization: Bearer TOKEN`.
  func adminToken() -> Secret? {
    // Two that are not resolved are not the same.
    let placeholder = Secret("placeholder:\(location.line):\(location.column)")
    return value("a token", form: .spelled("^[!-~]+$"), placeholder: placeholder, isCredential: true) {
      text throws(Fault) in
      guard !text.isEmpty else {
        throw Fault("is empty; give a token, or remove the key where admin is a loopback address")
      }
      guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw Fault("holds a space, a line break or a character beyond ASCII; a header can't carry it")
      }
      return Secret(text)
    }
  }
}
