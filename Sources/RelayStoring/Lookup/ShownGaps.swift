import RelayCore

extension Sequence<Gap> {
  /// Those that lie in this time at least in part, with the times that the wall clock showed then, and the newest by these first.
  ///
  /// - Parameter history: What the wall clock has shown: `since` and `until` are its times.
  package func shown(since: Timestamp?, until: Timestamp?, by history: ClockHistory) -> [Gap] {
    lazy.map { $0.shown(by: history) }.filter { $0.overlaps(since: since, until: until) }
      .sorted { $0.standsBefore($1) }
  }
}

extension Gap {
  /// Newest first. Of those that began together each has its place, too: a list that is looked at twice is the same.
  fileprivate func standsBefore(_ other: Gap) -> Bool {
    if began != other.began { return began > other.began }
    if kind != other.kind { return kind.rawValue > other.kind.rawValue }
    return (source ?? "") < (other.source ?? "")
  }
}
