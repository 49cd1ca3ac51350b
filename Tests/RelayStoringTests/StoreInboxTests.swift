import Testing

@testable import RelayStoring

@Suite struct StoreInboxTests {
  private let bench = InboxBench()

  // MARK: When operations are taken

  @Test func anEnvelopeThatFindsTheStoreAtRestIsTakenAtOnce() {
    bench.post(.envelope("a"))
    #expect(bench.next() == .work(["a"]))
    #expect(bench.isEmpty)
  }

  @Test func underLoadEnvelopesWaitForAsManyAsTheLastCommitCarried() {
    bench.commit(envelopes: 3)
    bench.post(.envelope("a"))
    bench.post(.envelope("b"))
    #expect(bench.next() == .sleep(until: bench.after(CommitPace.gathering)))
    bench.post(.envelope("c"))
    #expect(bench.next() == .work(["a", "b", "c"]))
  }

  @Test func fewerEnvelopesAreTakenOnceTheyHaveGathered() {
    bench.commit(envelopes: 3)
    bench.post(.envelope("a"))
    #expect(bench.next(after: CommitPace.gathering - .nanoseconds(1)) != .work(["a"]))
    #expect(bench.next(after: CommitPace.gathering) == .work(["a"]))
  }

  @Test(arguments: [InboxBench.Post.outcomes(1), .outcomes(255), .suspended, .giveBack])
  func whatNobodyWaitsForIsTakenWhenItsPatienceEnds(post: InboxBench.Post) throws {
    // When they came is read from the clock: it was between these two.
    let before = ContinuousClock.now
    bench.post(post)
    let after = ContinuousClock.now
    let end = try #require(bench.sleepEnd(bench.next()))
    #expect(end >= before.advanced(by: CommitPace.deferral) && end <= after.advanced(by: CommitPace.deferral))
    bench.post(.suspended)
    #expect(bench.next() == .sleep(until: end), "what comes later lengthens no wait")
    #expect(bench.next(at: end) == .work([post.name, "suspended"]))
  }

  @Test func outcomesGoWithTheNextCommit() {
    bench.post(.outcomes(1))
    bench.post(.envelope("a"))
    bench.post(.outcomes(2))
    #expect(bench.next() == .work(["1 outcomes", "a", "2 outcomes"]))
  }

  @Test func manyOutcomesAreTakenAtOnce() {
    bench.post(.outcomes(200))
    bench.post(.outcomes(55))
    #expect(bench.sleepEnd(bench.next()) != nil)
    bench.post(.outcomes(1))
    #expect(bench.next() == .work(["200 outcomes", "55 outcomes", "1 outcomes"]))
  }

  @Test(arguments: [InboxBench.Post.urgentOutcomes(1), .ping, .hold("a")])
  func everythingElseIsTakenAtOnce(post: InboxBench.Post) {
    bench.commit(envelopes: 9)
    bench.post(.envelope("e"))
    bench.post(post)
    #expect(bench.next() == .work(["e", post.name]))
  }

  @Test func whatWasTakenDoesNotCountAgain() {
    bench.commit(envelopes: 2)
    bench.post(.envelope("a"))
    bench.post(.hold("b"))
    bench.post(.outcomes(255))
    #expect(bench.next() == .work(["a", "b", "255 outcomes"]))
    bench.post(.envelope("c"))
    bench.post(.outcomes(1))
    #expect(bench.next() == .sleep(until: bench.after(CommitPace.gathering)))
  }

  // MARK: Replays

  @Test(arguments: [InboxBench.Post.replayedOutcomes(300), .replayClaim])
  func whileEnvelopesComeWhatReplaysAskForGoesWithTheirs(post: InboxBench.Post) throws {
    bench.commit(envelopes: 1)
    bench.post(post)
    let end = try #require(bench.sleepEnd(bench.next()))
    #expect(end >= bench.after(CommitPace.deferral), "no commit of its own")
    bench.post(.envelope("a"))
    #expect(bench.next() == .work([post.name, "a"]))
  }

  @Test func whatACommitHadNoRoomForGoesWithTheNextOrHasOneOfItsOwnSoon() {
    bench.commit(envelopes: 1, replayedLeft: 40)
    #expect(bench.next() == .sleep(until: bench.after(CommitPace.deferral)))
    #expect(bench.next(after: CommitPace.deferral) == .work([]))
    #expect(bench.sleepEnd(bench.next(after: CommitPace.deferral)) == nil, "it was taken")
  }

  // MARK: The limit of a take

