import RelayCore
import RelayText

extension ConfigNode {
  /// `sources`, of which there must be one.
  func sources(_ node: ConfigNode?) -> [Source] {
    guard let node, !node.isNull else {
      (node ?? renamed("sources")).error(Self.noSource)
      return []
    }
    guard let section = node.section("a mapping of names to sources") else { return [] }
    if section.entries.isEmpty {
      node.error(Self.noSource)
    }
    node.probe?.mustNotBeEmpty()
    var names: [String: String] = [:]
    return section.namedEntries(Names.pattern).compactMap { entry in
      guard entry.hasValidName(), let source = entry.value.source(named: entry.key, entry: entry) else {
        return nil
      }
      if let other = names.updateValue(entry.key, forKey: source.path) {
        reading.report(
          "the source '\(other)' has this path too; give each its own",
          at: entry.value.location(ofValueAt: "path") ?? entry.location)
      }
      return source
    }
  }

  private static let noSource =
    "at least one source is required, such as huggy: { token: \"${HUGGY_TOKEN}\" }"

  private func source(named name: String, entry: Section.Entry) -> Source? {
    guard var section = section("a mapping with path, token, company and dedupe", mayBeEmpty: true) else {
      return nil
    }
    var source = Source(name: name)
    if let path = section.take("path") {
      source.path = path.sourcePath(placeholder: "/\(name)") ?? source.path
    } else if Self.reservedPaths.contains(source.path) {
      reading.report(
        "\(source.path) is the relay's own path; give the source another with path", at: entry.location)
    }
    if let token = section.take("token", isSecret: true) {
      source.learnsToken = token.isLearned
      if source.learnsToken {
        source.warnIfEasyToGuess(token)
      } else {
        source.tokens = token.tokens()
      }
    } else {
      let message = "has no token: every sender is believed; set token to the one that Huggy shows"
      reading.report(message, at: entry.location, severity: .warning)
    }
    source.company = section.take("company")?.companyID()
    if let dedupe = section.take("dedupe") {
      source.dedupe = dedupe.isKeyword("off") ? nil : dedupe.dedupe()
    }
    source.allow = section.take("allow")?.allowedAddresses() ?? source.allow
    if let rate = section.take("rate") { source.rate = rate.rate() ?? source.rate }
    source.quietAfter = section.take("quiet_after")?.quietAfter()
    source.attachments = section.take("attachments")?.attachmentPolicy()
    section.finish()
    return source
  }

  private static let reservedPaths = ["/healthz", "/readyz"]

  private func dedupe() -> Duration? {
    value(
      "a duration such as 24h, or off", words: ["off"], form: .duration(), placeholder: .seconds(1)
    ) { text throws(Fault) in
      if text == "off" { return nil }
      let duration = try Units.duration(text)
      guard duration > .zero else { throw Fault("is too short; write off to accept every envelope again") }
      guard duration <= .longestText else { throw Fault("is too long; at most \(Duration.longestText.text)") }
      return duration
    } ?? nil
  }

  private func sourcePath(placeholder: String) -> String? {
    // The own paths also as `SourcePath` makes others the same.
    let own = TextPattern.none(
      of: Self.reservedPaths.map { "/*\(TextPattern.inPath(String($0.dropFirst())))/*" })
    let form = ScalarForm.pattern("^/\(own)[!\"$->@-~]*$")
    return value("a path such as /huggy", form: form, placeholder: placeholder) {
      text throws(Fault) in
      guard text.hasPrefix("/") else { throw Fault("does not begin with '/'; write a path such as /huggy") }
      guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains(where: { "?#".contains($0) })
      else {
        throw Fault("holds a space, '?', '#' or a character beyond ASCII; write a plain path such as /huggy")
      }
      let path = SourcePath.canonical(text)
      guard !Self.reservedPaths.contains(path) else { throw Fault("is the relay's own path; choose another") }
      return path
    }
  }
}

extension Source {
  /// While its token is being learned, whoever knows the path can offer one.
  fileprivate func warnIfEasyToGuess(_ node: ConfigNode) {
    guard path.utf8.count < Self.hardToGuessBytes else { return }
    node.warning(
      "whoever guesses this source's path can offer a token while one is being learned; "
        + "give it a long random path, as `huggy-relay init` does")
  }

  /// A slash and 16 characters that nobody knows.
  private static let hardToGuessBytes = 17
}
