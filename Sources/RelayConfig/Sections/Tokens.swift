import RelayCore

extension ConfigNode {
  /// `token: learn`: there is none yet. Also where a reference says so.
  var isLearned: Bool {
    probe?.may(be: .scalar(.words([Self.learnWord])))
    guard let written = node.text, !isNull,
      case .success(let text) = reading.references.replaced(in: written),
      !text.isPlaceholder
    else { return false }
    reading.variables.formUnion(text.variables)
    reading.note(text.files)
    return text.value == Self.learnWord
  }

  private static let learnWord = "learn"

  /// `token`: one, or a list of texts or of `{ value, company, until }`.
  func tokens() -> [Source.Token] {
    let expected = "a token or a list of tokens"
    let emptyFault = "an empty list accepts nobody; give a token"
    guard let items = items(expected, emptyFault: emptyFault) else { return [] }
    var tokens: [Source.Token] = []
    for item in items {
      let token = item.ifMapping {
        $0.tokenWithItsOwn()
      } else: {
        $0.tokenValue().map { Source.Token(value: $0) }
      }
      guard let token else { continue }
      if tokens.contains(where: { $0.value == token.value }) {
        item.error("this token stands twice; keep one of them")
      }
      tokens.append(token)
    }
    warnWhereAllEnd(tokens, consequence: "every sender is refused")
    return tokens
  }

  private func tokenWithItsOwn() -> Source.Token? {
    guard var section = section() else { return nil }
    let value = section.take("value", isRequired: true)
    var company = section.take("company")
    // Not secret, unlike all else beside a token.
    company?.isSecret = false
    let companyText = company?.companyID()
    // As secret as the token: the two may have been taken for each other.
    let end = section.take("until")?.until()
    section.finish()
    guard let value else {
      error("value is missing; write { value: TOKEN, company: ID }")
      return nil
    }
    warnAboutEnd(end, consequence: "nobody is let in by it")
    return value.tokenValue().map { Source.Token(value: $0, company: companyText, until: end) }
  }

  private func tokenValue() -> Secret? {
    // Two that are not resolved are not the same.
    let placeholder = Secret("placeholder \(location.line):\(location.column)")
    let form = ScalarForm.spelled(
      "^\(TextPattern.none(of: [Self.learnWord]))\(TextPattern.oneLine)\(TextPattern.something)")
    return value("a token", form: form, placeholder: placeholder, isCredential: true) { text throws(Fault) in
      guard !text.isEmpty else { throw Fault("is empty; a token can't be") }
      guard text != Self.learnWord else {
        throw Fault.whole(
          "learn stands alone: a token is learned, or given; write token: learn, or the tokens")
      }
      guard text.isOneLine else { throw Fault("holds a line break or another control character; remove it") }
      return Secret(text)
    }
  }
}
