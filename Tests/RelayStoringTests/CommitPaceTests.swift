import Testing

@testable import RelayStoring

@Suite struct CommitPaceTests {
  private typealias Waiting = CommitPace.Waiting

  private let start = ContinuousClock.now

  /// After a commit that carried so many, at the start.
  private func pace(after envelopes: Int...) -> CommitPace {
    var pace = CommitPace(start: start.advanced(by: .seconds(-1)))
    for count in envelopes { pace.committed(envelopes: count, at: start) }
    return pace
  }

  @Test func whatDoesNotWaitIsNeverDue() {
    #expect(pace(after: 3).due(Waiting()) == nil)
    #expect(CommitPace(start: start).due(Waiting()) == nil)
  }

  @Test func theFirstEnvelopeIsDueAtOnce() {
    #expect(CommitPace(start: start).due(Waiting(envelopes: 1)) == start)
  }

  @Test func underLoadACommitWaitsForAsManyAsTheLastOneCarried() {
    for count in 1...3 {
      let due = pace(after: 4).due(Waiting(envelopes: count))
      #expect(due == start.advanced(by: CommitPace.gathering))
    }
    #expect(pace(after: 4).due(Waiting(envelopes: 4)) == start)
    #expect(pace(after: 4).due(Waiting(envelopes: 5)) == start)
  }

  @Test func afterAnyLoadAnEnvelopeThatFindsTheStoreAtRestIsDueAtOnce() throws {
    let due = try #require(pace(after: 50).due(Waiting(envelopes: 1)))
    #expect(due <= start.advanced(by: CommitPace.gathering))
  }

  @Test func theLoadIsWhatTheLastCommitWithEnvelopesCarried() {
    #expect(pace(after: 50, 2).due(Waiting(envelopes: 2)) == start)
    #expect(pace(after: 2, 50).due(Waiting(envelopes: 49)) == start.advanced(by: CommitPace.gathering))
    #expect(pace(after: 3, 0).due(Waiting(envelopes: 2)) == start.advanced(by: CommitPace.gathering))
    #expect(pace(after: 3, 0).due(Waiting(envelopes: 3)) == start)
  }

  @Test func gatheringBeginsWhenTheLastCommitEnds() {
    var pace = pace(after: 4)
    let end = start.advanced(by: .milliseconds(30))
    pace.committed(envelopes: 0, at: end)
    #expect(pace.due(Waiting(envelopes: 1)) == end.advanced(by: CommitPace.gathering))
    #expect(pace.restBegins == end.advanced(by: CommitPace.deferral))
  }

  @Test func outcomesThatNobodyWaitsForArePatient() {
    let since = start.advanced(by: .milliseconds(7))
    for count in [0, 1, CommitPace.deferrableLimit - 1] {
      let due = pace(after: 1).due(Waiting(deferrable: count, deferrableSince: since))
      #expect(due == since.advanced(by: CommitPace.deferral))
    }
  }

  @Test func manyOutcomesAreDueAtOnce() {
    let since = start.advanced(by: .milliseconds(7))
    #expect(CommitPace.deferrableLimit == 256)
    #expect(pace(after: 9).due(Waiting(deferrable: 256, deferrableSince: since)) == start)
    #expect(pace(after: 9).due(Waiting(envelopes: 1, deferrable: 257, deferrableSince: since)) == start)
  }

  @Test func whatIsDueFirstTakesTheOthersAlong() {
    let early = Waiting(
      envelopes: 1, deferrable: 1, deferrableSince: start.advanced(by: .microseconds(-4_500)))
    #expect(pace(after: 4).due(early) == start.advanced(by: .microseconds(500)))
    let late = Waiting(envelopes: 1, deferrable: 1, deferrableSince: start.advanced(by: .microseconds(100)))
    #expect(pace(after: 4).due(late) == start.advanced(by: CommitPace.gathering))
  }

  // MARK: Replays

  @Test func whatReplaysAskForIsPatientAndManyOfItDueAtOnce() {
    let since = start.advanced(by: .milliseconds(7))
    let pace = CommitPace(start: start)
    #expect(pace.due(Waiting(replayed: 255, replayedSince: since)) == since.advanced(by: CommitPace.deferral))
    #expect(pace.due(Waiting(replayed: 256, replayedSince: since)) == start)
    #expect(pace.due(Waiting(replayed: 1, replayedSince: since, replayedIsUrgent: true)) == start)
  }

  @Test func whileEnvelopesComeItHasNoCommitOfItsOwnBeforeThereWasNoneForAWhile() {
    let ago = start.advanced(by: .milliseconds(-9))
    for waiting in [
      Waiting(replayed: 1, replayedSince: ago), Waiting(replayed: 999, replayedSince: ago),
      Waiting(replayed: 1, replayedSince: ago, replayedIsUrgent: true),
    ] {
      var pace = pace(after: 3)
      #expect(pace.due(waiting) == start.advanced(by: CommitPace.deferral))
      // Another commit came between.
      let later = start.advanced(by: .milliseconds(4))
      pace.committed(envelopes: 0, at: later)
      #expect(pace.due(waiting) == later.advanced(by: CommitPace.deferral))
    }
  }

  @Test func onceNoEnvelopesComeItIsAsDueAsBefore() {
    var pace = pace(after: 3)
    let later = start.advanced(by: CommitPace.attention)
    pace.committed(envelopes: 0, at: later)
    #expect(pace.due(Waiting(replayed: 256, replayedSince: later)) == later)
    #expect(pace.replaysGiveWay(at: later.advanced(by: .nanoseconds(-1))) && !pace.replaysGiveWay(at: later))
  }

  @Test func itDoesNotWaitLongerThanEnvelopesAreExpected() {
    var pace = pace(after: 3)
    let later = start.advanced(by: CommitPace.attention - .milliseconds(1))
    pace.committed(envelopes: 0, at: later)
    #expect(
      pace.due(Waiting(replayed: 256, replayedSince: later)) == start.advanced(by: CommitPace.attention))
  }

  @Test func nothingThatIsLiveWaitsForIt() {
    let waiting = Waiting(envelopes: 1, replayed: 999, replayedSince: start)
    #expect(pace(after: 3).due(waiting) == start.advanced(by: CommitPace.gathering))
    #expect(pace(after: 1).due(waiting) == start)
  }

  @Test func aStoreWithoutEnvelopesDoesNotMakeReplaysGiveWay() {
    #expect(!CommitPace(start: start).replaysGiveWay(at: start))
    #expect(!pace(after: 0).replaysGiveWay(at: start) && pace(after: 1).replaysGiveWay(at: start))
  }

  @Test func whatIsUrgentIsDueAtOnce() {
    let since = start.advanced(by: .milliseconds(7))
    #expect(pace(after: 9).due(Waiting(isUrgent: true)) == start)
    #expect(
      pace(after: 9).due(Waiting(envelopes: 1, deferrable: 1, deferrableSince: since, isUrgent: true))
        == start)
  }
}
