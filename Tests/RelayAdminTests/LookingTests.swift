import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What can be read, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct LookingTests {
  @Test func healthIsAnsweredWhileTheProcessLives() async throws {
    try await withServer(FakeOperations { $0.readiness = .notReady("the disk is full") }) { server in
      let answer = try await server.get("/healthz")
      #expect(answer.status == 200)
      #expect(answer.body == #"{"status":"ok"}"#)
    }
  }

  @Test func readinessSaysWhyNot() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let ready = try await server.get("/readyz")
      #expect(ready.status == 200)
      #expect(ready.body == #"{"status":"ready"}"#)
      operations.state.withLock { $0.readiness = .notReady("the disk is full") }
      let answer = try await server.get("/readyz")
      #expect(answer.status == 503)
      #expect(answer.body == #"{"error":{"code":"not_ready","message":"the disk is full"}}"#)
    }
  }

  @Test func metricsComeInPrometheusTextFormat() async throws {
    try await withServer { server in
      let answer = try await server.get("/metrics")
      #expect(answer.status == 200)
      #expect(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
      #expect(answer.body == "huggy_relay_build_info{version=\"1\"} 1\n")
    }
  }

  @Test func statusHasTheDocumentedShape() async throws {
    let operations = FakeOperations { state in
      state.status.destinations = [
        Samples.destination("crm") {
          $0.circuit = .open
          ($0.circuitOpenSince, $0.nextProbe) = (Samples.time(60), Samples.now)
          $0.lastFailure = "status 503"
          ($0.pending, $0.inFlight, $0.dead, $0.delivered) = (4, 1, 2, 99)
          ($0.discarded, $0.overflowed) = (5, 6)
          $0.oldestPending = .milliseconds(1_500)
          ($0.drain, $0.pace) = (.seconds(30), 1.0 / 3)
          $0.heldUntil = Samples.now
          ($0.failingSince, $0.failures) = (Samples.time(90), 7)
          $0.stuckHead = StuckHead(
            delivery: DeliveryID(rawValue: 41), event: Samples.eventID, kind: EventKind(type: "createdChat"))
          $0.refusedKinds = [
            RefusedKind(
              kind: EventKind(type: "receivedMessage", company: "15691"), since: Samples.time(90),
              lastFailed: Samples.now)
          ]
          $0.refusedKindCount = 3
          ($0.oldestDue, $0.isLate) = (.milliseconds(1_250), true)
          ($0.waits, $0.hold) = (PendingWaits(later: 1, ordered: 2), .retryAfter)
          ($0.attempts, $0.hint, $0.capacity) = ([Samples.window], "mend it", Samples.capacity)
          ($0.batch, $0.eventsPerRequest) = (
            BatchPolicy(maxEvents: 50, maxWait: .milliseconds(250)), 100.0 / 3
          )
          ($0.concurrencyLimit, $0.suggestedConcurrency) = (Samples.concurrencyLimit, 40)
        },
        Samples.destination("bi") {
          ($0.isPaused, $0.isOrphaned, $0.pausedAt) = (true, true, "routes.yaml:12")
          ($0.pausedUntil, $0.pausedSince) = (.distantFuture, Samples.time(60))
          ($0.circuit, $0.recoveringSince) = (.recovering, Samples.time(90))
        },
      ]
      (state.status.reloadErrors, state.status.lastReload) = (["routes.yaml:1:1: x"], Samples.now)
      state.status.store.refusal = "full"
      state.status.clockOffset = .milliseconds(-312_500)
      state.status.store.logBytes = 4_096
      state.status.store.reader = RelayStatus.Store.Reader(name: "sqlite3 (process 7)", time: .seconds(61))
      state.status.store.unreadFor = .milliseconds(5_500)
      var ops = NoticeStanding(name: "ops", format: .slack, waiting: 3)
      (ops.failingFor, ops.lastFailure) = (.seconds(60), "status 404")
      state.status.receivers = [ops, NoticeStanding(name: "dead-man", format: .heartbeat, waiting: 0)]
    }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/status")
      #expect(answer.status == 200)
      #expect(answer.header("content-type") == "application/json")
      #expect(
        answer.body == """
          {"version":"0.1.0","uptime_seconds":90.5,\
          "store":{"kind":"sqlite","bytes":1288490188,"limit_bytes":10737418240,"refusal":"full","attempts_held":null,\
          "log_bytes":4096,"reader":{"name":"sqlite3 (process 7)","seconds":61},"unread_seconds":5.5},\
          "destinations":[{"name":"crm","paused":false,"orphaned":false,"circuit":"open","pending":4,"replaying":0,\
          "waiting":{"due":0,"later":1,"order":2},"held_by":"retry_after","in_flight":1,\
          "dead":2,"delivered":99,"oldest_pending_seconds":1.5,"oldest_due_seconds":1.25,"late":true,"oldest_retrying_seconds":null,"drain_seconds":30,"pace_per_second":0.33,"discarded":5,"overflowed":6,\
          "paused_since":null,"paused_until":null,"paused_at":null,"circuit_open_since":"2026-01-02T03:03:05.678Z",\
          "next_probe_at":"2026-01-02T03:04:05.678Z","recovering_since":null,\
          "held_until":"2026-01-02T03:04:05.678Z","last_failure":"status 503",\
          "failing_since":"2026-01-02T03:02:35.678Z","failures_in_row":7,\
          "stuck_head":{"delivery_id":41,"event_id":"\(Samples.eventID)","type":"createdChat"},\
          "refused_kinds":[{"type":"receivedMessage","company":"15691","channel":null,\
          "since":"2026-01-02T03:02:35.678Z","last_failed_at":"2026-01-02T03:04:05.678Z"}],"refused_kind_count":3,\
          "attempts":[{"seconds":300,"counted_seconds":60,"attempts":8,"failed":2,"failure_rate":0.25,"mean_ms":500,\
          "outcomes":[{"outcome":"2xx","count":6},{"outcome":"4xx","count":2}],"causes":[{"cause":"422","count":2}],\
          "types":[{"type":"closedChat","attempts":2,"failed":2,"cause":"422","cause_count":2}]}],\
          "hint":"mend it","capacity":{"slots":16,"mean_ms":500,"per_second":32,"arriving_per_second":40,"bound":true,\
          "needed_concurrency":24},"batch":{"max_events":50,"max_bytes":98304,"max_wait_ms":250},"events_per_request":33.33,\
          "concurrency_limit":{"share":0.97,"attempts_per_second":65.84,"mean_attempt_ms":243,"concurrency":16,"suggested":40},"served_by":null},\
          {"name":"bi","paused":true,"orphaned":true,"circuit":"recovering","pending":0,"replaying":0,"waiting":null,"held_by":null,"in_flight":0,"dead":0,\
          "delivered":0,"oldest_pending_seconds":null,"oldest_due_seconds":null,"late":false,"oldest_retrying_seconds":null,"drain_seconds":null,"pace_per_second":null,"discarded":0,"overflowed":0,\
          "paused_since":"2026-01-02T03:03:05.678Z","paused_until":null,"paused_at":"routes.yaml:12",\
          "circuit_open_since":null,"next_probe_at":null,"recovering_since":"2026-01-02T03:02:35.678Z","held_until":null,\
          "last_failure":null,"failing_since":null,"failures_in_row":0,"stuck_head":null,"refused_kinds":[],\
          "refused_kind_count":0,"attempts":[],"hint":null,"capacity":null,\
          "batch":null,"events_per_request":null,"concurrency_limit":null,"served_by":null}],\
          "sources":[],\
          "routes":[{"name":"whatsapp-to-crm","matched":12,"dropped":3}],\
          "notify":[{"name":"ops","format":"slack","waiting":3,"failing_since":"2026-01-02T03:03:05.678Z",\
          "last_failure":"status 404"},{"name":"dead-man","format":"heartbeat","waiting":0,"failing_since":null,\
          "last_failure":null}],\
          "attachments":null,"nodes":null,"config":{"hash":"0123456789ab","loaded_at":"2026-01-02T02:04:05.678Z",\
          "reload_errors":["routes.yaml:1:1: x"],"last_reload_at":"2026-01-02T03:04:05.678Z"},"clock_offset_seconds":-312.5,\
          "now":"2026-01-02T03:04:05.678Z"}
          """)
    }
  }

  @Test func nodesHaveTheDocumentedShape() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let alone = try await server.get("/api/v1/nodes")
      #expect(alone.body == #"{"shared":false,"nodes":[],"unserved":[],"configurations_differ":false}"#)
      operations.state.withLock { $0.status.nodes = Samples.nodes }
      let answer = try await server.get("/api/v1/nodes")
      #expect(answer.status == 200)
      #expect(
        answer.body == """
          {"shared":true,"nodes":[{"name":"alpha","version":"0.1.0","config_hash":"0123456789ab","lanes":2,\
          "destinations":["bi","crm"],"last_seen_at":"2026-01-02T03:04:05.678Z","last_seen_seconds":0.25,"this_relay":true},\
          {"name":"beta","version":"0.1.0","config_hash":"ba9876543210","lanes":0,"destinations":[],\
          "last_seen_at":"2026-01-02T03:04:04.678Z","last_seen_seconds":1,"this_relay":false}],\
          "unserved":["lake"],"configurations_differ":true}
          """)
    }
  }

  /// Duplicate keys, numbers of any size, escapes, white space.
  @Test func anEventsBodyComesOutByteForByte() async throws {
    let body = "{ \"a\" : 1.50E+400,\n\"a\":\"\\ud800 \\u0041\\/\" , \"n\":123456789012345678901234567890 }"
    let operations = FakeOperations { $0.events[Samples.eventID] = Samples.event(body: body) }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/events/\(Samples.eventID)")
      #expect(
        answer.body == """
          {"id":"evt_0190a0b0-c0d0-7e0f-8a0b-0c0d0e0f0a0b","type":"receivedAllMessage","source":"huggy",\
          "company":"15691","channel":"whatsapp","chat":null,"received_at":"2026-01-02T03:00:53.678Z",\
          "config_hash":"0123456789ab","routes":["whatsapp-to-crm"],"traceparent":null,"dropped":false,"body":\(body),\
          "body_removed":null,"erased_at":null,"attachments":[],"deliveries":[]}
          """)
    }
  }

  @Test func groupsOfDeliveriesHaveTheDocumentedShape() async throws {
    var groups = DeliveryGroups()
    for (second, type) in [(10, "createdChat"), (5, "createdChat"), (7, "closedChat")] {
      let kind = DeliveryGroups.Kind(
        destination: "crm", type: type, state: .dead, reason: "exhausted", status: .noAnswer)
      groups.add(kind, receivedAt: Samples.time(second), error: "timeout: after \(second)s")
    }
    let page = DeliveryGroupPage(groups: groups, next: DeliveryID(rawValue: 9))
    let operations = FakeOperations { $0.groupPage = page }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/deliveries/groups?state=dead&destination=crm&after=12")
      #expect(
        answer.body == """
          {"groups":[{"destination":"crm","type":"createdChat","state":"dead","reason":"exhausted","status":"none",\
          "count":2,"first_received_at":"2026-01-02T03:03:55.678Z","last_received_at":"2026-01-02T03:04:00.678Z",\
          "last_error":"timeout: after 5s"},\
          {"destination":"crm","type":"closedChat","state":"dead","reason":"exhausted","status":"none",\
          "count":1,"first_received_at":"2026-01-02T03:03:58.678Z","last_received_at":"2026-01-02T03:03:58.678Z",\
          "last_error":"timeout: after 7s"}],"next":"9"}
          """)
    }
    #expect(
      operations.calls == [
        .groups(DeliveryFilter(state: .dead, destination: "crm"), after: DeliveryID(rawValue: 12))
      ])
  }

  @Test func aDeliveryHasTheDocumentedShape() async throws {
    let delivery = Samples.delivery(.retrying, attempts: 2, wait: .retry(at: Samples.now)) {
      $0.due = Samples.now
      $0.lastAttempt = DeliveryRecord.LastAttempt(
        at: Samples.time(10), duration: .milliseconds(250), status: nil, error: "timeout: after 10s")
      $0.failures = [
        Samples.failure(1, status: 500, answer: "a\u{0}\"b"), Samples.failure(2, status: nil, error: "x"),
      ]
      $0.failureCount = 2
      let peer = PeerAddress(.v4(0xC000_0207), port: 443)
      $0.lastAttempt?.peer = peer
      $0.lastAttempt?.firstByte = .microseconds(12_500)
      ($0.failures[0].peer, $0.failures[0].firstByte) = (peer, .microseconds(12_500))
      $0.failures[0].evidence = AttemptEvidence(
        requestHeaders: Array("Host: crm\nauthorization: Bearer [secret]".utf8),
        answerHeaders: Array("Server: x".utf8))
    }
    let dead = Samples.delivery(.dead, id: 42, attempts: 1) {
      ($0.deathReason, $0.settledAt, $0.run) = (.permanent, Samples.now, 1)
    }
    let operations = FakeOperations {
      $0.page = DeliveryReportPage(deliveries: [delivery, dead], next: DeliveryID(rawValue: 42))
    }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/deliveries")
      #expect(answer.status == 200)
      #expect(
        answer.body == """
          {"deliveries":[{"id":41,"event_id":"\(Samples.eventID)","type":"receivedAllMessage",\
          "received_at":"2026-01-02T03:00:53.678Z","config_hash":"0123456789ab","destination":"crm",\
          "route":"whatsapp-to-crm","run":0,"state":"pending","reason":null,"attempts":2,\
          "due_at":"2026-01-02T03:04:05.678Z","settled_at":null,\
          "waiting":{"for":"retry","until":"2026-01-02T03:04:05.678Z",\
          "message":"the last attempt failed; the next one is at 2026-01-02T03:04:05.678Z"},\
          "last_attempt":{"at":"2026-01-02T03:03:55.678Z","status":null,"error":"timeout: after 10s",\
          "duration_ms":250,"peer":"192.0.2.7:443","first_byte_ms":12.5},\
          "failures":[{"attempt":1,"at":"2026-01-02T03:01:05.678Z","status":500,"error":null,\
          "duration_ms":12.345,"peer":"192.0.2.7:443","first_byte_ms":12.5,"answer":"a\\u0000\\"b",\
          "request_headers":["Host: crm","authorization: Bearer [secret]"],"answer_headers":["Server: x"]},\
          {"attempt":2,"at":"2026-01-02T03:01:05.678Z","status":null,"error":"x","duration_ms":12.345,\
          "peer":null,"first_byte_ms":null,"answer":null,"request_headers":[],"answer_headers":null}],\
          "failure_count":2},\
          {"id":42,"event_id":"\(Samples.eventID)","type":"receivedAllMessage",\
          "received_at":"2026-01-02T03:00:53.678Z","config_hash":"0123456789ab","destination":"crm",\
          "route":"whatsapp-to-crm","run":1,"state":"dead","reason":"permanent","attempts":1,\
          "due_at":null,"settled_at":"2026-01-02T03:04:05.678Z","waiting":null,"last_attempt":null,\
          "failures":[],"failure_count":0}],"next":"42"}
          """)
    }
  }

  @Test func anAnswerThatIsNoTextIsShownAsFarAsItIs() async throws {
    let delivery = Samples.delivery(.retrying) {
      $0.failures = [Samples.failure(1, status: 500)]
      $0.failures[0].answer = [0x61, 0xFF, 0x62]
    }
    let operations = FakeOperations { $0.page = DeliveryReportPage(deliveries: [delivery], next: nil) }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/deliveries")
      #expect(answer.body.contains("\"answer\":\"a\u{FFFD}b\""))
      #expect(answer.body.hasSuffix("\"next\":null}"))
    }
  }

  @Test func anEventThatIsNotThereIsSaidSo() async throws {
    try await withServer { server in
      let missing = try await server.get("/api/v1/events/\(Samples.eventID)")
      #expect(missing.status == 404)
      #expect(missing.body.contains("\"code\":\"not_found\""))
      #expect(missing.body.contains("store.retention"))
      let wrong = try await server.get("/api/v1/events/41")
      #expect(wrong.status == 400)
      #expect(wrong.body.contains("'41' is not an event's id"))
    }
  }

  @Test func aFilterIsReadFromTheAddress() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      _ = try await server.get("/api/v1/deliveries")
      _ = try await server.get(
        "/api/v1/deliveries?state=dead&destination=crm&type=a%20b&since=24h&until=2026-01-02T00:04:05-03:00"
          + "&limit=500&after=7"
      )
      _ = try await server.get("/api/v1/deliveries?type=a+b&since=2026-01-01T00:00:00+02:00&limit=1")
    }
    let filter = DeliveryFilter(
      state: .dead, destination: "crm", type: "a b", since: Samples.time(86_400),
      until: Timestamp(rfc3339: "2026-01-02T03:04:05Z"))
    let other = DeliveryFilter(type: "a b", since: Timestamp(rfc3339: "2025-12-31T22:00:00Z"))
    #expect(
      operations.calls == [
        .deliveries(DeliveryFilter(), after: nil, limit: 50),
        .deliveries(filter, after: DeliveryID(rawValue: 7), limit: 500),
        .deliveries(other, after: nil, limit: 1),
      ])
  }

  @Test(arguments: [
    ("limit=0", "'limit' is '0'; write a number from 1 to 500"),
    ("limit=501", "'limit' is '501'"),
    ("limit=ten", "'limit' is 'ten'"),
    ("after=x", "take it from the 'next'"),
    ("state=ded", "there is no state 'ded'; did you mean 'dead'?"),
    ("state=fresh", "there is no state 'fresh'; there are: pending, delivered, dead, discarded, overflowed"),
    ("destinaton=crm", "there is no parameter 'destinaton'; did you mean 'destination'?"),
    ("state=dead&state=dead", "'state' stands twice"),
    ("type=", "'type' is empty"),
    ("since=yesterday", "'since' is 'yesterday', which is no time; write RFC 3339"),
    ("until=2026-02-30T00:00:00Z", "'until' is '2026-02-30T00:00:00Z', which is no time"),
    ("since=1h&until=2h", "is not before 'until'"),
  ])
  func aWrongParameterIsRefusedWithWhatWouldBeRight(query: String, message: String) async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/deliveries?\(query)")
      #expect(answer.status == 400)
      #expect(answer.body.hasPrefix(#"{"error":{"code":"invalid_request","message":""#))
      #expect(answer.body.contains(message), "\(answer.body)")
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func gapsHaveTheDocumentedShapeAndAreAskedForByTime() async throws {
    let operations = FakeOperations {
      $0.gaps = [
        Gap(
          kind: .unauthorized, source: "huggy", began: Samples.time(90), ended: Samples.now, count: 7,
          reason: "invalid_token")
      ]
    }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/gaps?since=24h")
      #expect(
        answer.body == """
          {"gaps":[{"kind":"unauthorized","source":"huggy","began_at":"2026-01-02T03:02:35.678Z",\
          "ended_at":"2026-01-02T03:04:05.678Z","count":7,"reason":"invalid_token"}]}
          """)
      #expect(try await server.get("/api/v1/gaps?since=yesterday").status == 400)
    }
  }

  @Test func refusedRequestsComeAsText() async throws {
    var request = RefusedRequest(
      at: Samples.now, path: "/huggy", status: 401, code: "invalid_token", reason: "no", bodyBytes: nil,
      body: [0x7B, 0xFF])
    (request.count, request.firstAt, request.offset) = (3, Samples.now.advanced(by: .seconds(-60)), 7)
    (request.peer, request.forwardedFor) = ("192.0.2.1", "192.0.2.2")
    try await withServer(FakeOperations { [request] in $0.refusedRequests = [request] }) { server in
      let answer = try await server.get("/api/v1/rejections")
      #expect(
        answer.body == """
          {"rejections":[{"at":"2026-01-02T03:04:05.678Z","first_at":"2026-01-02T03:03:05.678Z","count":3,\
          "path":"/huggy","status":401,"code":"invalid_token","reason":"no","offset":7,"peer":"192.0.2.1","client":null,\
          "forwarded_for":"192.0.2.2","agent":null,"body_bytes":null,"body":"{\u{FFFD}"}]}
          """)
    }
  }

  @Test func aStoreThatFailsIsUnavailable() async throws {
    let operations = FakeOperations { $0.error = OperationError(code: .unavailable, message: "closed") }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/status")
      #expect(answer.status == 503)
      #expect(answer.body == #"{"error":{"code":"unavailable","message":"closed"}}"#)
    }
  }

  @Test func headGetsTheHeadAlone() async throws {
    try await withServer { server in
      let answer = try await server.send("HEAD", "/api/v1/status")
      #expect(answer.status == 200)
      #expect((answer.header("content-length").flatMap { Int($0) } ?? 0) > 100)
      #expect(answer.body == "")
    }
  }
}
