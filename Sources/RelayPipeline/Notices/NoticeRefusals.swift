import RelayCore

/// Whether a source's requests are refused: a run of refusals, whose length is what the refusals themselves cover.
///
/// So one request with a wrong token, which anybody can send, is no run; and neither is each of a few a week.
struct NoticeRefusals: Sendable, Equatable {
  private struct Run: Sendable, Equatable {
    var first: Timestamp
    var last: Timestamp
    /// As they were before the run, and after the last refusal.
    var before: SourceCounts
    var acceptedAtLast: Int
  }

  /// Without a refusal for so long a run is over, if something has been accepted meanwhile …
  static let served = Duration.seconds(15 * 60)
  /// … and if not.
  static let silent = Duration.seconds(3_600)

  private var seen: [String: SourceCounts] = [:]
  private var runs: [String: Run] = [:]

  init() {}

  /// - Parameter open: Sources of which it has been told, and not ended.
  init(open: some Sequence<String>, at now: Timestamp) {
    for source in open {
      runs[source] = Run(first: now, last: now, before: SourceCounts(), acceptedAtLast: 0)
      seen[source] = SourceCounts()
    }
  }

  mutating func look(_ counts: [String: SourceCounts], at now: Timestamp) -> [NoticeKey: NoticeState] {
    var states: [NoticeKey: NoticeState] = [:]
    for (source, count) in counts {
      let before = seen[source] ?? count
      if count.refused > before.refused {
        var run = runs[source] ?? Run(first: now, last: now, before: before, acceptedAtLast: 0)
        run.last = now
        run.acceptedAtLast = count.accepted
        runs[source] = run
      }
      if let run = runs[source] {
        let isServed = count.accepted > run.acceptedAtLast
        if run.last.duration(to: now) >= (isServed ? Self.served : Self.silent) { runs[source] = nil }
      }
      seen[source] = count
      states[NoticeKey(kind: .refused, subject: .source(source))] =
        runs[source].map { run in
          .on(
            since: run.first, lasted: run.first.duration(to: run.last), Self.detail(count, since: run.before))
        } ?? .off
    }
    seen = seen.filter { counts[$0.key] != nil }
    runs = runs.filter { counts[$0.key] != nil }
    return states
  }

  private static func detail(_ count: SourceCounts, since before: SourceCounts) -> String {
    [
      (count.unauthorized - before.unauthorized, "401"), (count.tooLarge - before.tooLarge, "413"),
      (count.unavailable - before.unavailable, "503"),
    ].filter { $0.0 > 0 }.map { "\($0.0) answered \($0.1)" }.joined(separator: ", ")
  }
}
