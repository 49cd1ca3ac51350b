import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayStoring

/// What is in a batch, what is kept and tried again, and who is told.
@Suite(.timeLimit(.minutes(15)))
final class BatchWriterTests {
  private let committer = ScriptedCommitter()
  private let observer = RecordingObserver()
  private let make = TestEnvelopes()
  private var writer: BatchWriter
  /// What each call was answered, in order.
  private let answers = Locked<[String]>([])

  init() { writer = BatchWriter(committer, clock: ManualClock(), observer: observer) }

  private func say(_ answer: String) { answers.withLock { $0.append(answer) } }
  private var said: [String] { answers.withLock { $0 } }

  private static func word<Value>(_ result: Result<Value, StoreError>) -> String {
    switch result {
    case .success: "kept"
    case .failure(let error): error.message
    }
  }

  private func append(events: Int = 1) {
    let call = AppendCall(make.envelope(events: events)) { [answers] late in
      answers.withLock { $0.append("\(late.count) late") }
    } completion: { [answers] result in
      answers.withLock { $0.append("envelope: \(Self.word(result))") }
    }
    writer.append(call)
  }

  private var delivery: Delivery {
    let event = make.envelope().events[0].event
    return Delivery(id: DeliveryID(rawValue: 1), event: event, destination: "crm", since: .second(0))
  }

  private func settle() {
    writer.settle([delivery.settled(.delivered)]) { [self] _ in say("outcome: answered") }
  }

  private func amend() {
    writer.add(
      .replay(
        .amend(1, plan: "", reason: nil) { [answers] result in
          answers.withLock { $0.append("replay: \(Self.word(result))") }
        }))
  }

  private func pause() {
    writer.add(
      .pause("crm", until: nil) { [answers] result in
        answers.withLock { $0.append("pause: \(Self.word(result))") }
      })
  }

  private func configure() {
    writer.configure(.test) { [self] result in say("configuration: \(Self.word(result))") }
  }

  /// - Returns: As `BatchWriter.write`.
  @discardableResult
  private func write() -> Int? { writer.write() }

  // MARK: Together

  @Test func whatComesTogetherIsOneCommitAndIsAnsweredAfterIt() {
    pause()
    settle()
    append(events: 3)
    let envelopes = write()
    #expect(envelopes == 1)
    #expect(committer.log == ["refusal?", "commit", "confirm what is told", "answered 3"])
    #expect(said == ["outcome: answered", "pause: kept", "envelope: kept"])
    #expect(observer.operations == [2])
    let more = write()
    #expect(more == nil, "there is nothing left")
  }

  @Test func onlyWhatNeedsRoomAsksWhetherThereIs() {
    settle()
    pause()
    write()
    #expect(committer.log.first == "commit")
    writer.add(.replay(.begin(NewReplay(plan: "", startedAt: .second(0))) { _ in }))
    write()
    #expect(committer.log.contains("refusal?"))
  }

  @Test func refusedEnvelopesCountNeitherAsOperationsNorAsEvents() {
    committer.refusal = .broken
    settle()
    append(events: 3)
    write()
    #expect(said == ["outcome: answered", "envelope: no such luck"])
    #expect(observer.operations == [1] && committer.log.last == "answered 0")
  }

  @Test func outcomesAloneAreConfirmedOnlyNowAndThen() {
    settle()
    write()
    #expect(committer.log == ["commit", "confirm", "answered 0"])
  }

  // MARK: Failures

  @Test func ifAllTogetherFailsWhatIsNewIsRefusedAndOutcomesGoAlone() throws {
    committer.failures = [.broken]
    pause()
    settle()
    append()
    write()
    #expect(said == ["pause: no such luck", "envelope: no such luck", "outcome: answered"])
    #expect(committer.batches.map(\.isOutcomesAlone) == [false, true])
    let rest = try #require(committer.batches.last)
    #expect(rest.appends.isEmpty && rest.changes.isEmpty)
    #expect(!writer.hasHeldSettlements && writer.failure == .broken && writer.mustTryAgain)
  }

  @Test(arguments: [false, true])
  func outcomesThatFailAloneAreTriedAgainAtOnceOnlyWhereTheyMayGo(mayGoNow: Bool) {
    committer.mayGoNow = mayGoNow
    committer.failures = [.broken]
    settle()
    write()
    #expect(committer.batches.count == (mayGoNow ? 2 : 1))
    #expect(writer.hasHeldSettlements == !mayGoNow)
    #expect(said == (mayGoNow ? ["outcome: answered"] : []))
  }

  @Test func heldOutcomesAreTriedAgainByACommitThatShowsWhetherItGoes() {
    committer.failures = [.broken]
    settle()
    write()
    #expect(writer.mustTryAgain && said.isEmpty)
    write()
    #expect(committer.batches.map(\.isTrial) == [false, true])
    #expect(said == ["outcome: answered"] && writer.failure == nil && !writer.mustTryAgain)
  }

  @Test func outcomesThatAreHeldAtTheEndAreAnsweredAllTheSame() {
    committer.failures = [.broken]
    settle()
    write()
    writer.abandon()
    #expect(said == ["outcome: answered"], "its delivery stays pending")
    #expect(!writer.hasHeldSettlements)
  }

  // MARK: Doubt

  @Test func whereNobodyKnowsWhetherItIsKeptOnlyOutcomesAndConfigurationsAreAnsweredSo() {
    committer.doubt = .unsure
    committer.outcome = .stored([delivery])
    pause()
    configure()
    settle()
    append()
    write()
    #expect(
      said == [
        "outcome: answered", "pause: nobody knows", "configuration: kept", "envelope: nobody knows", "1 late",
      ])
    #expect(writer.failure == .unsure)
    committer.doubt = nil
    write()
    #expect(writer.failure == nil, "the next commit is sure")
  }

  @Test func anEnvelopeThatWasAnsweredMeanwhileComesLate() {
    committer.outcome = .stored([delivery])
    let call = AppendCall(make.envelope()) { [answers] late in
      answers.withLock { $0.append("\(late.count) late") }
    } completion: { _ in
    }
    call.answer(.failure(.unsure))
    writer.append(call)
    write()
    #expect(said == ["1 late"])
  }

  @Test func whatReplaysAskForIsConfirmedBeforeItIsTold() {
    amend()
    write()
    #expect(committer.replays.log == ["amend"])
    #expect(committer.log.contains("confirm what is told"))
    #expect(said == ["replay: kept"])
  }

  @Test func whatIsLostIsRefusedAndOutcomesAreTriedAgain() {
    committer.isLost = .broken
    append()
    settle()
    amend()
    committer.failures = [nil, .broken]
    write()
    #expect(said == ["envelope: no such luck", "replay: no such luck"])
    #expect(writer.hasHeldSettlements && committer.log.filter { $0.hasPrefix("answered") }.isEmpty)
  }
}
