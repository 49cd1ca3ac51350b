import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayStoring

/// An inbox that is looked at from outside, while its thread is away.
struct InboxLookTests {
  private let make = TestEnvelopes()
  private let answers = Locked<[StoreError.Code?]>([])

  private func append() -> StoreOperation {
    .write(
      .append(
        AppendCall(make.envelope(), late: { _ in }) { [answers] result in
          answers.withLock { $0.append(result.failure?.code) }
        }))
  }

  private func isWork(_ step: StoreInbox.Step) -> Bool {
    if case .work = step { true } else { false }
  }

  /// - Returns: The calls that a hang leaves unanswered.
  private func lookUntilItHangs(_ inbox: InboxBox) -> [AppendCall]? {
    for _ in 0..<(HangRule.looks + 1) {
      if case .hangs(.silent, let calls) = inbox.value.look() { return calls }
    }
    return nil
  }

  @Test func whatIsUnderWayAndWhatWaitsIsAnsweredAndOnlyTheLatterIsGivenUp() {
    let inbox = InboxBox()
    _ = inbox.value.post(append())
    #expect(isWork(inbox.value.next(now: .now, rest: nil, atMost: 9)))
    _ = inbox.value.post(append())
    _ = inbox.value.post(.read(.ping {}))
    let calls = lookUntilItHangs(inbox)
    #expect(calls?.count == 2)
    // The append that nobody had taken is gone, what is no envelope stays.
    guard case .work(let left) = inbox.value.next(now: .now, rest: nil, atMost: 9) else {
      Issue.record("nothing was left")
      return
    }
    #expect(left.count == 1)
    if case .read(.ping) = left[0] {} else { Issue.record("it is no ping") }
  }

  @Test func whatHasBeenAnsweredIsNotAnsweredAgain() {
    let inbox = InboxBox()
    _ = inbox.value.post(append())
    #expect(isWork(inbox.value.next(now: .now, rest: nil, atMost: 9)))
    #expect(inbox.finish().count == 1)
    #expect(lookUntilItHangs(inbox)?.isEmpty == true)
  }

  @Test func whileItHangsEnvelopesAloneAreRefused() {
    let inbox = InboxBox()
    let now = ContinuousClock.now
    #expect(isWork(inbox.value.next(now: now, rest: now, atMost: 9)))
    #expect(lookUntilItHangs(inbox) != nil)
    let operation = append()
    #expect(!inbox.value.post(operation).isAccepted)
    #expect(inbox.value.refusal(of: operation) == .silent)
    #expect(inbox.value.post(.read(.ping {})).isAccepted)
    // Back: it comes for more.
    _ = inbox.value.next(now: .now, rest: nil, atMost: 9)
    if case .isBack = inbox.value.look() {} else { Issue.record("it is not back") }
    #expect(inbox.value.post(append()).isAccepted)
  }

  @Test func anInboxThatRestsNeedsNoLooksUntilSomethingIsPosted() {
    let inbox = InboxBox(lastCommit: .now.advanced(by: .seconds(-9)))
    #expect(inbox.beginWatch())
    #expect(!inbox.beginWatch())
    guard case .sleep = inbox.value.next(now: .now, rest: nil, atMost: 9) else {
      Issue.record("it does not rest")
      return
    }
    for _ in 0..<20 {
      if case .nothingToDo = inbox.value.look() {} else { Issue.record("there is nothing to do") }
    }
    #expect(inbox.beginWatch())
  }

  @Test func anEnvelopeIsAnsweredOnce() {
    let call = AppendCall(make.envelope(), late: { _ in }) { [answers] result in
      answers.withLock { $0.append(result.failure?.code) }
    }
    #expect(call.answer(.failure(.silent)))
    #expect(!call.answer(.success(.stored([]))))
    #expect(answers.withLock { $0 } == [.hanging])
  }
}

/// `#expect` can't mutate values.
private final class InboxBox {
  var value: StoreInbox

  init(lastCommit: ContinuousClock.Instant = .now) {
    value = StoreInbox(pace: CommitPace(start: lastCommit), hanging: .silent)
  }

  func beginWatch() -> Bool { value.beginWatch() }
  func finish() -> [StoreOperation] { value.committed(envelopes: 0, at: .now) }
}

extension Result {
  fileprivate var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
