import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What one side writes the other reads.
@Suite struct AnswerTests {
  private static func roundTrip<A: Answer>(_ answer: A) throws -> A {
    try AnswerDecoder.decode(A.self, from: RecordEncoder.answer(answer))
  }

  @Test func aStatusIsReadAsItWasWritten() throws {
    var status = Samples.status
    status.destinations = [
      Samples.destination("crm") {
        ($0.isPaused, $0.isOrphaned, $0.circuit) = (true, true, .recovering)
        ($0.pausedUntil, $0.circuitOpenSince, $0.heldUntil) = (
          Samples.time(1), Samples.time(2), Samples.time(3)
        )
        ($0.pending, $0.inFlight, $0.dead, $0.delivered, $0.discarded, $0.overflowed) = (1, 2, 3, 4, 5, 6)
        ($0.oldestPending, $0.drain) = (.milliseconds(1), .seconds(2))
        ($0.pausedAt, $0.lastFailure) = ("a", "b")
        ($0.failingSince, $0.failures, $0.refusedKindCount) = (Samples.time(4), 7, 1)
        let kind = EventKind(type: "t", company: "c", channel: "d")
        $0.stuckHead = StuckHead(delivery: DeliveryID(rawValue: 1), event: Samples.eventID, kind: kind)
        $0.refusedKinds = [RefusedKind(kind: kind, since: Samples.time(5), lastFailed: Samples.time(6))]
      }
    ]
    status.store.refusal = "\u{1}\"\\"
    let answer = StatusAnswer(status, now: Samples.now)
    #expect(try Self.roundTrip(answer) == answer)
  }

  static let waits: [DeliveryWait] = [
    .inFlight, .order(DeliveryID(rawValue: 7)), .order(nil), .retry(at: Samples.now),
    .paused(until: Samples.now, at: nil), .paused(until: nil, at: "routes.yaml:3"),
    .paused(until: .distantFuture, at: nil), .circuit(openSince: Samples.now, lastFailure: "status 500"),
    .circuit(openSince: nil, lastFailure: nil), .held(until: Samples.now), .orphaned, .store,
    .batch(until: Samples.now), .turn,
  ]

  @Test(arguments: waits) func aPendingDeliveryIsReadAsItWasWritten(wait: DeliveryWait) throws {
    let delivery = Samples.delivery(.waiting, attempts: 3, wait: wait) {
      $0.due = Samples.now
      $0.lastAttempt = DeliveryRecord.LastAttempt(
        at: Samples.now, duration: .microseconds(1_234), status: 503, error: nil)
      $0.failures = [
        Samples.failure(1, status: 503, answer: "no"), Samples.failure(2, status: nil, error: "e"),
      ]
      $0.failureCount = 2
    }
    let answer = DeliveryAnswer(delivery)
    #expect(answer.state == "pending")
    #expect(try Self.roundTrip(answer) == answer)
  }

