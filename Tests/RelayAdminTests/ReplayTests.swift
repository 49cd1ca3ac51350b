import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// Replays, over real sockets and as text.
@Suite(.timeLimit(.minutes(15))) struct ReplayTests {
  private static func report(_ change: (inout Replay) -> Void = { _ in }) -> ReplayReport {
    let plan = ReplayPlan(
      events: EventFilter(
        types: [WildcardPattern("*Message", ignoringCase: true)], text: BodyCondition("5575"),
        until: Samples.time(60)),
      target: .named(["bi", "crm"]), choice: .missing, rate: Rate(count: 600, per: .seconds(60)))
    var replay = Replay(
      id: 7,
      new: NewReplay(
        plan: plan.text, expected: 1_000, who: "ana", reason: "bots", startedAt: Samples.time(60)))
    (replay.matched, replay.skipped, replay.queued, replay.delivered, replay.dead) = (900, 100, 800, 600, 4)
    change(&replay)
    return ReplayReport(replay: replay, plan: plan)
  }

  private static let json = """
    {"id":7,"state":"running","failure":null,"events":"type=*Message text=5575 until=\(Samples.time(60))",\
    "to":["bi","crm"],"choice":"missing","rate_per_second":10,"who":"ana","reason":"bots",\
    "started_at":"\(Samples.time(60))","ended_at":null,"expected":1000,"matched":900,"skipped":100,"queued":800,\
    "pending":196,"delivered":600,"dead":4,"discarded":0,"waits_for":[]}
    """

  @Test func oneBeginsWithAFilterAndSaysItsNumberAndHowManyItWillBe() async throws {
    let operations = FakeOperations { state in
      state.replayCount.matched = 3
      state.replayCount.deliveries = ["bi": 3, "crm": 2]
    }
    try await withServer(operations) { server in
      let body = #"{"type":"*Message","since":"1h","to":"bi,crm","again":true,"rate":"50/s","reason":"bots"}"#
      let answer = try await server.post("/api/v1/events/replay", body)
      #expect(answer.status == 202)
      #expect(answer.body == #"{"replay":7,"count":5}"#)
    }
    let plan = ReplayPlan(
      events: EventFilter(
        types: [WildcardPattern("*Message", ignoringCase: true)], since: Samples.time(3_600)),
      target: .named(["bi", "crm"]), choice: .again, rate: Rate(count: 50, per: .seconds(1)))
    #expect(
      operations.calls == [
        .countReplay(plan), .replay(plan, expected: 5, who: "local", reason: "bots"),
      ])
  }

  @Test func aCountThatWasCutShortIsNoNumberToGoBy() async throws {
    let operations = FakeOperations { $0.replayCount.isPartial = true }
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/events/replay", #"{"all":true,"as_routed":true}"#)
      #expect(answer.body == #"{"replay":7,"count":null}"#)
    }
  }

  @Test func aDryRunCountsByDestinationAndSendsNothing() async throws {
    let operations = FakeOperations { state in
      (state.replayCount.matched, state.replayCount.skipped) = (4, 1)
      state.replayCount.deliveries = ["crm": 2, "bi": 3]
    }
    try await withServer(operations) { server in
      let body = #"{"all":true,"as_routed":true,"missing":true,"dry_run":true}"#
      let answer = try await server.post("/api/v1/events/replay", body)
      #expect(answer.status == 200)
      #expect(
        answer.body == """
          {"dry_run":true,"events":4,"skipped":1,"without_body":0,"count":5,"complete":true,\
          "counts":[{"destination":"bi","count":3},{"destination":"crm","count":2}]}
          """)
    }
    let plan = ReplayPlan(events: EventFilter(), target: .asRouted, choice: .missing)
    #expect(operations.calls == [.countReplay(plan)])
  }

  /// Bots answer customers again: nothing is sent by leaving something out, or by two things that can't both be meant.
  @Test(arguments: [
    ("", "say which events"), (#"{"to":"crm"}"#, "say which events"), (#"{"all":true}"#, "say where to"),
    (#"{"all":true,"to":"crm","as_routed":true}"#, "say where to"),
    (#"{"all":true,"type":"a","to":"crm"}"#, "exclude each other"),
    (#"{"all":true,"to":"crm","again":true,"missing":true}"#, "exclude each other"),
    (#"{"all":true,"to":"crm","rate":"fast"}"#, "50/s"), (#"{"all":true,"to":"crm","rate":"0/s"}"#, "50/s"),
    (#"{"ids":["x"],"to":"crm"}"#, "is not an event's id"), (#"{"all":true,"to":[]}"#, "empty"),
  ])
  func whatIsNotMeantBeginsNothing(body: String, says: String) async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/events/replay", body)
      #expect(answer.status == 400)
      #expect(answer.body.contains(says), "\(answer.body)")
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func theyAreListedShownAndCancelled() async throws {
    let operations = FakeOperations { $0.replays = [Self.report()] }
    try await withServer(operations) { server in
      let all = try await server.get("/api/v1/replays?limit=1&after=9")
      #expect(all.body == #"{"replays":[\#(Self.json)],"next":"7"}"#)
      #expect(try await server.get("/api/v1/replays").body.hasSuffix(#""next":null}"#))
      #expect(try await server.get("/api/v1/replays/7").body == Self.json)
      #expect(try await server.post("/api/v1/replays/7/cancel", #"{"reason":"x"}"#).body == Self.json)
      let unknown = try await server.post("/api/v1/replays/8/cancel", "{}")
      #expect(unknown.status == 404 && unknown.body.contains("there is no replay 8"))
      #expect(try await server.get("/api/v1/replays/x").status == 400)
      #expect(try await server.get("/api/v1/replays?after=x").status == 400)
    }
    #expect(
      operations.calls == [
        .replays(before: 9, limit: 1), .replays(before: nil, limit: 50), .cancelReplay(7), .cancelReplay(8),
      ])
  }

  @Test func whoMayNotSeeBodiesIsNotToldWhatWasLookedForInThem() {
    let viewer = ReplayAnswer(Self.report(), for: Caller(name: "v", role: .viewer))
    #expect(viewer.events.hasPrefix("type=*Message text=… until="))
    #expect(ReplayAnswer(Self.report(), for: Caller(name: "r", role: .reader)).events.contains("text=5575"))
  }

  // MARK: Text

  private static func answer(_ change: (inout Replay) -> Void = { _ in }) -> ReplayAnswer {
    ReplayAnswer(report(change), for: .local)
  }

  @Test func progressIsALineThatSaysWhatItWaitsFor() {
    var answer = Self.answer()
    #expect(
      ReplayText.progress(answer, pace: 1_234.5)
        == "replay 7 [############........] 604 of 1,000, 1,234/s, 4 dead")
    answer.waitsFor = ["bi"]
    #expect(ReplayText.progress(answer, pace: nil).hasSuffix("604 of 1,000, 4 dead, waits for bi"))
    // There were more than were counted.
    #expect(
      ReplayText.progress(Self.answer { ($0.queued, $0.delivered) = (2_000, 1_996) }, pace: nil)
        == "replay 7 [####################] 2,000 of 2,000, 4 dead")
  }

  @Test func oneIsShownWithAllThatIsKnownOfIt() {
    let pen = Pen(usesColours: false)
    #expect(
      ReplayText.one(Self.answer(), now: Samples.now, pen: pen) == """
        replay 7  running
          which     type=*Message text=5575 until=\(Samples.time(60))
          to        bi, crm (missing)
          rate      at most 10.0/s
          began     \(Samples.time(60)) by ana
          reason    bots
          events    900 events so far, 100 without a new delivery
          sent      800 queued of 1,000: 600 delivered, 196 pending, 4 dead, 0 discarded
        """)
    let failed = Self.answer { ($0.walk, $0.failure, $0.endedAt) = (.failed, "no such luck", Samples.now) }
    let text = ReplayText.one(failed, now: Samples.now, pen: pen)
    #expect(
      text.contains("failed") && text.contains("no such luck") && text.contains("ended     \(Samples.now)"))
  }

  @Test func whatCameOfOneIsTheLastLine() {
    let done = Self.answer { ($0.walk, $0.delivered, $0.dead) = (.ended, 800, 0) }
    #expect(ReplayText.end(done) == "replay 7 done: 800 delivered")
    let other = Self.answer { ($0.walk, $0.delivered, $0.dead, $0.discarded) = (.cancelled, 700, 90, 10) }
    #expect(
      ReplayText.end(other)
        == "replay 7 cancelled: 700 delivered, 90 dead (huggy-relay deliveries --state dead has them with all others), "
        + "10 discarded"
    )
  }

  @Test func manyAreATable() {
    let done = Self.answer { ($0.walk, $0.delivered, $0.dead) = (.ended, 800, 0) }
    #expect(
      ReplayText.table([done], now: Samples.now, pen: Pen(usesColours: false), showsTitles: true) == """
        ID  STATE    AGE  TO       QUEUED  PENDING  DELIVERED  DEAD  WHO  EVENTS
         7  done   1m00s  bi, crm     800        0        800     0  ana  type=*Message text=5575 until=\(Samples.time(60))
        """)
  }

  @Test func oneThatFindsNothingToSendSaysWhyThatMayBe() {
    var answer = ReplayBegunAnswer()
    (answer.replay, answer.count) = (7, 0)
    #expect(ReplayText.begun(answer).hasPrefix("replay 7 sends nothing; with --dry-run it says why"))
    answer.count = 1
    #expect(ReplayText.begun(answer).hasPrefix("replay 7 has begun: 1 delivery;"))
    answer.count = nil
    #expect(ReplayText.begun(answer).hasPrefix("replay 7 has begun;"))
  }

  @Test func manyAreAskedFor() {
    var count = ReplayCount()
    (count.matched, count.skipped, count.deliveries) = (160, 10, ["bi": 50, "crm": 100])
    #expect(
      ReplayText.question(ReplayCountAnswer(count))
        == "send 150 deliveries: 50 to bi, 100 to crm; 10 of 160 events would not be sent (they have a delivery there "
        + "already (--again sends them too), or no route sends them)? [y/N] ")
    count.bodiless = 4
    #expect(
      ReplayText.wouldBe(ReplayCountAnswer(count)).hasSuffix(
        "10 of 160 events would not be sent (6 have a delivery there already (--again sends them too), or no route sends them; "
          + "4 have no body any more: erased, or gone after unrouted_retention)"))
    count.bodiless = 9
    #expect(
      ReplayText.wouldBe(ReplayCountAnswer(count)).contains(
        "(1 has a delivery there already (--again sends it too)"))
    count.bodiless = 10
    #expect(ReplayText.wouldBe(ReplayCountAnswer(count)).contains("not be sent (they have no body any more"))
    #expect(
      ReplayText.wouldBe(ReplayCountAnswer(ReplayCount())).hasPrefix(
        "0 deliveries would be sent: no event matches"))
    var one = ReplayCount()
    (one.matched, one.skipped, one.bodiless) = (1, 1, 1)
    #expect(
      ReplayText.wouldBe(ReplayCountAnswer(one)).contains(
        "1 of 1 event would not be sent (it has no body any")
    )
    count.deliveries = ["bi": 100]
    #expect(ReplayText.question(ReplayCountAnswer(count)) == nil)
    count.isPartial = true
    #expect(ReplayText.question(ReplayCountAnswer(count))?.hasPrefix("send at least 100 deliveries") == true)
  }
}
