import Testing

@testable import RelayStoring

/// How much of what replays ask for a commit beside envelopes has room for.
struct ReplayShareTests {
  /// After commits that took so long without replays, of whose items each took so long.
  private func share(commit: Duration, item: Duration, count: Int = 20) -> ReplayShare {
    var share = ReplayShare()
    for _ in 0..<60 { share.committed(in: commit + item * count, replayed: item * count, items: count) }
    return share
  }

  @Test(arguments: [
    (Duration.microseconds(800), Duration.microseconds(5), 20), (.milliseconds(4), .microseconds(20), 25),
    (.milliseconds(4), .microseconds(40), 12),
  ])
  func aCommitBecomesLongerByAQuarter(commit: Duration, item: Duration, items: Int) {
    let share = share(commit: commit, item: item)
    // Each is an outcome, and a delivery to be queued.
    #expect(abs(share.items - items) <= 1 && item * 2 * share.items <= commit / 4)
    #expect(share.claimed == 2 * share.items)
  }

  @Test func replaysAlwaysGoOnAndNeverFillACommit() {
    #expect(share(commit: .microseconds(10), item: .milliseconds(1)).items == ReplayShare.bounds.lowerBound)
    #expect(share(commit: .seconds(1), item: .microseconds(5)).items == ReplayShare.bounds.upperBound)
    #expect(ReplayShare().items == ReplayShare.bounds.lowerBound, "nothing is known yet")
  }

  @Test func oneSlowCommitIsNotTheMeasureOfAll() {
    var share = share(commit: .milliseconds(1), item: .microseconds(5))
    let before = share.items
    share.committed(in: .milliseconds(9), replayed: .zero, items: 0)
    #expect(abs(share.items - 2 * before) <= 2)
  }
}
