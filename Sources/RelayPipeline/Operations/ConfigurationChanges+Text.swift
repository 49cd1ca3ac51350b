extension ConfigurationChanges {
  /// What has changed, kind by kind, for people: `destinations`, `+bi -audit ~crm`.
  package var texts: [(name: String, text: String)] {
    var texts = [("destinations", destinations.text), ("sources", sources.text), ("routes", routes.text)]
    if isRouteOrderChanged { texts[2].1 += texts[2].1.isEmpty ? "in another order" : ", in another order" }
    texts.append(("limits", limits.joined(separator: " ")))
    texts.append(("secrets", areSecretsChanged ? "changed" : ""))
    return texts.filter { !$0.1.isEmpty }
  }
}

extension ConfigurationChanges.Names {
  /// `+added -removed ~changed`, a few of each.
  fileprivate var text: String {
    [("+", added), ("-", removed), ("~", changed)]
      .flatMap { sign, names in
        names.prefix(Self.shown).map { "\(sign)\($0)" }
          + (names.count > Self.shown ? ["\(sign)\(names.count - Self.shown) more"] : [])
      }
      .joined(separator: " ")
  }

  private static var shown: Int { 20 }
}
