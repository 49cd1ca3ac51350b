import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct FailureHintTests {
  private func destination(_ change: (inout Destination) -> Void = { _ in }) -> Destination {
    var destination = Destination(name: "crm", url: Secret("http://crm/"))
    change(&destination)
    return destination
  }

  private func window(_ cause: AttemptCause, failed: Int = 1) -> AttemptWindow {
    var window = AttemptWindow(length: .seconds(300))
    (window.attempts, window.failed) = (10, failed)
    window.causes = failed > 0 ? [AttemptWindow.Cause(cause, count: failed)] : []
    return window
  }

  private func hint(_ cause: AttemptCause, _ change: (inout Destination) -> Void = { _ in }) -> String {
    FailureHint.text([window(cause)], of: destination(change)) ?? "none"
  }

  @Test func everyFailureHasAHintThatSaysWhatToDo() {
    let causes = (100...999).filter { !(200..<300).contains($0) }.map { AttemptCause.status($0) }
    for cause in causes + TransportFailure.Kind.allCases.map({ .failure($0) }) {
      #expect(hint(cause).count > 20, "\(cause)")
    }
  }

  @Test func aRefusedPasswordIsOneThatWasRotated() {
    #expect(hint(.status(401)) { $0.authorization = .bearer(Secret("x")) }.contains("rotated"))
    #expect(hint(.status(401)).contains("`auth`"), "where there is none, it is missing")
  }

  @Test func aPermanentStatusSaysWhichTypeItIsAndHowToSendItAgain() {
    var window = window(.status(422), failed: 9)
    window.types = [
      AttemptWindow.TypeFailures(
        type: "closedChat", attempts: 9, failed: 9, cause: AttemptWindow.Cause(.status(422), count: 9))
    ]
    let hint = FailureHint.text([window], of: destination()) ?? ""
    #expect(hint.contains("closedChat") && hint.contains("huggy-relay retry --destination crm"), "\(hint)")
    #expect(
      FailureHint.text([window], of: destination { $0.permanentStatuses = [] })?.contains("permanent")
        == false)
  }

  /// A batch that is refused goes in halves: nothing goes to the dead letters at once, and its size may be why.
  @Test(arguments: [
    AttemptCause.status(413), .status(422), .status(500), .failure(.reset),
  ]) func whereRequestsHoldSeveralEventsTheirSizeMayBeWhy(cause: AttemptCause) {
    let told = hint(cause) { $0.batch = BatchPolicy() }
    #expect(told.contains("`batch.max_bytes`") && !told.contains("at once"), "\(told)")
    #expect(!hint(cause).contains("`batch"))
    #expect(!hint(cause) { $0.batch = BatchPolicy(maxEvents: 1) }.contains("`batch"))
  }

  @Test func itSpeaksOfWhatFailedLast() {
    let quiet = window(.status(500), failed: 0)
    #expect(FailureHint.text([quiet, window(.status(429))], of: destination())?.contains("`rate`") == true)
    #expect(
      FailureHint.text([window(.status(404)), window(.status(429))], of: destination())?.contains("`url`")
        == true)
    #expect(FailureHint.text([quiet, quiet], of: destination()) == nil)
  }
}

@Suite struct DestinationCapacityTests {
  private func made(
    concurrency: Int = 4, mean: Duration = .milliseconds(500), attempts: Int = 2_280, pending: Int = 1_000,
    arriving: Double? = 12, counted: Duration = .seconds(300), ordering: Ordering = .none
  ) -> DestinationCapacity? {
    var destination = Destination(name: "crm", url: Secret("http://crm/"))
    (destination.concurrency, destination.ordering) = (concurrency, ordering)
    var window = AttemptWindow(length: .seconds(300), counted: counted)
    (window.attempts, window.time) = (attempts, mean * attempts)
    return DestinationCapacity(destination, window, arriving: arriving, pending: pending)
  }

  /// Four at once that take half a second each are eight a second; twelve arrive.
  @Test func whatItCanDoIsItsConcurrencyOverItsAnswerTime() throws {
    let capacity = try #require(made())
    #expect(capacity.perSecond == 8)
    #expect(capacity.isBound)
    #expect(
      capacity.neededConcurrency == 8, "12 a second of half a second each are six, and a fifth to spare")
  }

  @Test func whatHasIdleSlotsOrNoBacklogIsNotBoundByThem() {
    #expect(made(attempts: 1_000)?.isBound == false)
    #expect(made(pending: 3)?.isBound == false)
    let sinceTheStart = made(attempts: 152, counted: .seconds(20))
    #expect(sinceTheStart?.isBound == true, "since the start, twenty seconds ago")
  }

  @Test func oneOrderForAllIsOneAtATimeWhateverTheConcurrency() throws {
    let capacity = try #require(made(attempts: 590, ordering: .destination))
    #expect((capacity.slots, capacity.perSecond, capacity.isBound) == (1, 2, true))
    #expect(capacity.neededConcurrency == nil)
  }

  @Test func nothingIsSaidOfTooLittle() {
    #expect(made(attempts: 0) == nil)
    #expect(made(counted: .seconds(19)) == nil)
    #expect(made(arriving: nil)?.neededConcurrency == nil)
  }
}

@Suite struct ArrivalSamplesTests {
  private func destination(pending: Int, delivered: Int) -> StoredDestination {
    var destination = StoredDestination(name: "crm")
    (destination.pending, destination.delivered) = (pending, delivered)
    return destination
  }

  @Test func theRateIsThatOfWhatCameWhateverBecameOfIt() {
    var samples = ArrivalSamples()
    #expect(samples.rate(of: "crm") == nil)
    samples.add([destination(pending: 10, delivered: 0)], at: .second(0))
    #expect(samples.rate(of: "crm") == nil)
    samples.add([destination(pending: 30, delivered: 80)], at: .second(20))
    #expect(samples.rate(of: "crm") == 5)
    #expect(samples.rate(of: "bi") == nil)
  }

  @Test func whatIsOldNoLongerCounts() {
    var samples = ArrivalSamples()
    samples.add([destination(pending: 0, delivered: 0)], at: .second(0))
    samples.add([destination(pending: 0, delivered: 9_000)], at: .second(300))
    #expect(samples.rate(of: "crm") == 30)
    samples.add([destination(pending: 0, delivered: 9_010)], at: .second(310))
    #expect(samples.rate(of: "crm") == 1)
  }
}
