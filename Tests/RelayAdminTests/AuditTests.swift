import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What the audit remembers.
@Suite(.timeLimit(.minutes(15))) struct AuditTests {
  private static func records(_ operations: FakeOperations) -> [AuditRecord] {
    operations.state.withLock(\.audit)
  }

  private static func token(_ role: Role) -> [String] {
    ["Authorization: Bearer \(role.rawValue)", "Content-Type: application/json"]
  }

  @Test func aChangeIsKeptWithWhoWhyAndWhatCameOfIt() async throws {
    let operations = FakeOperations { $0.changed = 3 }
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      _ = try await server.post(
        "/api/v1/deliveries/retry", #"{"destination":"crm","reason":"it is up again"}"#,
        headers: Self.token(.operator))
      operations.state.withLock { $0.error = OperationError(code: .notFound, message: "no") }
      _ = try await server.post("/api/v1/destinations/crmm/pause", headers: Self.token(.admin))
    }
    #expect(
      Self.records(operations) == [
        AuditRecord(
          id: AuditID(rawValue: 1),
          entry: AuditEntry(
            at: Samples.now, who: "the operator", role: "operator", what: "deliveries/retry",
            target: #"{"destination":"crm"}"#, reason: "it is up again"),
          outcome: AuditOutcome("done", count: 3)),
        AuditRecord(
          id: AuditID(rawValue: 2),
          entry: AuditEntry(
            at: Samples.now, who: "the admin", role: "admin", what: "destinations/pause", target: "crmm",
            reason: nil),
          outcome: AuditOutcome("not_found")),
      ])
  }

  @Test func everyChangeTakesAReason() {
    for endpoint in EndpointTable.relay.endpoints where endpoint.audit == .change {
      let own = endpoint.input.fields(in: .request).map(\.name)
      #expect(!own.contains("reason"), "\(endpoint.id) declares what all have")
    }
  }

  @Test func noConditionIsCalledAsTheReasonForAskingIs() {
    for endpoint in EndpointTable.relay.endpoints {
      let own = endpoint.input.fields(in: .request).map(\.name)
      #expect(!own.contains(endpoint.input.reasonKey), "\(endpoint.id) can't be told why it is asked")
    }
  }

  @Test func whateverShowsContentsIsRemembered() {
    for endpoint in EndpointTable.relay.endpoints
    where endpoint.replies.contains(where: { $0.schema.records.contains(where: \.showsContents) }) {
      #expect(endpoint.audit != .nothing, "\(endpoint.id) shows contents to who is not remembered")
    }
  }

  /// Whose one delivery was refused with a name.
  private static func refusedDelivery() -> FakeOperations {
    FakeOperations { state in
      let failed = Samples.delivery(.dead) {
        $0.failures = [Samples.failure(1, status: 422, answer: "no Maria here")]
      }
      state.page = DeliveryReportPage(deliveries: [failed], next: nil)
    }
  }

  @Test func aLookAtWhatDestinationsAnsweredIsKeptWithItsFilterAndItsReason() async throws {
    let operations = Self.refusedDelivery()
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      for role in [Role.viewer, .reader] {
        let path = "/api/v1/deliveries?state=dead&reason=permanent&why=ticket%207"
        let answer = try await server.get(path, headers: Self.token(role))
        #expect(answer.status == 200)
        #expect(answer.body.contains("Maria") == (role == .reader))
      }
      let without = try await server.get("/api/v1/deliveries?answers=false", headers: Self.token(.reader))
      #expect(without.status == 200 && without.body.contains("422"))
      #expect(without.body.contains(#""answer":null"#) && !without.body.contains("Maria"))
    }
    #expect(
      Self.records(operations) == [
        AuditRecord(
          id: AuditID(rawValue: 1),
          entry: AuditEntry(
            at: Samples.now, who: "the reader", role: "reader", what: "deliveries",
            target: #"{"state":"dead","reason":["permanent"]}"#, reason: "ticket 7"),
          outcome: AuditOutcome("done", count: 1))
      ])
  }

  @Test func aLookAtContentsIsKeptOnlyOfWhoSeesThem() async throws {
    let operations = FakeOperations { $0.events[Samples.eventID] = Samples.event() }
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      for role in [Role.viewer, .reader] {
        let path = "/api/v1/events/\(Samples.eventID)?reason=ticket%207"
        #expect(try await server.get(path, headers: Self.token(role)).status == 200)
        _ = try await server.get("/api/v1/status", headers: Self.token(role))
      }
    }
    let entries = Self.records(operations).map(\.entry)
    #expect(entries.map(\.who) == ["the reader"])
    #expect(entries.first?.what == "events")
    #expect(entries.first?.target == "\(Samples.eventID)")
    #expect(entries.first?.reason == "ticket 7")
  }

  @Test func whatOnlyCountsIsNotKept() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      _ = try await server.post("/api/v1/deliveries/retry", #"{"all":true,"dry_run":true}"#)
      _ = try await server.post("/api/v1/events/replay", #"{"all":true,"to":"crm","dry_run":true}"#)
    }
    #expect(Self.records(operations).isEmpty)
  }

  /// Broken by an audit of what endpoints show alone: whoever is told which events hold a text has learned it.
  @Test func whoAsksWhatStandsInBodiesIsKeptAlsoWhereNoneIsShown() async throws {
    let operations = FakeOperations()
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      for query in ["type=a", "text=Maria&type=a"] {
        let answer = try await server.get("/api/v1/events?\(query)", headers: Self.token(.reader))
        #expect(answer.status == 200)
      }
    }
    let entries = Self.records(operations).map(\.entry)
    #expect(entries.map(\.who) == ["the reader"])
    #expect(entries.first?.what == "events" && entries.first?.target.contains("Maria") == true)
  }

  /// A count of whom an erasure would meet says whether somebody's number stands in bodies.
  @Test func aCountOfWhatWouldBeErasedIsKeptIfItAsksWhatStandsInBodies() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      for selection in [#""chat":"7""#, #""where":["customer.mobile=5575"]"#] {
        let answer = try await server.post("/api/v1/erase", "{\(selection),\"dry_run\":true}")
        #expect(answer.status == 202)
      }
    }
    #expect(
      Self.records(operations).map(\.entry.target) == [#"{"dry_run":true}"#], "but not the number")
  }

  @Test(arguments: ["POST /api/v1/reload", "GET /api/v1/events/\(Samples.eventID)"])
  func whatCannotBeKeptIsNotDone(request: String) async throws {
    let operations = FakeOperations {
      $0.auditError = OperationError(code: .unavailable, message: "the disk is full")
      $0.events[Samples.eventID] = Samples.event()
    }
    let parts = request.split(separator: " ").map(String.init)
    try await withServer(operations) { server in
      let answer = try await server.send(parts[0], parts[1], headers: ["Content-Type: application/json"])
      #expect(answer.status == 503)
      #expect(answer.body.contains("audit_unavailable") && answer.body.contains("the disk is full"))
    }
    #expect(operations.calls.isEmpty)
  }

  private static func stream(_ server: LiveServer, _ query: String, role: Role) async throws -> RawAnswer {
    var answer: RawAnswer?
    let headers = ["Authorization: Bearer \(role.rawValue)"]
    try await StreamClient.get("/api/v1/stream?\(query)", headers: headers, from: server) { client in
      try await client.read(until: "\r\n\r\n")
      answer = RawAnswer(Array(client.text.utf8))
    }
    return try #require(answer)
  }

  /// Broken by an audit of bodies alone: who listens learns who writes, and when.
  @Test func whoListensIsKeptWhateverTheirRoleWithTheFilterAndTheReason() async throws {
    let operations = FakeOperations()
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      let plain = try await Self.stream(server, "type=a&reason=ticket%207", role: .viewer)
      let whole = try await Self.stream(server, "bodies=true", role: .reader)
      #expect((plain.status, whole.status) == (200, 200))
    }
    let entries = Self.records(operations).map(\.entry)
    #expect(entries.map(\.who) == ["the viewer", "the reader"])
    #expect(entries.allSatisfy { $0.what == "stream" })
    #expect(entries.map(\.target) == [#"{"type":["a"]}"#, #"{"bodies":true}"#])
    #expect(entries.map(\.reason) == ["ticket 7", nil])
  }

  @Test func refusedRequestsAreKeptOfWhoSeesTheirBodies() async throws {
    let operations = FakeOperations()
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      for role in [Role.viewer, .reader] {
        let answer = try await server.get("/api/v1/rejections", headers: Self.token(role))
        #expect(answer.status == 200)
      }
    }
    #expect(Self.records(operations).map(\.entry.who) == ["the reader"])
  }

  /// On a full disk an operator sees what is refused, and what comes in; but no contents.
  @Test func whatIsNeededOnAFullDiskIsShownWithoutContentsWhereItCannotBeKept() async throws {
    let operations = FakeOperations { state in
      state.auditError = OperationError(code: .unavailable, message: "the disk is full")
      state.refusedRequests = [
        RefusedRequest(
          at: Samples.now, path: "/huggy", status: 400, code: "invalid_json", reason: "no", bodyBytes: 5,
          body: Array("Maria".utf8))
      ]
    }
    try await withServer(operations) { server in
      let refusals = try await server.get("/api/v1/rejections")
      #expect(refusals.status == 200)
      #expect(refusals.body.contains(#""masked":true"#) && !refusals.body.contains("Maria"))
      #expect(try await Self.stream(server, "type=a", role: .admin).status == 200)
      let bodies = try await server.get("/api/v1/stream?bodies=true")
      #expect(bodies.status == 503 && bodies.body.contains("audit_unavailable"))
    }
  }

  @Test func deliveriesAreShownWithoutWhatWasAnsweredWhereTheLookCannotBeKept() async throws {
    let operations = Self.refusedDelivery()
    operations.state.withLock {
      $0.auditError = OperationError(code: .unavailable, message: "the disk is full")
    }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/deliveries")
      #expect(answer.status == 200)
      #expect(answer.body.contains(#""masked":true"#) && !answer.body.contains("Maria"))
    }
  }

  @Test func aLongTargetIsCutAndContentsAreNotInIt() async throws {
    struct Sent: Input {
      @Field("Which.") var ids: [Int]
      @Field("What is put in.", .contents) var envelope: String?
    }
    func entry(_ input: Sent) throws -> AuditEntry? {
      let body = try RecordEncoder.request(input)
      let services = AdminServices(
        relay: FakeOperations(), access: AdminAccess(), clock: FixedClock(), logger: .quiet)
      let call = try Call<Sent>(AdminRequest(caller: .local, body: body), services, by: .post)
      return call.auditEntry(.change, at: PathTemplate("/api/v1/sources/{source}/publish"))
    }
    var input = Sent()
    (input.ids, input.envelope) = ([1, 2], "Maria")
    let short = try #require(try entry(input))
    #expect(short.target == #" {"ids":[1,2]}"#)
    #expect(short.what == "sources/publish")
    input.ids = Array(1...10_000)
    let long = try #require(try entry(input))
    #expect(long.target.utf8.count < AuditRecorder.maxTargetBytes + 30)
    #expect(long.target.hasSuffix(" bytes)"))
  }

  /// Broken by an operator who learns who looked for whom.
  @Test func anOperatorIsShownWhatOperatorsMayChangeAndNothingElse() async throws {
    let operations = FakeOperations()
    // A count is a search: it changes nothing.
    let bodies = [
      "sources/huggy/token": #"{"learn":"15m"}"#,
      "events/replay": #"{"to":"crm","text":"Maria","dry_run":true}"#,
    ]
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      for (role, path) in [
        (Role.operator, "destinations/crm/pause"), (.operator, "events/replay"), (.reader, "rejections"),
        (.admin, "sources/huggy/token"),
      ] {
        let address = "/api/v1/\(path)"
        _ =
          role == .reader
          ? try await server.get(address, headers: Self.token(role))
          : try await server.post(
            address, bodies[path] ?? "{}", headers: Self.token(role))
      }
      func kinds(_ role: Role) async throws -> [String] {
        let answer = try await server.get("/api/v1/audit", headers: Self.token(role))
        return answer.body.components(separatedBy: #""what":""#).dropFirst().map {
          String($0.prefix { $0 != "\"" })
        }
      }
      #expect(Set(try await kinds(.admin)).isSuperset(of: ["rejections", "events/replay/dry_run"]))
      #expect(try await kinds(.operator) == ["destinations/pause"])
      #expect(try await server.get("/api/v1/audit", headers: Self.token(.reader)).status == 403)
    }
  }

  @Test func theAuditIsReadByPagesAndFilters() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      _ = try await server.post("/api/v1/reload", #"{"reason":"new"}"#)
      let answer = try await server.get("/api/v1/audit?who=ana&what=reload&since=1h&limit=2&after=9")
      #expect(
        answer.body == """
          {"entries":[{"id":1,"at":"2026-01-02T03:04:05.678Z","who":"local","role":"admin","what":"reload",\
          "target":"","reason":"new","outcome":"done","count":null,"details":null}],"next":"7"}
          """)
    }
    let filter = AuditFilter(who: "ana", what: "reload", since: Samples.time(3_600))
    #expect(operations.calls.last == .audit(filter, after: AuditID(rawValue: 9), limit: 2))
  }
}
