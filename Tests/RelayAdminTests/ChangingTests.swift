import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What can be changed, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct ChangingTests {
  /// Broken by passing over the address: with what stands there it would have been a few.
  @Test func whatStandsInTheAddressOfAChangeIsRefusedAndNotPassedOver() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post(
        "/api/v1/deliveries/discard?destination=crm", #"{"all":true,"reason":"x"}"#)
      #expect(answer.status == 400)
      #expect(answer.body.contains("the address has the parameter 'destination'"), "\(answer.body)")
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func retryAndDiscardTakeIdsAndFilters() async throws {
    let operations = FakeOperations { $0.changed = 3 }
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/deliveries/retry", #"{"ids":[3,"1",2,3]}"#)
      #expect(answer.status == 200)
      #expect(answer.body == #"{"changed":3}"#)
      _ = try await server.post("/api/v1/deliveries/retry", #"{"state":"dead","destination":"crm"}"#)
      _ = try await server.post("/api/v1/deliveries/retry", #"{"destination":"crm","state":["overflowed"]}"#)
      _ = try await server.post("/api/v1/deliveries/discard", #"{"type":"x","since":"1h","until":"10m"}"#)
      let all = try await server.post(
        "/api/v1/deliveries/discard", #"{"all":true,"state":["dead","pending"]}"#)
      #expect(all.body == #"{"changed":6}"#)
    }
    #expect(
      operations.calls == [
        .retry(.ids([3, 1, 2].map { DeliveryID(rawValue: $0) })),
        .retry(.filter(DeliveryFilter(state: .dead, destination: "crm"))),
        .retry(.filter(DeliveryFilter(state: .overflowed, destination: "crm"))),
        .discard(
          .filter(
            DeliveryFilter(state: .dead, type: "x", since: Samples.time(3_600), until: Samples.time(600)))),
        .discard(.filter(DeliveryFilter(state: .dead))), .discard(.filter(DeliveryFilter(state: .pending))),
      ])
  }

  @Test func aChangeMayBeOfThoseThatEndedInOneWay() async throws {
    let operations = FakeOperations { $0.changed = 3 }
    try await withServer(operations) { server in
      let body =
        #"{"destination":"crm","death_reason":"permanent","status":["422","5xx"],"reason":"they mended it"}"#
      let retried = try await server.post("/api/v1/deliveries/retry", body)
      let discarded = try await server.post("/api/v1/deliveries/discard", #"{"status":"none"}"#)
      #expect([retried.status, discarded.status] == [200, 200])
    }
    var ended = DeliveryFilter(state: .dead, destination: "crm")
    (ended.deathReasons, ended.statuses) = ([.permanent], [.status(422), .statusClass(5)])
    var silent = DeliveryFilter(state: .dead)
    silent.statuses = [.noAnswer]
    #expect(operations.calls == [.retry(.filter(ended)), .discard(.filter(silent))])
  }

  @Test func theEmptyTypeIsNamedByItsQuotes() async throws {
    let operations = FakeOperations { $0.changed = 1 }
    try await withServer(operations) { server in
      let retried = try await server.post("/api/v1/deliveries/retry", #"{"type":"\"\""}"#)
      let listed = try await server.get("/api/v1/deliveries?type=%22%22")
      #expect([retried.status, listed.status] == [200, 200])
    }
    let filter = DeliveryFilter(state: .dead, type: "")
    #expect(operations.calls.first == .retry(.filter(filter)))
    #expect(operations.calls.count == 2)
  }

  @Test func aDryRunCountsAndChangesNothing() async throws {
    let operations = FakeOperations { state in
      state.counts.add(2, of: "crm", .dead)
      state.counts.add(1, of: "bi", .overflowed)
    }
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/deliveries/retry", #"{"all":true,"dry_run":true}"#)
      #expect(answer.status == 200)
      #expect(
        answer.body == """
          {"dry_run":true,"changed":0,"count":3,"counts":[{"destination":"bi","state":"overflowed","count":1},\
          {"destination":"crm","state":"dead","count":2}]}
          """)
    }
    #expect(operations.calls == [.count(.retry, .filter(DeliveryFilter(state: .dead)))])
  }

  /// What somebody agreed to is what is done: Dead letters may have come meanwhile, or another person may have acted.
  @Test(arguments: ["retry", "discard"], [0, 2, 4])
  func whatIsNoMoreAsManyAsWereShownIsNotChanged(verb: String, expected: Int) async throws {
    let operations = FakeOperations { $0.counts.add(3, of: "crm", .dead) }
    try await withServer(operations) { server in
      let answer = try await server.post(
        "/api/v1/deliveries/\(verb)", #"{"destination":"crm","expected":\#(expected)}"#)
      #expect(answer.status == 409)
      #expect(
        answer.body.contains(
          #"{"error":{"code":"unexpected_count","message":"it would be 3 deliveries by now"#))
      #expect(answer.body.hasSuffix(#","expected":\#(expected),"found":3}}"#), "\(answer.body)")
    }
    #expect(operations.calls.count == 1, "it was counted, and nothing else")
  }

  @Test func whatIsAsManyAsWereShownIsChanged() async throws {
    let operations = FakeOperations { state in
      state.changed = 3
      state.counts.add(3, of: "crm", .dead)
    }
    try await withServer(operations) { server in
      let path = "/api/v1/deliveries/discard"
      #expect(try await server.post(path, #"{"destination":"crm","expected":3}"#).body == #"{"changed":3}"#)
      // Over all states together.
      let both = #"{"destination":"crm","state":["dead","pending"],"expected":6}"#
      #expect(try await server.post(path, both).body == #"{"changed":6}"#)
      // To look again is no change, whatever there is.
      let again = try await server.post(path, #"{"destination":"crm","expected":7,"dry_run":true}"#)
      #expect(again.status == 200 && again.body.contains(#""count":3"#))
    }
    let crm = DeliverySelection.filter(DeliveryFilter(state: .dead, destination: "crm"))
    #expect(operations.calls.prefix(2) == [.count(.discard, crm), .discard(crm)])
  }

  /// Broken by an answer that only says less than was asked for.
  @Test func whatWasErasedIsToldAndNotCounted() async throws {
    var report = Samples.event(body: "", [Samples.delivery(.discarded, id: 7)])
    report.event.erasedAt = Samples.time(60)
    let operations = FakeOperations { state in
      state.changed = 3
      state.counts.add(2, of: "crm", .dead)
      state.counts.erased = 4
      state.events = [Samples.eventID: report]
    }
    try await withServer(operations) { server in
      let path = "/api/v1/deliveries/retry"
      #expect(try await server.post(path, #"{"ids":[3]}"#).body == #"{"changed":3,"erased":4}"#)
      let count = try await server.post(path, #"{"ids":[3],"dry_run":true}"#)
      #expect(count.body.contains(#""count":2,"erased":4,"#))
      let event = try await server.post(path, #"{"ids":["\#(Samples.eventID)"]}"#)
      #expect(event.body == #"{"changed":0,"erased":1}"#)
    }
  }

  @Test func anEventStandsForItsDeadDeliveries() async throws {
    let report = Samples.event([
      Samples.delivery(.dead, id: 7), Samples.delivery(.delivered, id: 8), Samples.delivery(.dead, id: 9),
      Samples.delivery(.discarded, id: 10), Samples.delivery(.retrying, id: 11),
    ])
    let operations = FakeOperations { $0.events = [Samples.eventID: report] }
    try await withServer(operations) { server in
      let body = #"{"ids":["\#(Samples.eventID)",9,3]}"#
      let retried = try await server.post("/api/v1/deliveries/retry", body)
      #expect(retried.status == 200)
      let unknown = #"{"ids":["evt_0190a0b0-c0d0-7e0f-8a0b-0c0d0e0f0a0c"]}"#
      let missing = try await server.post("/api/v1/deliveries/retry", unknown)
      #expect(missing.status == 404)
    }
    #expect(operations.calls.contains(.retry(.ids([9, 3, 7].map { DeliveryID(rawValue: $0) }))))
    #expect(operations.calls.count == 3)
  }

  /// Who asks for nothing must not be given all.
  @Test(arguments: ["retry", "discard"], ["", "{}", #"{"dry_run":true}"#, #"{"all":false}"#])
  func withoutASelectionNothingIsChanged(verb: String, body: String) async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/deliveries/\(verb)", body)
      #expect(answer.status == 400)
      #expect(answer.body.contains(#"or {\"all\":true}"#), "\(answer.body)")
    }
    #expect(operations.calls.isEmpty)
  }

  @Test(arguments: [
    ("retry", #"{"all":true,"ids":[1]}"#, "exclude each other"),
    ("retry", #"{"all":true,"destination":"crm"}"#, "'all' and a filter exclude each other"),
    ("retry", #"{"all":"yes"}"#, "'all' is not true or false"),
    ("retry", #"{"ids":[]}"#, "'ids' is an empty array"),
    ("retry", #"{"all":true,"dry_run":1}"#, "'dry_run' is not true or false"),
    ("retry", #"{"state":[]}"#, "'state' is an empty list"),
    ("retry", #"{"state":["dead",7]}"#, "state[1] is not a string"),
    ("retry", #"{"state":"ded"}"#, "did you mean 'dead'?"),
    ("retry", "[1]", "the body is not a JSON object"),
    ("retry", "{", "the body is not JSON"),
    ("retry", #"{"ids":[1],"state":"dead"}"#, "'ids', 'all' and a filter exclude each other"),
    ("retry", #"{"ids":1}"#, "'ids' is not an array"),
    ("retry", #"{"ids":[1,1.5]}"#, "ids[1] is not the id of a delivery"),
    ("retry", #"{"ids":["x"]}"#, "ids[0] is not the id of a delivery"),
    ("retry", #"{"ids":[0]}"#, "ids[0] is not the id of a delivery"),
    ("retry", #"{"ids":[true]}"#, "ids[0] is not the id of a delivery"),
    ("retry", #"{"destinaton":"crm"}"#, "there is no key 'destinaton'; did you mean 'destination'?"),
    ("retry", #"{"destination":7}"#, "'destination' is not a string"),
    ("retry", #"{"destination":null}"#, "'destination' is null; leave it out"),
    ("retry", #"{"state":"pending"}"#, "pending deliveries can't be retried, only these: dead, discarded"),
    (
      "discard", #"{"state":"delivered"}"#,
      "delivered deliveries can't be discarded, only these: pending, dead"
    ),
    ("retry", #"{"ids":[1],"status":"422"}"#, "'ids', 'all' and a filter exclude each other"),
    ("retry", #"{"all":true,"death_reason":"expired"}"#, "'all' and a filter exclude each other"),
    ("retry", #"{"death_reason":"exausted"}"#, "did you mean 'exhausted'?"),
    ("discard", #"{"death_reason":"expired","state":["dead","pending"]}"#, "leave 'state' out"),
    ("retry", #"{"status":"teapot"}"#, "'status' is 'teapot'"),
    ("discard", #"{"since":"now"}"#, "'since' is 'now', which is no time"),
    ("retry", #"{"all":true,"expected":-1}"#, "'expected'"),
    ("retry", #"{"all":true,"expected":"many"}"#, "'expected'"),
    ("retry", #"{"all":true,"expected":null}"#, "'expected'"),
    ("retry", #"{"type":""}"#, "'type' is empty; leave it out, or give it a value ("),
  ])
  func aWrongSelectionChangesNothing(verb: String, body: String, message: String) async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/deliveries/\(verb)", body)
      #expect(answer.status == 400)
      let escaped = message.split(separator: "\"").joined(separator: "\\\"")
      #expect(answer.body.contains(escaped), "\(answer.body)")
    }
    #expect(operations.calls.isEmpty)
  }

  /// In the address it would be ignored, and all be changed.
  @Test func aFilterInTheAddressOfAChangeIsRefused() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/deliveries/discard?destination=crm")
      #expect(answer.status == 400)
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func aPauseLastsUntilItsEndOrUntilResumed() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let until = try await server.post(
        "/api/v1/destinations/crm/pause", #"{"until":"2026-01-02T00:05:00-04:00"}"#)
      #expect(until.status == 200)
      #expect(until.body == #"{"name":"crm","paused":true,"paused_until":"2026-01-02T04:05:00.000Z"}"#)
      let open = try await server.post("/api/v1/destinations/crm.2/pause", #"{"until":null}"#)
      #expect(open.body == #"{"name":"crm.2","paused":true,"paused_until":null}"#)
      #expect(try await server.post("/api/v1/destinations/%63rm/pause", "").status == 200)
      let resumed = try await server.post("/api/v1/destinations/crm/resume", "")
      #expect(
        resumed.body
          == #"{"name":"crm","paused":false,"paused_until":null,"was_paused":true,"lifted_hold_until":null}"#)
    }
    #expect(
      operations.calls == [
        .pause("crm", until: Timestamp(rfc3339: "2026-01-02T04:05:00Z")), .pause("crm.2", until: nil),
        .pause("crm", until: nil), .resume("crm"),
      ])
  }

  @Test(arguments: [
    (#"{"until":"2h"}"#, "'until' is not a time"), (#"{"until":7}"#, "'until' is not a time"),
    (#"{"until":"2026-01-02T03:04:05.678Z"}"#, "is past"), (#"{"untill":null}"#, "did you mean 'until'?"),
  ])
  func aWrongEndPausesNothing(body: String, message: String) async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/destinations/crm/pause", body)
      #expect(answer.status == 400)
      #expect(answer.body.contains(message), "\(answer.body)")
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func resumeAndReloadTakeNoKeys() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let resumed = try await server.post("/api/v1/destinations/crm/resume", #"{"until":1}"#)
      let reloaded = try await server.post("/api/v1/reload", #"{"config":"x"}"#)
      #expect((resumed.status, reloaded.status) == (400, 400))
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func anUnknownDestinationIsNotFoundAndAContradictionIsAConflict() async throws {
    let operations = FakeOperations {
      $0.error = OperationError(code: .notFound, message: "there is no destination crmm")
    }
    try await withServer(operations) { server in
      let missing = try await server.post("/api/v1/destinations/crmm/pause")
      #expect(missing.status == 404)
      #expect(missing.body == #"{"error":{"code":"not_found","message":"there is no destination crmm"}}"#)
      operations.state.withLock {
        $0.error = OperationError(code: .conflict, message: "paused by routes.yaml:12", details: ["x"])
      }
      let conflict = try await server.post("/api/v1/destinations/crm/resume")
      #expect(conflict.status == 409)
      #expect(conflict.body == #"{"error":{"code":"conflict","message":"paused by routes.yaml:12"}}"#)
    }
  }

  @Test func aReloadSaysWhatIsActiveNow() async throws {
    let operations = FakeOperations {
      $0.reload.warnings = ["w"]
      $0.reload.needsRestart = ["server.listen"]
      $0.reload.changes.destinations.added = ["bi"]
      $0.reload.variables = ["TOKEN"]
    }
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/reload", "")
      #expect(answer.status == 200)
      #expect(
        answer.body == """
          {"hash":"0123456789ab","loaded_at":"2026-01-02T03:04:05.678Z","unchanged":false,"warnings":["w"],\
          "needs_restart":["server.listen"],"changes":{"destinations":{"added":["bi"],"removed":[],"changed":[]},\
          "sources":{"added":[],"removed":[],"changed":[]},"routes":{"added":[],"removed":[],"changed":[]},\
          "notify":{"added":[],"removed":[],"changed":[]},\
          "route_order":false,"limits":[],"secrets":false,"summary":["destinations: +bi"]},"environment":["TOKEN"]}
          """)
    }
    #expect(operations.calls == [.reload])
  }

  @Test func aWrongConfigurationComesWithEachError() async throws {
    let operations = FakeOperations {
      $0.error = OperationError(
        code: .invalidConfiguration, message: "wrong; the old one stays",
        details: ["routes.yaml:1:2: a", "routes.yaml:3:4: \"b\""])
    }
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/reload")
      #expect(answer.status == 422)
      #expect(
        answer.body == """
          {"error":{"code":"invalid_configuration","message":"wrong; the old one stays"},\
          "errors":["routes.yaml:1:2: a","routes.yaml:3:4: \\"b\\""]}
          """)
    }
  }

  @Test func tensOfThousandsOfIdsAreTaken() async throws {
    let operations = FakeOperations()
    let ids = (1...50_000).map { Int64($0) }
    try await withServer(operations) { server in
      let body = #"{"ids":[\#(ids.map(String.init).joined(separator: ","))]}"#
      let answer = try await server.post("/api/v1/deliveries/retry", body)
      #expect(answer.status == 200)
    }
    #expect(operations.calls == [.retry(.ids(ids.map { DeliveryID(rawValue: $0) }))])
  }
}
