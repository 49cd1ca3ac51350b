import Foundation
import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What people see.
@Suite struct TextTests {
  private static let plain = Pen(usesColours: false)

  @Test func statusIsATable() {
    var status = Samples.status
    status.destinations = [
      Samples.destination("crm") {
        ($0.pending, $0.inFlight, $0.dead, $0.delivered) = (1_204_332, 1, 2, 99)
        ($0.circuit, $0.circuitOpenSince, $0.lastFailure) = (.open, Samples.time(192), "status 503")
        $0.oldestPending = .seconds(7_500)
      },
      Samples.destination("analytics") { ($0.delivered, $0.drain) = (12_345, .seconds(0)) },
    ]
    #expect(
      StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain) == """
        huggy-relay 0.1.0, up 1m30s
        configuration 0123456789ab, loaded 2026-01-02T02:04:05.678Z (1h00m ago)
        store sqlite, 1.2 GiB of 10 GiB (12%)

        DESTINATION    PENDING  IN FLIGHT  DEAD  DELIVERED  OLDEST  DRAIN  STATE
        crm          1,204,332          1     2         99   2h05m      -  failing for 3m12s: status 503
        analytics            0          0     0     12,345       -     0s  ok

        Since the relay started, 1m30s ago:
        ROUTE            MATCHED  DROPPED
        whatsapp-to-crm       12        3
        """)
  }

  /// Receivers, and the proxies before them, refuse with pages of HTML.
  @Test func aTestOfNoticesShowsItsAnswerLineByLine() {
    let report = NoticeTestReport(
      receiver: "ops", format: .slack, method: "POST", body: Array("{}".utf8),
      reply: NoticeReply(status: 404, body: Array("<html>\r\nnot here\u{1B}[1m\n".utf8)))
    #expect(
      NoticeTestText.render(NoticeTestAnswer(report), pen: Self.plain) == """
        POST to ops (slack)
        {}
        status 404: it was not taken
        <html>
        not here\u{FFFD}[1m
        """)
  }

  @Test(arguments: [(312, "ahead of"), (-312, "behind")]) func statusShowsAClockThatIsWrong(
    seconds: Int, side: String
  ) {
    var status = Samples.status
    status.clockOffset = .seconds(seconds)
    let text = StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(text.contains("this machine's clock is 5m12s \(side) its destinations'"))
    status.clockOffset = .seconds(seconds.signum() * 60)
    #expect(
      !StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain).contains(
        "clock"))
  }

  @Test func statusShowsWhatFailsAndWhatHoldsADestinationBack() {
    var status = Samples.status
    status.destinations = [
      Samples.destination("crm") {
        let day = AttemptWindow(length: .seconds(86_400))
        ($0.attempts, $0.hint, $0.capacity) = ([Samples.window, day], "mend it", Samples.capacity)
        $0.dead = 2
      },
      Samples.destination("bi") { $0.attempts = [AttemptWindow(length: .seconds(300))] },
    ]
    let text = StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(
      text.contains(
        """

        crm: failed 5 min 25 %, 24 h - of its attempts: 422 (2)
          of closedChat, 100 % answered 422 (2)
          mend it
        crm is held back by its answers: 16 at once, 500 ms each, are 32/s at most, and 40/s arrive; `concurrency: 24` would do

        Since the relay started
        """), "\(text)")
    // Of what is over nobody is told to mend it.
    status.destinations[0].dead = 0
    let over = StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(over.contains("  its last attempt went well; should it fail again: mend it\n"), "\(over)")
  }

  @Test func gapsAreATableAndSayWhatTheyMean() {
    let gaps = [
      Gap(
        kind: .down, source: nil, began: Samples.time(90), ended: Samples.time(30), count: 0,
        reason: Gap.killed),
      Gap(
        kind: .unauthorized, source: "huggy", began: Samples.time(120), ended: Samples.time(120),
        count: 1_204,
        reason: "missing_token"),
    ]
    let text = GapsText.render(GapsAnswer(gaps), now: Samples.now, isOfAllTime: true, pen: Self.plain)
    #expect(text.contains("1m00s  down           -             ?  killed"), "\(text)")
    #expect(text.contains("refused (401)  huggy     1,204  missing_token"), "\(text)")
    #expect(text.contains("Huggy publishes no retry policy"))
    #expect(
      GapsText.render(GapsAnswer([]), now: Samples.now, isOfAllTime: false, pen: Self.plain)
        == "no gap is known in that time")
    #expect(
      GapsText.render(GapsAnswer([]), now: Samples.now, isOfAllTime: true, pen: Self.plain)
        == "no gap is known"
    )
  }

  @Test func whatDrainAssumesIsSaidWhereItIsShown() {
    var status = Samples.status
    let note = "\nDRAIN: at the pace of the last half minute, if nothing new comes\n"
    func text() -> String {
      StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    }
    #expect(!text().contains(note))
    status.destinations[0].drain = .seconds(90)
    #expect(text().contains(note), "\(text())")
  }

  @Test func statusSaysWhatPendingDeliveriesWaitFor() {
    var status = Samples.status
    func text(_ change: (inout DestinationStatus) -> Void) -> String {
      status.destinations = [Samples.destination("crm", change)]
      return StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    }
    let all = text {
      ($0.pending, $0.inFlight, $0.hold) = (1_204, 1, .circuit)
      $0.waits = PendingWaits(later: 1_190, ordered: 11)
    }
    #expect(
      all.contains(
        "\ncrm: of 1,204 pending: 2 due, held by the open circuit; 1,190 to be tried again later; "
          + "11 behind an earlier one of their order key\n"), "\(all)")
    #expect(text { ($0.pending, $0.waits) = (2, PendingWaits()) }.contains("crm: of") == false)
    let orphan = text { ($0.pending, $0.waits, $0.isOrphaned) = (2, PendingWaits(later: 1), true) }
    #expect(!orphan.contains("crm: of"))
    let held = text { ($0.pending, $0.waits, $0.hold) = (2, PendingWaits(), .paused) }
    #expect(held.contains("crm: of 2 pending: 2 due, held by the pause\n"), "\(held)")
    #expect(text { ($0.pending, $0.hold) = (2, .paused) }.contains("crm: of") == false, "nobody has counted")
  }

  @Test func statusNamesWhoTakesNoNotices() {
    var status = Samples.status
    var ops = NoticeStanding(name: "ops", format: .slack, waiting: 1)
    status.receivers = [ops, NoticeStanding(name: "dead-man", format: .heartbeat, waiting: 0)]
    func text() -> String {
      StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    }
    #expect(!text().contains("notify"))
    (ops.failingFor, ops.lastFailure) = (.seconds(7_500), "status 404")
    status.receivers[0] = ops
    (status.receivers[1].failingFor, status.receivers[1].lastFailure) = (.seconds(61), "timeout")
    #expect(
      text().contains(
        """

        notify: ops has taken nothing for 2h05m: status 404; 1 notice waits. See `huggy-relay notify test ops`
        notify: dead-man has taken nothing for 1m01s: timeout. See `huggy-relay notify test dead-man`

        """), "\(text())")
    status.receivers[0].waiting = 2
    #expect(text().contains("; 2 notices wait. "))
  }

  @Test func statusShowsWhatIsWrong() {
    var status = Samples.status
    status.store.refusal = "the disk is full"
    status.reloadErrors = ["routes.yaml:1:2: a"]
    status.destinations[0].overflowed = 7
    let text = StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(text.contains("no envelopes are taken: the disk is full"))
    #expect(text.contains("the last reload failed, and changed nothing:\n  routes.yaml:1:2: a"))
    status.lastReload = Samples.time(60)
    let dated = StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(dated.contains("the last reload, 2026-01-02T03:03:05.678Z (1m00s ago), failed"), "\(dated)")
    #expect(text.contains("DISCARDED  OVERFLOWED"))
  }

  @Test(
    arguments: [
      ("orphaned: no longer configured", { @Sendable in ($0.isOrphaned, $0.isPaused) = (true, true) }),
      (
        "paused by routes.yaml:3", { ($0.isPaused, $0.pausedAt, $0.circuit) = (true, "routes.yaml:3", .open) }
      ),
      (
        "paused until 2026-01-02T03:05:05.678Z (in 1m00s)",
        { ($0.isPaused, $0.pausedUntil) = (true, Samples.time(-60)) }
      ),
      ("paused", { ($0.isPaused, $0.pausedUntil) = (true, .distantFuture) }),
      (
        "paused for 1m30s, until 2026-01-02T03:05:05.678Z (in 1m00s)",
        { ($0.isPaused, $0.pausedSince, $0.pausedUntil) = (true, Samples.time(90), Samples.time(-60)) }
      ),
      (
        "paused for 1m30s by routes.yaml:3",
        { ($0.isPaused, $0.pausedSince, $0.pausedAt) = (true, Samples.time(90), "routes.yaml:3") }
      ),
      (
        "recovering for 1m30s: status 500",
        { ($0.circuit, $0.recoveringSince, $0.lastFailure) = (.recovering, Samples.time(90), "status 500") }
      ),
      ("failing", { $0.circuit = .open }),
      (
        "failing; held by Retry-After until 2026-01-02T03:04:15.678Z (in 10s)",
        { ($0.circuit, $0.heldUntil) = (.open, Samples.time(-10)) }
      ),
      ("recovering: status 500", { ($0.circuit, $0.lastFailure) = (.recovering, "status 500") }),
      ("held by Retry-After until 2026-01-02T03:04:15.678Z (in 10s)", { $0.heldUntil = Samples.time(-10) }),
      (
        "failing for 1m30s: status 503",
        { ($0.failingSince, $0.failures, $0.lastFailure) = (Samples.time(90), 1, "status 503") }
      ),
      (
        "failing for 1m30s: status 503, 1,234 times in a row; stuck on delivery 41 (\(Samples.eventID))",
        {
          ($0.failingSince, $0.failures, $0.lastFailure) = (Samples.time(90), 1_234, "status 503")
          $0.stuckHead = StuckHead(
            delivery: DeliveryID(rawValue: 41), event: Samples.eventID, kind: EventKind(type: "t"))
        }
      ),
      (
        "refuses receivedMessage, company 6660, widget and 2 other kinds: status 404",
        {
          let kind = EventKind(type: "receivedMessage", company: "6660", channel: "widget")
          $0.refusedKinds = [RefusedKind(kind: kind, since: Samples.now, lastFailed: Samples.now)]
          ($0.refusedKindCount, $0.lastFailure) = (3, "status 404")
        }
      ),
      (
        "failing for 1m30s: status 404; refuses t",
        {
          ($0.failingSince, $0.failures, $0.lastFailure) = (Samples.time(90), 1, "status 404")
          $0.refusedKinds = [
            RefusedKind(kind: EventKind(type: "t"), since: Samples.now, lastFailed: Samples.now)
          ]
          $0.refusedKindCount = 1
        }
      ),
      ("ok", { _ in }),
    ] as [(String, @Sendable (inout DestinationStatus) -> Void)])
  func aDestinationsStateIsWhatMattersMost(text: String, change: @Sendable (inout DestinationStatus) -> Void)
  {
    var status = Samples.status
    status.destinations = [Samples.destination("crm", change)]
    let rendered = StatusText.render(
      StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
    #expect(rendered.contains("-  \(text)\n"), "\(rendered)")
  }

  @Test func coloursAreForTerminalsAndDoNotShiftColumns() {
    let status = StatusAnswer(Samples.status, now: Samples.now)
    let coloured = StatusText.render(status, now: Samples.now, pen: Pen(usesColours: true))
    #expect(coloured.contains("\u{1B}[32mok\u{1B}[0m"))
    let stripped = coloured.replacing(try! Regex("\u{1B}\\[[0-9]+m"), with: "")  // A constant that is valid.
    #expect(stripped == StatusText.render(status, now: Samples.now, pen: Self.plain))
  }

  @Test func deliveriesAreATable() {
    let deliveries = [
      Samples.delivery(.dead, id: 1_041, attempts: 12) {
        $0.deathReason = .expired
        $0.lastAttempt = DeliveryRecord.LastAttempt(
          at: Samples.now, duration: .zero, status: nil, error: "timeout: after 10s")
      },
      Samples.delivery(.retrying, id: 7, to: "bi", attempts: 1, wait: .retry(at: Samples.now)) {
        $0.lastAttempt = DeliveryRecord.LastAttempt(at: Samples.now, duration: .zero, status: 503, error: nil)
      },
      Samples.delivery(.fresh, id: 6, to: "bi", wait: .turn) { $0.type = "evil\u{1B}[2J\n" },
    ].map { DeliveryAnswer($0) }
    let id = Samples.eventID
    #expect(
      DeliveriesText.render(deliveries, now: Samples.now, pen: Self.plain) == """
          ID  EVENT                                     TYPE                DESTINATION  STATE           ATTEMPTS  RECEIVED                AGE  LAST ANSWER
        1041  \(id)  receivedAllMessage  crm          dead: expired         12  2026-01-02T03:00:53Z  3m12s  timeout: after 10s
           7  \(id)  receivedAllMessage  bi           pending: retry         1  2026-01-02T03:00:53Z  3m12s  status 503
           6  \(id)  evil\u{FFFD}[2J\u{FFFD}           bi           pending: turn          0  2026-01-02T03:00:53Z  3m12s  -
        """)
    let next = DeliveriesText.render(deliveries, now: Samples.now, pen: Self.plain, showsTitles: false)
    #expect(next.hasPrefix("1041  "))
  }

  // MARK: What was refused

  @Test func aRefusedRequestIsShownWithItsReasonItsSenderAndWhatItSent() {
    var alike = RefusalAnswer()
    (alike.at, alike.firstAt, alike.count) = (Samples.now, Samples.time(60), 12)
    (alike.path, alike.status, alike.code) = ("/huggy", 401, "invalid_token")
    alike.reason = "the envelope's token is not the one of this source"
    (alike.peer, alike.forwardedFor, alike.agent) = ("127.0.0.1", "203.0.113.7", "Guzzle\u{1B}[31mHttp/7")
    (alike.bodyBytes, alike.body) = (28, #"{"messages":{},"token":"…"}"#)
    var single = alike
    (single.count, single.status, single.code, single.offset) = (1, 413, "too_large", 7)
    (single.peer, single.forwardedFor, single.agent, single.bodyBytes, single.body) = (
      nil, nil, nil, nil, nil
    )
    var answer = RefusalsAnswer()
    answer.rejections = [alike, single]
    let text = RefusalsText.render(answer, now: Samples.now, pen: Self.plain)
    #expect(
      text == """
        401 invalid_token  /huggy
          the envelope's token is not the one of this source
          12 times since 2026-01-02T03:03:05.678Z, last 2026-01-02T03:04:05.678Z (0s ago)
          from 127.0.0.1 (for 203.0.113.7), Guzzle\u{FFFD}[31mHttp/7
          body of 28 bytes: {"messages":{},"token":"…"}

        413 too_large  /huggy
          the envelope's token is not the one of this source, at byte 7
          2026-01-02T03:04:05.678Z (0s ago)
          from an unknown address
        """, "\(text)")
    answer.rejections = []
    #expect(
      RefusalsText.render(answer, now: Samples.now, pen: Self.plain).contains("no request has been refused"))
  }
}