  @Test func whatTheLimitLeavesBehindIsTakenAtOnceAndInOrder() {
    bench.commit(envelopes: 5)
    for name in ["a", "b", "c", "d", "e"] { bench.post(.envelope(name)) }
    #expect(bench.next(atMost: 2) == .work(["a", "b"]))
    bench.post(.envelope("f"))
    #expect(bench.next(atMost: 2) == .work(["c", "d"]))
    #expect(bench.next(atMost: 2) == .work(["e", "f"]))
    bench.post(.envelope("g"))
    #expect(bench.next(atMost: 2) == .sleep(until: bench.after(CommitPace.gathering)))
  }

  // MARK: Sleeping

  @Test func anIdleInboxSleepsForEverAfterTheLull() {
    bench.commit(envelopes: 1)
    let lull = bench.after(CommitPace.deferral)
    #expect(bench.next() == .sleep(until: lull))
    #expect(bench.next(after: CommitPace.deferral - .nanoseconds(1)) == .sleep(until: lull))
    #expect(bench.next(at: lull) == .sleep(until: nil))
  }

  @Test func whatNeedsNoCauseIsDoneInItsTime() {
    #expect(bench.next(rest: .milliseconds(2)) == .sleep(until: bench.after(.milliseconds(2))))
    #expect(bench.next(after: .milliseconds(2), rest: .milliseconds(2)) == .work([]))
    bench.post(.envelope("a"))
    #expect(bench.next(rest: .zero) == .work(["a"]))
  }

  @Test func aSleepEndsWithTheFirstThatIsDue() {
    bench.commit(envelopes: 2)
    bench.post(.envelope("a"))
    #expect(bench.next(rest: .seconds(1)) == .sleep(until: bench.after(CommitPace.gathering)))
    #expect(bench.next(rest: .microseconds(1)) == .sleep(until: bench.after(.microseconds(1))))
  }

  // MARK: Waking

  @Test func aThreadThatIsAwakeIsNotWoken() {
    #expect(bench.post(.hold("a")) == .taken)
    #expect(bench.next() == .work(["a"]))
    #expect(bench.post(.hold("b")) == .taken)
  }

  @Test(arguments: [InboxBench.Post.envelope("a"), .outcomes(1), .suspended, .hold("a")])
  func aThreadThatSleepsForEverIsWokenOnceByAnything(post: InboxBench.Post) {
    #expect(bench.next() == .sleep(until: nil))
    #expect(bench.post(post) == .takenAndWoken)
    #expect(bench.post(post) == .taken)
    #expect(bench.post(.hold("b")) == .taken)
  }

  @Test func aThreadIsNotWokenForWhatIsDueAfterItsSleep() {
    #expect(bench.next(rest: CommitPace.deferral) == .sleep(until: bench.after(CommitPace.deferral)))
    #expect(bench.post(.outcomes(1)) == .taken)
    #expect(bench.post(.outcomes(254)) == .taken)
    #expect(bench.post(.outcomes(1)) == .takenAndWoken, "now they are many")
    #expect(bench.post(.outcomes(1)) == .taken)
  }

  @Test func gatheringWakesAThreadWhenItBeginsAndWhenItIsDone() {
    bench.commit(envelopes: 3)
    #expect(bench.next() == .sleep(until: bench.after(CommitPace.deferral)))
    #expect(bench.post(.envelope("a")) == .takenAndWoken)
    #expect(bench.next() == .sleep(until: bench.after(CommitPace.gathering)))
    #expect(bench.post(.envelope("b")) == .taken)
    #expect(bench.post(.envelope("c")) == .takenAndWoken)
    #expect(bench.post(.envelope("d")) == .taken)
  }

  // MARK: The end

  @Test func afterCloseEverythingIsTakenAndThenComesTheEnd() {
    bench.commit(envelopes: 9)
    bench.post(.envelope("a"))
    bench.post(.outcomes(1))
    bench.post(.suspended)
    bench.close()
    #expect(bench.next(atMost: 2) == .work(["a", "1 outcomes"]))
    #expect(bench.next(atMost: 2) == .work(["suspended"]))
    #expect(bench.next(rest: .zero, atMost: 2) == .end)
    #expect(bench.next() == .end)
  }

  @Test func aPostAfterCloseIsRefused() {
    #expect(bench.next() == .sleep(until: nil))
    bench.close()
    #expect(bench.post(.hold("a")) == .refused)
    #expect(bench.isEmpty)
    #expect(bench.next() == .end)
  }
}
