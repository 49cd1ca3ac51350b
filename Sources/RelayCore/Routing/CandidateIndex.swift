import RelayText

/// Which routes could match an event of a type and a company: a superset, in the routes' order.
///
/// Made in time linear in the routes and the types that they name: what a route asks of the type is looked at once, not
/// once for each type. Only patterns with a wildcard meet each type.
struct CandidateIndex: Sendable {
  /// Routes by their places, which rise.
  fileprivate struct Candidates {
    /// Routes that name companies literally, each by each of its companies.
    var byCompany: [String: [Int]] = [:]
    /// Routes that name no company, or name it by a pattern.
    var anyCompany: [Int] = []

    /// - Parameter companies: Those that the route names; nil: it may take others.
    mutating func add(_ number: Int, companies: Set<String>?) {
      guard let companies else {
        if anyCompany.last != number { anyCompany.append(number) }
        return
      }
      for company in companies where byCompany[company]?.last != number {
        byCompany[company, default: []].append(number)
      }
    }

    func specific(to company: String?) -> [Int] {
      guard let company, !byCompany.isEmpty else { return [] }
      return byCompany[company] ?? []
    }

    var isEmpty: Bool { byCompany.isEmpty && anyCompany.isEmpty }
    /// With the work of adding it to another.
    var count: Int { byCompany.values.reduce(anyCompany.count) { $0 + $1.count } }

    /// - Parameter other: Has none of its routes.
    mutating func add(_ other: Candidates) {
      anyCompany = (anyCompany + other.anyCompany).sorted()
      for (company, numbers) in other.byCompany {
        byCompany[company] = (byCompany[company, default: []] + numbers).sorted()
      }
    }
  }

  /// Routes that take every type, where they would be too many to stand with each type, too.
  private var anyType = Candidates()
  /// The others, by lower-case type: each known type, and each that a route names literally. As bytes: String would
  /// also find other Unicode spellings of the same text, which other patterns match.
  private var byType = TypeTable<Candidates>()
  /// For any other type: routes that name it by a pattern.
  private var otherTypes = Candidates()

  /// - Parameter maxCopies: Of routes that take every type, as long as each type gets them no more often together.
  init(_ routes: [Route], maxCopies: Int = 65_536) {
    let literals = routes.lazy.compactMap(\.match.events).joined().compactMap(\.literal)
    var types: [[UInt8]: String] = [:]
    var byType: [[UInt8]: Candidates] = [:]
    // The patterns of types that are known to exist are resolved beforehand.
    for type in HuggyEventType.names + literals { types[Self.key(type)] = type }
    for key in types.keys { byType[key] = Candidates() }
    for (number, route) in routes.enumerated() {
      let companies = route.match.companies?.literals
      guard let events = route.match.events, !events.contains(where: \.matchesEverything) else {
        anyType.add(number, companies: companies)
        continue
      }
      for literal in events.lazy.compactMap(\.literal) {
        byType[Self.key(literal), default: Candidates()].add(number, companies: companies)
      }
      let patterns = events.filter { $0.literal == nil }
      guard !patterns.isEmpty else { continue }
      otherTypes.add(number, companies: companies)
      for (key, text) in types where patterns.contains(where: { $0.matches(text) }) {
        byType[key, default: Candidates()].add(number, companies: companies)
      }
    }
    if anyType.count * (byType.count + 1) <= maxCopies {
      for key in byType.keys { byType[key]!.add(anyType) }
      otherTypes.add(anyType)
      anyType = Candidates()
    }
    self.byType = TypeTable(byType)
  }

  private static func key(_ type: String) -> [UInt8] { type.utf8.map(\.asciiLowercased) }

  /// The candidates of one type.
  struct OfType {
    fileprivate let typed: Candidates
    fileprivate let anyType: Candidates

    /// - Parameter body: Returns whether to go on.
    func forEach(company: String?, _ body: (Int) -> Bool) {
      let specific = typed.specific(to: company)
      // Nearly always there is but one list.
      if anyType.isEmpty && specific.isEmpty {
        for number in typed.anyCompany { guard body(number) else { return } }
        return
      }
      var lists = CandidateLists(
        specific, typed.anyCompany, anyType.specific(to: company), anyType.anyCompany)
      while let number = lists.next() {
        guard body(number) else { return }
      }
    }
  }

  func candidates(ofType type: String) -> OfType {
    OfType(typed: byType[type] ?? otherTypes, anyType: anyType)
  }
}

/// Four lists of rising numbers, none of which stands in two, merged.
private struct CandidateLists {
  private let lists: ([Int], [Int], [Int], [Int])
  private var cursors: (Int, Int, Int, Int) = (0, 0, 0, 0)

  init(_ a: [Int], _ b: [Int], _ c: [Int], _ d: [Int]) {
    lists = (a, b, c, d)
  }

  mutating func next() -> Int? {
    let a = cursors.0 < lists.0.count ? lists.0[cursors.0] : Int.max
    let b = cursors.1 < lists.1.count ? lists.1[cursors.1] : Int.max
    let c = cursors.2 < lists.2.count ? lists.2[cursors.2] : Int.max
    let d = cursors.3 < lists.3.count ? lists.3[cursors.3] : Int.max
    let number = min(min(a, b), min(c, d))
    guard number != Int.max else { return nil }
    if number == a {
      cursors.0 += 1
    } else if number == b {
      cursors.1 += 1
    } else if number == c {
      cursors.2 += 1
    } else {
      cursors.3 += 1
    }
    return number
  }
}

extension [ScalarPattern] {
  /// The texts, each once; nil if one of them is null or holds a wildcard.
  fileprivate var literals: Set<String>? {
    var texts: Set<String> = []
    for pattern in self {
      guard case .text(let wildcard) = pattern, let literal = wildcard.literal else { return nil }
      texts.insert(literal)
    }
    return texts
  }
}