  @Test func whatIsWaitedForHasItsOwnWord() {
    let words = Self.waits.map { WaitAnswer($0, of: Samples.delivery()).for }
    #expect(
      words == [
        "in_flight", "order", "order", "retry", "pause", "pause", "pause", "circuit", "circuit",
        "retry_after",
        "orphaned", "store", "batch", "turn",
      ])
  }

  @Test func whatWaitsForItsOrderTellsOfWhatComesFirst() throws {
    var behind = Samples.delivery(.waiting, id: 42, wait: .order(DeliveryID(rawValue: 41)))
    #expect(DeliveryAnswer(behind).waiting?.eventId == nil)
    behind.first =
      Samples.delivery(.retrying, attempts: 8) {
        $0.due = Samples.now
        $0.lastAttempt = DeliveryRecord.LastAttempt(
          at: Samples.now, duration: .milliseconds(1), status: 503, error: nil)
      }.record
    let wait = try #require(DeliveryAnswer(behind).waiting)
    #expect(wait.deliveryId == 41 && wait.eventId == "\(Samples.eventID)")
    #expect(wait.attempts == 8 && wait.dueAt == Samples.now && wait.lastFailure == "status 503")
    #expect(wait.message.hasSuffix("it is of \(Samples.eventID), attempts: 8, the last failed (status 503)"))
  }

  @Test func otherAnswersAreReadAsTheyWereWritten() throws {
    let page = DeliveriesAnswer(
      DeliveryReportPage(
        deliveries: [Samples.delivery(.delivered), Samples.delivery(.discarded)],
        next: DeliveryID(rawValue: 9)), withAnswers: true)
    #expect(try Self.roundTrip(page) == page)
    let pause = PauseAnswer(name: "crm", pausedUntil: Samples.now)
    #expect(try Self.roundTrip(pause) == pause)
    let reload = ReloadAnswer(
      ReloadReport(hash: "h", loadedAt: Samples.now, isUnchanged: true, warnings: ["w"], needsRestart: ["k"]))
    #expect(try Self.roundTrip(reload) == reload)
    #expect(try Self.roundTrip(ChangedAnswer(changed: 7)) == ChangedAnswer(changed: 7))
    var counts = DeliveryCounts()
    counts.add(3, of: "crm", .overflowed)
    #expect(try Self.roundTrip(DryRunAnswer(counts)) == DryRunAnswer(counts))
    let failure = ErrorAnswer.json(code: "c", message: "m", errors: ["e"])
    #expect(
      String(decoding: failure, as: UTF8.self) == #"{"error":{"code":"c","message":"m"},"errors":["e"]}"#)
  }

  @Test func anEventIsReadAsItWasWrittenButForItsBody() throws {
    let answer = try Self.roundTrip(EventAnswer(Samples.event(routes: ["a", "b"], isDropped: true)))
    #expect(answer.id == Samples.eventID.description)
    #expect(answer.routes == ["a", "b"])
    #expect(answer.dropped)
    #expect(answer.company == "15691")
    #expect(answer.chat == nil)
  }

  @Test(arguments: [
    (DeliveryState.fresh, "pending"), (.retrying, "pending"), (.waiting, "pending"),
    (.delivered, "delivered"),
    (.dead, "dead"), (.discarded, "discarded"),
  ])
  func eachStateHasItsWord(state: DeliveryState, word: String) {
    #expect(DeliveryAnswer(Samples.delivery(state)).state == word)
  }

  @Test(arguments: [
    (0.0, "0"), (-1, "-1"), (1.5, "1.5"), (12.345, "12.345"), (1e20, "1e+20"), (0.001, "0.001"),
    (90.5, "90.5"),
  ])
  func numbersAreJSON(number: Double, text: String) {
    var output = JSONOutput()
    number.write(to: &output)
    #expect(String(decoding: output.bytes, as: UTF8.self) == text)
  }

  // MARK: What an answer means

  @Test func successIsJSON() {
    let outcome = AdminOutcome(
      status: 200, contentType: "application/json", body: Array("{}".utf8), hasToken: false)
    #expect(outcome == .done(Array("{}".utf8)))
  }

  @Test func aRefusalSaysWhyWithoutDanger() {
    let body = ErrorAnswer.json(
      code: "invalid_configuration", message: "wrong\u{1B}[2J", errors: ["a:1:2: b"])
    let outcome = AdminOutcome(status: 422, contentType: "application/json", body: body, hasToken: false)
    #expect(
      outcome == .refused(code: "invalid_configuration", message: "wrong\u{FFFD}[2J", errors: ["a:1:2: b"]))
  }

  @Test(arguments: [(true, "the token is wrong"), (false, "a token is needed")])
  func aMissingTokenIsToldFromAWrongOne(hasToken: Bool, message: String) {
    let body = ErrorAnswer.json(code: "unauthorized", message: "x")
    let outcome = AdminOutcome(status: 401, contentType: "application/json", body: body, hasToken: hasToken)
    guard case .refused(_, let told, _) = outcome else {
      Issue.record("not refused")
      return
    }
    #expect(told.hasPrefix(message))
    #expect(told.contains("HUGGY_RELAY_ADMIN_TOKEN"))
  }

  @Test(arguments: [
    (200, "text/html", "<html>"), (404, "text/plain", "not found"), (502, "application/json", "{}"),
    (301, "application/json", ""),
  ])
  func anotherServerIsNotTheAPI(status: Int, type: String, body: String) {
    let outcome = AdminOutcome(status: status, contentType: type, body: Array(body.utf8), hasToken: true)
    guard case .notTheAPI(let message) = outcome else {
      Issue.record("taken for the API")
      return
    }
    #expect(message.contains("\(status)"))
  }

  @Test func aSelectionIsAskedForAsTheAPIReadsIt() throws {
    func read(_ input: SelectionInput) throws -> ChangeRequest {
      let json = try #require(JSONInput.parse(try RecordEncoder.request(input)))
      let read = try RecordDecoder.decode(SelectionInput.self, from: json, .request)
      return try ChangeRequest(read, for: .discard, now: Samples.now)
    }
    var input = SelectionInput()
    input.ids = ["1", "\(Samples.eventID)", "2"].compactMap { SelectedID($0) }
    let ids = try read(input)
    #expect(ids.selection == .ids([1, 2].map { DeliveryID(rawValue: $0) }, events: [Samples.eventID]))
    #expect(!ids.isDryRun)
    input = SelectionInput()
    (input.filter.destination, input.filter.since) = ("crm", "1h")
    (input.state, input.dryRun) = (OneOrMany([.dead, .pending]), true)
    let dry = try read(input)
    #expect(dry.isDryRun)
    #expect(
      dry.selection
        == .filters(
          [.dead, .pending].map {
            DeliveryFilter(state: $0, destination: "crm", since: Samples.time(3_600))
          }))
    input = SelectionInput()
    input.all = true
    #expect(try read(input).selection == .filters([DeliveryFilter(state: .dead)]))
    #expect(throws: APIError.self) { try read(SelectionInput()) }
  }

  @Test func aQueryIsAskedForAsTheAPIReadsIt() throws {
    var input = DeliveriesInput()
    (input.filter.type, input.filter.since) = ("a b&c=d+é%", "2026-01-02T03:04:05+02:00")
    (input.state, input.page.limit) = (.dead, 7)
    #expect(try RequestText.query(input, reason: "x").hasSuffix("&why=x"), "its `reason` is a condition")
    #expect(try RequestText.query(Nothing(), reason: "x") == "reason=x")
    let items = QueryItems(try RequestText.query(input)).items
    let read = try RecordDecoder.decode(
      DeliveriesInput.self, from: .object(items.mapValues { .parameter($0) }), .request)
    #expect(read == input)
  }
}
