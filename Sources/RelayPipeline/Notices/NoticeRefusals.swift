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
  /// How many are kept: what is kept has a fixed room.
  static let maxKept = 100

  private var seen: [String: SourceCounts] = [:]
  private var runs: [String: Run] = [:]

  init() {}

  /// - Parameters:
  ///   - kept: The runs that an earlier process has seen. While none ran nobody was refused: a run that is as old as that has
  ///     neither ended nor gone on.
  ///   - open: Sources of which it has been told, and not ended.
  init(kept: [String: KeptNotices.Run], open: some Sequence<String>, at now: Timestamp) {
    func goOn(_ source: String, from first: Timestamp, to last: Timestamp) {
      runs[source] = Run(first: first, last: last, before: SourceCounts(), acceptedAtLast: 0)
      seen[source] = SourceCounts()
    }
    for source in open { goOn(source, from: min(kept[source]?.first ?? now, now), to: now) }
    for (source, run) in kept where run.last.duration(to: now) < Self.served {
      goOn(source, from: min(run.first, now), to: min(run.last, now))
    }
  }

  /// What is to be kept: those that began first, as many as there is room for.
  var kept: [String: KeptNotices.Run] {
    runs.first(Self.maxKept) { $0.value.first < $1.value.first }.mapValues {
      KeptNotices.Run(first: $0.first, last: $0.last)
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
      (count.unauthorized - before.unauthorized, "401"), (count.forbidden - before.forbidden, "403"),
      (count.rateLimited - before.rateLimited, "429"), (count.tooLarge - before.tooLarge, "413"),
      (count.unavailable - before.unavailable, "503"),
    ].filter { $0.0 > 0 }.map { "\($0.0) answered \($0.1)" }.joined(separator: ", ")
  }
}
