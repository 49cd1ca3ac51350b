import RelayCore
import RelayText

/// What is valid, and yet hardly says what was meant.
extension ConfigNode {
  /// Warns of patterns that are one or two letters from a documented event type, and match none.
  func warnAboutMisspeltTypes(_ patterns: [WildcardPattern]) {
    warnAboutMisspelling(patterns, of: Self.knownTypes, called: "event type")
  }

  /// The same for channels.
  func warnAboutMisspeltChannels(_ patterns: [ScalarPattern]) {
    let nodes = items("a channel", emptyFault: nil) ?? []
    for (pattern, node) in zip(patterns, nodes) {
      guard case .text(let text) = pattern else { continue }
      node.warnAboutMisspelling([text], of: Self.knownChannels, called: "channel")
      // A channel's name may well be of several words.
      node.warnAboutBlanks(in: text.source.ends, called: "a channel")
    }
  }

  private func warnAboutMisspelling(
    _ patterns: [WildcardPattern], of known: PatternNames, called kind: String
  ) {
    for (pattern, item) in zip(patterns, items(kind, emptyFault: nil) ?? []) {
      guard let meant = known.nearest(to: pattern), let scalar = item.scalar(kind) else { continue }
      item.warning(
        "\(item.shown(scalar)) matches no \(kind) that Huggy documents, but nearly \(meant); did you mean that?"
      )
    }
  }

  /// Warns of a company's id that no event can have.
  func warnAboutOddIDs(_ patterns: [ScalarPattern]) {
    for (pattern, node) in zip(patterns, items("a company's id", emptyFault: nil) ?? []) {
      guard case .text(let text) = pattern else { continue }
      guard !text.source.isEmpty else {
        node.warning("an empty id never matches: an event without a company is met by null")
        continue
      }
      node.warnAboutBlanks(in: text.source, called: "an id")
    }
  }

  /// Warns of a text that no id is: empty, or with blanks. Of a field whose name says that it holds an id.
  func warnAboutOddIDs(_ test: FieldTest) {
    switch test {
    case .equalsAny(let patterns):
      for (pattern, node) in zip(patterns, items("an id", emptyFault: nil) ?? []) {
        guard case .text(let text) = pattern else { continue }
        if text.source.isEmpty { node.warning("an id is hardly empty; write null for one that is missing") }
        node.warnAboutBlanks(in: text.source, called: "an id")
      }
    case .not, .exists, .contains, .compare, .all: return
    }
  }

  /// `company` beside a source or a token.
  func companyID() -> String? {
    let id = comparedText("a company's id")
    if let id { warnAboutBlanks(in: id, called: "an id") }
    return id
  }

  private func warnAboutBlanks(in text: String, called what: String) {
    guard text.utf8.contains(where: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }) else { return }
    warning("this is \(what) with blanks, which hardly ever matches; take them out")
  }

  private static let knownTypes = PatternNames(HuggyEventType.names)

  /// Those of Huggy's pages, and those that its own clients name.
  private static let knownChannels = PatternNames([
    "widget", "email", "agent", "whatsapp", "whatsapp-enterprise", "phone", "telegram", "messenger",
    "facebook",
    "instagram",
  ])
}

extension FieldPath {
  /// Whether its name says that it holds an id: `id`, `chatID`, `customer_id`.
  var isID: Bool {
    guard let last = keys.last else { return false }
    return last == "id" || ["Id", "ID", "_id"].contains(where: last.hasSuffix)
  }
}

extension String {
  /// Its first and its last character.
  fileprivate var ends: String { String(prefix(1) + suffix(1)) }
}

extension ConfigNode {
  /// Warns of `$NAME`, which is plain text here, where it looks like a variable: it is all of the value, or the
  /// environment has one of that name.
  func warnAboutBareVariable(in text: String) {
    guard let name = text.bareVariables.first(where: { isLikelyVariable($0, in: text) }) else { return }
    // What follows a `$` may be part of a secret, unless a variable is called so.
    let isKnown = reading.references.environment[name] != nil
    let shown = isSecret && !isKnown ? "NAME" : String(name)
    warning("'$' and a name without braces is plain text here; write ${\(shown)} for the variable")
  }

  private func isLikelyVariable(_ name: String, in text: String) -> Bool {
    if reading.references.environment[name] != nil { return true }
    return text.count == name.count + 1 && name.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
  }

  /// Warns of a secret that anybody who has the file knows.
  func warnAboutDefault(of scalar: ScalarText) {
    guard let reference = scalar.defaulted.first, !scalar.value.isEmpty else { return }
    warning("this secret is the default of \(reference), which whoever sees the file knows; set the variable")
  }
}

extension String {
  /// What stands behind each `$` as a name, without braces.
  fileprivate var bareVariables: [String] {
    guard utf8.contains(UInt8(ascii: "$")) else { return [] }
    return matches(of: /\$([A-Za-z_][A-Za-z0-9_]*)/).compactMap { match in
      let isEscaped =
        match.range.lowerBound > startIndex && self[index(before: match.range.lowerBound)] == "$"
      return isEscaped ? nil : String(match.1)
    }
  }
}

extension Reading {
  /// Warns of destinations that are the relay itself.
  func warnAboutOwnAddress(_ destinations: [ReadDestination], of configuration: Configuration) {
    for read in destinations {
      guard let destination = read.destination,
        let target = HTTPAddress.target(destination.url.reveal)
      else { continue }
      let location = read.urlLocation ?? read.location
      if configuration.server.listen.isReached(by: target) {
        let isSource = configuration.sources.contains { $0.path == target.path }
        let end =
          isSource
          ? "each event would come back to it, without end" : "only its sources' paths take anything there"
        report("this is where the relay itself listens: \(end)", at: location, severity: .warning)
      } else if configuration.server.admin?.isReached(by: target) ?? false {
        report(
          "this is the relay's own server.admin, which takes no events; give the service's address",
          at: location,
          severity: .warning)
      }
    }
  }
}

extension ListenAddress {
  /// Whether a request to this host and port surely comes here.
  fileprivate func isReached(by target: (host: String, port: Int, path: String)) -> Bool {
    guard port != 0, port == target.port else { return false }
    let targetAddress = ListenAddress(host: target.host, port: target.port)
    if host.asciiLowercased == targetAddress.host.asciiLowercased { return true }
    let takesLoopback = isLoopback || host == "0.0.0.0" || host == "::"
    return takesLoopback
      && (targetAddress.isLoopback || targetAddress.host == "0.0.0.0" || targetAddress.host == "::")
  }
}
