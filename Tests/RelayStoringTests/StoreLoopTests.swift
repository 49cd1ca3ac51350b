import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayStoring

/// In which order a store's thread does what was asked: all of it is asked before it begins, on the test's own thread.
@Suite(.timeLimit(.minutes(15)))
struct StoreLoopTests {
  private let backend = ScriptedBackend()
  private let observer = RecordingObserver()
  private let clock = ManualClock()
  private let inbox = Monitor(StoreInbox(hanging: .silent))
  private let answers = Locked<[String]>([])

  private func post(_ operations: StoreOperation...) {
    for operation in operations { _ = inbox.update { $0.post(operation) } }
  }

  /// Until all that was asked is done, and the end.
  private func run() {
    inbox.update { $0.close() }
    StoreLoop(backend, inbox: inbox, clock: clock, observer: observer).run()
  }

  private func say(_ what: String) -> @Sendable () -> Void {
    { [answers] in answers.withLock { $0.append(what) } }
  }

  private func claim() -> StoreOperation {
    let request = ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 1, byteLimit: 1)
    let say = say("claimed")
    return .read(.claim(request) { _ in say() })
  }

  private func append() -> StoreOperation {
    let say = say("appended")
    return .write(.append(AppendCall(TestEnvelopes().envelope(), late: { _ in }) { _ in say() }))
  }

  private func work(steps: Int) -> CountedWork {
    CountedWork(steps: steps) { [answers] error in
      answers.withLock { $0.append(error?.message ?? "done") }
    }
  }

  @Test func whatIsReadIsReadAfterTheCommitAndWhatIsOfMemoryBefore() {
    post(claim(), append(), .memory(.hold(["crm"], say("held"))), claim(), .memory(.giveBack([])))
    run()
    #expect(answers.withLock { $0 } == ["appended", "claimed", "held", "claimed"])
    // How many of the reads come before that is a matter of time.
    #expect(
      backend.log.filter { $0 != "tend while others wait" } == [
        "hold", "give back", "refusal?", "commit", "confirm what is told", "answered 1", "claim", "claim",
        "cut off", "keep clock",
      ])
  }

  @Test func aJobThatIsUnderWayAtTheEndIsCutOff() {
    post(.job(.own(work(steps: 2))))
    run()
    #expect(answers.withLock { $0 } == [StoreError.closed.message])
    #expect(backend.log == ["step", "tend while others wait", "cut off", "keep clock"])
  }

  @Test func aJobThatIsDoneIsToldSo() {
    post(.job(.own(work(steps: 1))))
    run()
    #expect(answers.withLock { $0 } == ["done"])
  }

  @Test func aJobWhoseStepFailsIsOver() {
    backend.fault = .broken
    post(.job(.own(work(steps: 9))))
    run()
    #expect(answers.withLock { $0 } == ["no such luck"])
  }

  @Test func aJobThatClaimsFindIsBegunOnce() {
    let work = work(steps: 9)
    backend.found = { CountedJob(work) }
    post(claim(), claim())
    run()
    #expect(answers.withLock { $0 } == ["claimed", "claimed", StoreError.closed.message])
  }

  @Test func aClaimThatFailsIsAnsweredAndTold() {
    backend.fault = .broken
    post(claim())
    run()
    #expect(answers.withLock { $0 } == ["claimed"] && observer.readFailures == [.broken])
  }

  @Test func whatCouldNotBeCommittedIsTriedOnceMoreAtTheEnd() {
    backend.commits.failures = [.broken, .broken]
    post(append())
    run()
    #expect(observer.conditions.last?.refusal == .broken)
    #expect(backend.commits.batches.map(\.isTrial) == [false, true])
  }

  @Test func aStoreThatHasLivedForAMinuteSaysSo() {
    let loop = StoreLoop(backend, inbox: inbox, clock: clock, observer: observer)
    clock.advance(by: .seconds(60))
    post(.read(.ping {}))
    inbox.update { $0.close() }
    loop.run()
    #expect(backend.log == ["tend while others wait", "mark life", "cut off", "keep clock"])
  }

  @Test func aStoreThatIsLostSaysNothing() {
    let loop = StoreLoop(backend, inbox: inbox, clock: clock, observer: observer)
    clock.advance(by: .seconds(60))
    backend.loss = .broken
    post(.read(.ping {}))
    inbox.update { $0.close() }
    loop.run()
    #expect(!backend.log.contains("mark life"))
  }
}
