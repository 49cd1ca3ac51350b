/// Which routes could match an event of a type and a company: a superset, in the routes' order.
struct CandidateIndex: Sendable {
  /// Types that Huggy documents or that are known to exist: their patterns are resolved beforehand.
  static let knownTypes = [
    "receivedMessage", "receivedAllMessage", "createdChat", "startedChat", "agentEntered", "closedChat",
    "answeredChatForm", "createdCustomer", "updatedCustomer", "startedWidgetAttendance",
    "startedAutomationFlow", "finishedAutomationFlow", "sendedAllMessage", "sentAllMessage",
    "updatedWorkflowStep",
  ]

  private struct Candidates {
    /// Routes that name companies literally, each by each of its companies.
    var byCompany: [String: [Int]] = [:]
    /// Routes that name no company, or name it by a pattern.
    var anyCompany: [Int] = []
  }

  /// By lower-case type: each known type, and each that a route names literally. As bytes: String would also find
  /// other Unicode spellings of the same text, which other patterns match.
  private var byType: [[UInt8]: Candidates] = [:]
  /// For any other type: routes that name no type, or name it by a pattern.
  private var otherTypes = Candidates()

  init(_ routes: [Route]) {
    let literals = routes.lazy.compactMap(\.match.events).joined().compactMap(\.literal)
    for type in Self.knownTypes + literals {
      let key = type.utf8.map(\.asciiLowercased)
      guard byType[key] == nil else { continue }
      byType[key] = Self.candidates(of: routes) { $0.contains { $0.matches(type) } }
    }
    otherTypes = Self.candidates(of: routes) { $0.contains { $0.literal == nil } }
  }

  /// - Parameter body: Returns whether to go on.
  func forEachCandidate(type: String, company: String?, _ body: (Int) -> Bool) {
    let candidates = byType[type.utf8.map(\.asciiLowercased)] ?? otherTypes
    let specific = company.flatMap { candidates.byCompany[$0] } ?? []
    let general = candidates.anyCompany
    var (nextSpecific, nextGeneral) = (0, 0)
    while nextSpecific < specific.count || nextGeneral < general.count {
      let takesSpecific =
        nextGeneral == general.count
        || nextSpecific < specific.count && specific[nextSpecific] < general[nextGeneral]
      let number = takesSpecific ? specific[nextSpecific] : general[nextGeneral]
      if takesSpecific { nextSpecific += 1 } else { nextGeneral += 1 }
      guard body(number) else { return }
    }
  }

  private static func candidates(
    of routes: [Route], accepting isCandidate: ([WildcardPattern]) -> Bool
  ) -> Candidates {
    var candidates = Candidates()
    for (number, route) in routes.enumerated() where route.match.events.map(isCandidate) ?? true {
      if let literals = route.match.companies?.literals {
        for company in literals { candidates.byCompany[company, default: []].append(number) }
      } else {
        candidates.anyCompany.append(number)
      }
    }
    return candidates
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
