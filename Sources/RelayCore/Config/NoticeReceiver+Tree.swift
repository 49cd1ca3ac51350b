import RelayText

extension NoticeReceiver {
  /// What it says, of which each key tells whether it is as it would be by default.
  var marked: ConfigurationTree {
    var plain = NoticeReceiver(name: name, url: Secret(""))
    plain.format = format
    return tree.marked(against: plain.tree)
  }

  private var tree: ConfigurationTree {
    let entries: [ConfigurationTree.Entry] = [
      .init("url", .secret(url, shown: url.shownAddress)), .init("format", .word(format.rawValue)),
    ]
    guard format != .heartbeat else { return .mapping(entries + [.init("every", .word(every.text))]) }
    let kinds = NoticeKind.allCases.filter(kinds.contains).map { ConfigurationTree.word($0.rawValue) }
    return .mapping(
      entries + [
        .init("for", .word(patience.text)), .init("repeat", .word(repetition?.text ?? "off")),
        .init("on", .list(kinds)),
      ])
  }
}

extension Secret {
  /// Scheme, host and port of an address: what follows may be as secret as a password, as in the addresses of Slack's hooks.
  package var shownAddress: String {
    let text = reveal
    guard let scheme = text.firstRange(of: "://") else { return ConfigurationTree.mask }
    let rest = text[scheme.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    let path = rest.dropFirst(authority.count)
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    let credentials = host.count < authority.count ? "\(ConfigurationTree.mask)@" : ""
    let shownPath = path.isEmpty || path == "/" ? String(path) : "/\(ConfigurationTree.mask)"
    return "\(text[..<scheme.upperBound])\(credentials)\(host)\(shownPath)"
  }
}
