import RelayCore
import RelayText

/// Which routes no event gets to, because an earlier one takes all that they match and ends its routing there.
///
/// Routes that end are found by a type and a company that they name, so that many of them cost each later one nothing.
struct RouteShadows {
  private struct Key: Hashable {
    /// In lower case; nil: the route takes every type, or names it by a pattern.
    var type: String?
    /// nil: it takes every company, or names it by a pattern.
    var company: String?
  }

  /// At most this many routes of one key are looked at: no sensible configuration has more.
  private static let most = 1_000

  private var endings: [Key: [ReadRoute]] = [:]

  /// Warns if earlier routes leave nothing for this one.
  mutating func check(_ read: ReadRoute, in reading: Reading) {
    let endings = read.route.match.byEvent.map(ending)
    if let first = endings.first, let ending = first, !endings.contains(where: { $0 == nil }) {
      let what = ending.route.match.takesEverything ? "every event" : "all that this route matches"
      reading.report(
        "no event gets here: \(ending.location.keyPath), at line \(ending.location.line), matches \(what) and ends its "
          + "routing; move this route before it",
        at: read.location, severity: .warning)
    } else {
      for (event, ending) in zip(read.match.events, endings) {
        guard let ending else { continue }
        reading.report(
          "no such event gets here: \(ending.location.keyPath), at line \(ending.location.line), matches it and ends its "
            + "routing; move this route before it", at: event.location, severity: .warning)
      }
    }
    add(read)
  }

  private mutating func add(_ read: ReadRoute) {
    guard read.route.stop || read.route.action == .drop, read.route.except.isEmpty else { return }
    let (types, companies) = (
      read.route.match.literalTypes ?? [nil], read.route.match.literalCompanies ?? [nil]
    )
    for type in types {
      for company in companies {
        let key = Key(type: type, company: company)
        if endings[key]?.count ?? 0 < Self.most { endings[key, default: []].append(read) }
      }
    }
  }

  /// The first of them.
  private func ending(_ match: Match) -> ReadRoute? {
    let types: Set = [nil, match.literalTypes?.first ?? nil]
    let companies: Set = [nil, match.literalCompanies?.first ?? nil]
    // A set has no order that one could rely on.
    return types.flatMap { type in
      companies.compactMap { company in
        endings[Key(type: type, company: company)]?.first { $0.route.match.takesAll(of: match) }
      }
    }.min { $0.location.line < $1.location.line }
  }
}

extension Match {
  /// The same for one type after another; itself, where it takes every type.
  fileprivate var byEvent: [Match] {
    guard let events else { return [self] }
    return events.map { event in
      var match = self
      match.events = [event]
      return match
    }
  }

  /// In lower case; nil: it does not name them all.
  fileprivate var literalTypes: [String?]? {
    guard let events, events.allSatisfy({ $0.literal != nil }) else { return nil }
    return events.map { $0.literal?.asciiLowercased }
  }

  fileprivate var literalCompanies: [String?]? {
    let texts = companies?.map { company -> String? in
      if case .text(let pattern) = company { pattern.literal } else { nil }
    }
    guard let texts, !texts.contains(nil) else { return nil }
    return texts
  }

  fileprivate var takesEverything: Bool { takesAll(of: Match()) }

  /// Whether whatever meets the other match surely meets this one.
  fileprivate func takesAll(of other: Match) -> Bool {
    Self.includes(sources, other.sources) && Self.includes(events, other.events)
      && Self.includes(companies, other.companies)
      && Self.includes(channels, other.channels)
      && fields.allSatisfy { field in
        other.fields.contains { $0.path == field.path && field.test.holds(whenever: $0.test) }
      }
  }

  private static func includes(_ mine: [WildcardPattern]?, _ others: [WildcardPattern]?) -> Bool {
    guard let mine else { return true }
    if mine.contains(where: \.matchesEverything) { return true }
    return others?.allSatisfy { other in mine.contains { $0.includes(other) } } ?? false
  }

  private static func includes(_ mine: [ScalarPattern]?, _ others: [ScalarPattern]?) -> Bool {
    guard let mine else { return true }
    return others?.allSatisfy { other in mine.contains { $0.includes(other) } } ?? false
  }
}

extension WildcardPattern {
  /// Whether it surely matches all that the other matches.
  fileprivate func includes(_ other: WildcardPattern) -> Bool {
    if matchesEverything { return true }
    // Two that are not resolved may be any two.
    guard source != Self.unresolved, other.source != Self.unresolved else { return false }
    return self == other || other.literal.map { matches($0) } ?? false
  }
}

extension ScalarPattern {
  fileprivate func includes(_ other: ScalarPattern) -> Bool {
    switch (self, other) {
    case (.null, .null): true
    case (.text(let mine), .text(let other)): mine.includes(other)
    case (.null, .text), (.text, .null): false
    }
  }
}

extension FieldTest {
  /// Whether it surely holds for every field that the other holds for.
  fileprivate func holds(whenever other: FieldTest) -> Bool {
    if self == other { return true }
    switch other {
    case .equalsAny(let others):
      if case .equalsAny(let mine) = self {
        return others.allSatisfy { other in mine.contains { $0.includes(other) } }
      }
      return self == .exists(true) && !others.contains(.null)
    case .compare, .contains: return self == .exists(true)
    case .all(let tests): return tests.contains { holds(whenever: $0) }
    case .not, .exists: return false
    }
  }
}
