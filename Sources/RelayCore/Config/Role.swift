/// What a person, or a program, may do at the admin API: each may what the one before may, too.
package enum Role: String, Sendable, CaseIterable, Comparable {
  /// `/metrics`, for a scraper.
  case metrics
  /// How everything is, but no contents: no bodies of events, no answers of destinations.
  case viewer
  /// Contents, too.
  case reader
  /// Changes.
  case `operator`
  /// What can't be undone or taken back: erase, export, tokens.
  case admin

  private var rank: Int {
    switch self {
    case .metrics: 0
    case .viewer: 1
    case .reader: 2
    case .operator: 3
    case .admin: 4
    }
  }

  package static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }
}
