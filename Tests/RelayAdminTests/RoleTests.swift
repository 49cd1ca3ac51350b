import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// Who may do what, and see what.
@Suite(.timeLimit(.minutes(15))) struct RoleTests {
  private static func admission(
    people: [AdminToken] = AdminToken.ofEachRole, token: String? = nil, bound: String = "127.0.0.1"
  ) -> (Admission, AdminAccess) {
    let access = AdminAccess(token: token, people: people)
    let address = ListenAddress(host: bound, port: 1)
    return (Admission(configured: address, bound: address, access: access, clock: FixedClock()), access)
  }

  private static func head(_ endpoint: Endpoint, token: String?) -> RequestHead {
    RequestHead(
      method: endpoint.method.rawValue, target: endpoint.path.text,
      authorization: token.map { "Bearer \($0)" }, contentType: "application/json")
  }

  @Test(arguments: EndpointTable.relay.endpoints)
  func eachEndpointIsForItsRoleAndThoseAbove(endpoint: Endpoint) throws {
    let (admission, _) = Self.admission()
    for role in Role.allCases {
      let result = admission.admit(Self.head(endpoint, token: role.rawValue))
      guard let needed = endpoint.role, role < needed else {
        _ = try result.get()
        continue
      }
      guard case .failure(let error) = result else {
        Issue.record("\(role) may use \(endpoint.id)")
        continue
      }
      #expect((error.status, error.code) == (403, "forbidden_role"))
      #expect(error.message.contains("needs the role \(needed.rawValue)"))
    }
    for token in [nil, "nobody"] {
      let result = admission.admit(Self.head(endpoint, token: token))
      if endpoint.role == nil { _ = try result.get() } else { #expect(Self.status(result) == 401) }
    }
  }

  /// What each role may, beside what the one before may. Written out: an endpoint that is for another role by a slip is one that
  /// somebody may use who must not.
  private static let roles: [Role?: Set<String>] = [
    nil: [
      "GET /healthz", "GET /readyz", "POST /login", "POST /logout", "GET /", "GET /dashboard/{file}",
      "GET /dashboard/{folder}/{file}",
    ],
    .metrics: ["GET /metrics", "GET /api/v1/session"],
    .viewer: [
      "GET /api/v1/status", "GET /api/v1/nodes", "GET /api/v1/rejections", "GET /api/v1/gaps",
      "GET /api/v1/events",
      "GET /api/v1/events/{event}", "GET /api/v1/deliveries", "GET /api/v1/deliveries/groups",
      "GET /api/v1/samples", "GET /api/v1/replays",
      "GET /api/v1/replays/{replay}",
      "GET /api/v1/stream", "GET /api/v1/series", "GET /openapi.json",
    ],
    .reader: ["GET /api/v1/events/{event}/body", "GET /api/v1/config", "POST /api/v1/explain"],
    .operator: [
      "POST /api/v1/deliveries/retry", "POST /api/v1/deliveries/discard", "POST /api/v1/events/replay",
      "POST /api/v1/replays/{replay}/cancel", "POST /api/v1/destinations/{destination}/pause",
      "POST /api/v1/destinations/{destination}/resume", "POST /api/v1/destinations/{destination}/test",
      "POST /api/v1/sources/{source}/publish", "POST /api/v1/notify/{receiver}/test",
      "POST /api/v1/reload", "POST /api/v1/config/diff",
      "POST /api/v1/backtest", "GET /api/v1/audit",
    ],
    .admin: [
      "POST /api/v1/sources/{source}/token", "POST /api/v1/store/backup", "GET /api/v1/export",
      "POST /api/v1/erase",
      "GET /api/v1/erase/{erasure}",
    ],
  ]

  @Test func eachEndpointIsForTheRoleThatItWasMeantFor() {
    #expect(
      Dictionary(grouping: EndpointTable.relay.endpoints, by: \.role).mapValues { Set($0.map(\.id)) }
        == Self.roles)
  }

  /// Written out: what an endpoint does not remember by a slip is done, or seen, by somebody whom nobody can name.
  @Test func eachEndpointRemembersWhatItWasMeantTo() {
    let remembering = EndpointTable.relay.endpoints.filter { $0.audit != .change && $0.audit != .nothing }
    #expect(
      Dictionary(uniqueKeysWithValues: remembering.map { ($0.id, $0.audit) }) == [
        "GET /api/v1/events/{event}": .reading, "GET /api/v1/events/{event}/body": .reading,
        "GET /api/v1/export": .reading, "POST /api/v1/explain": .reading, "POST /api/v1/backtest": .reading,
        "GET /api/v1/deliveries": .readingIfKept, "GET /api/v1/rejections": .readingIfKept,
        "GET /api/v1/stream": .listening,
      ])
    let forgetting = EndpointTable.relay.endpoints.filter { $0.method == .post && $0.audit == .nothing }
    #expect(
      forgetting.map(\.id) == ["POST /api/v1/config/diff", "POST /login", "POST /logout"],
      "all others change something")
  }

  private static func status(_ result: Result<Admission.Admitted, APIError>) -> Int? {
    if case .failure(let error) = result { error.status } else { nil }
  }

  @Test func aScraperGetsTheMetricsAndNothingElseOfTheAPI() {
    let (admission, _) = Self.admission()
    let open = EndpointTable.relay.endpoints.filter {
      (try? admission.admit(Self.head($0, token: "metrics")).get()) != nil
    }
    #expect(
      Set(open.filter { $0.role != nil }.map(\.path.text)) == ["/metrics", "/api/v1/session"],
      "beside what is for everybody")
  }

  @Test func whatChangesSomethingIsForNobodyBelowAnOperator() {
    for endpoint in EndpointTable.relay.endpoints where endpoint.audit == .change {
      #expect(endpoint.role.map { $0 >= .operator } ?? false, "\(endpoint.id)")
    }
  }

  @Test func whoHasTheAdminTokenIsAdmin() throws {
    let (admission, _) = Self.admission(token: "s3cret")
    let status = try #require(EndpointTable.relay.place(at: "/api/v1/status")?.endpoints.first)
    #expect(
      try admission.admit(Self.head(status, token: "s3cret")).get().caller
        == Caller(name: "admin", role: .admin))
    #expect(
      try admission.admit(Self.head(status, token: "viewer")).get().caller
        == Caller(name: "the viewer", role: .viewer))
  }

  @Test func withoutAnyTokenEverybodyOnThisMachineIsAdmin() throws {
    let (admission, access) = Self.admission(people: [])
    let backup = try #require(EndpointTable.relay.place(at: "/api/v1/store/backup")?.endpoints.first)
    #expect(try admission.admit(Self.head(backup, token: nil)).get().caller == .local)
    // A reload gives somebody a token: from now on everybody needs one.
    var settings = ServerSettings()
    settings.adminTokens = AdminToken.ofEachRole
    access.replace(by: settings)
    #expect(Self.status(admission.admit(Self.head(backup, token: nil))) == 401)
    #expect(try admission.admit(Self.head(backup, token: "admin")).get().caller.name == "the admin")
  }

  /// The listener stays where it was until a restart: a reload that takes the tokens away must not open it to all.
  @Test func aReloadThatTakesAllTokensAwayLetsNobodyElseIn() throws {
    let (admission, access) = Self.admission(bound: "0.0.0.0")
    access.replace(by: ServerSettings())
    let status = try #require(EndpointTable.relay.place(at: "/api/v1/status")?.endpoints.first)
    #expect(Self.status(admission.admit(Self.head(status, token: nil))) == 401)
    #expect(Self.status(admission.admit(Self.head(status, token: "admin"))) == 401)
  }

  // MARK: Contents

  private static let operations = FakeOperations { state in
    let failed = Samples.delivery(.dead) {
      var failure = Samples.failure(1, status: 422, answer: "Maria")
      failure.evidence = AttemptEvidence(requestHeaders: nil, answerHeaders: Array("X-Customer: Maria".utf8))
      $0.failures = [failure]
    }
    state.events[Samples.eventID] = Samples.event(body: #"{"customer":"Maria"}"#, [failed])
    state.page = DeliveryReportPage(deliveries: [failed], next: nil)
    state.refusedRequests = [
      RefusedRequest(
        at: Samples.now, path: "/huggy", status: 400, code: "invalid_json", reason: "no", bodyBytes: 5,
        body: Array("Maria".utf8))
    ]
  }

  @Test(arguments: ["/api/v1/events/\(Samples.eventID)", "/api/v1/deliveries", "/api/v1/rejections"])
  func aViewerSeesNoContents(path: String) async throws {
    try await withServer(Self.operations, people: AdminToken.ofEachRole) { server in
      let masked = try await server.get(path, headers: ["Authorization: Bearer viewer"])
      #expect(masked.status == 200)
      #expect(!masked.body.contains("Maria"))
      #expect(masked.body.hasSuffix(#","masked":true}"#))
      let whole = try await server.get(path, headers: ["Authorization: Bearer reader"])
      #expect(whole.body.contains("Maria"))
      #expect(!whole.body.contains("masked"))
    }
  }

  /// Written out: a field that shows contents and is not said to would be for everybody.
  @Test func whatIsContentsIsSaid() throws {
    var shown: Set<String> = []
    func visit(_ schema: Schema) {
      switch schema {
      case .any, .boolean, .integer, .number, .string, .text, .object, .word: break
      case .array(let inner, _), .nullable(let inner): visit(inner)
      case .either(let all): for one in all { visit(one) }
      case .record(let record), .message(_, let record), .lines(let record):
        for field in record.type.fields(in: .answer) {
          if field.rule.isContents { shown.insert("\(record.name).\(field.name)") }
          visit(field.schema)
        }
      }
    }
    for endpoint in EndpointTable.relay.endpoints where endpoint.role.map({ $0 < .reader }) ?? true {
      for reply in endpoint.replies { visit(reply.schema) }
    }
    #expect(
      shown == [
        "EventAnswer.body", "RefusalAnswer.body", "FailureAnswer.answer",
        "FailureAnswer.answer_headers", "AttachmentAnswer.sha256", "AttachmentAnswer.content_type",
      ])
  }

  /// What asks about contents, by whichever of its parameters.
  @Test(arguments: [
    "/api/v1/events?text=a", "/api/v1/events?text=customer.mobile%3D5575", "/api/v1/stream?bodies=true",
    "/api/v1/stream?text=a",
  ])
  func aViewerIsRefusedWhatAsksAboutContents(path: String) async throws {
    try await withServer(Self.operations, people: AdminToken.ofEachRole) { server in
      let answer = try await server.get(path, headers: ["Authorization: Bearer viewer"])
      #expect(answer.status == 403 && answer.body.contains("forbidden_role"), "\(answer.body)")
    }
  }

  /// To learn whether a text stands in an event is to learn the text.
  @Test func onlyAReaderMayAskWhatStandsInBodies() throws {
    let services = AdminServices(
      relay: FakeOperations(), access: AdminAccess(), clock: FixedClock(), logger: .quiet)
    func call(_ role: Role) throws -> Call<EventFilterInput> {
      try Call(
        AdminRequest(caller: Caller(name: "x", role: role), query: "type=a&text=Maria"), services, by: .get)
    }
    let error = #expect(throws: APIError.self) { try call(.viewer) }
    #expect((error?.status, error?.code) == (403, "forbidden_role"))
    #expect(error?.message.hasSuffix("leave 'text' out") == true)
    #expect(try call(.reader).input.text == "Maria")
  }

  /// Broken by a refusal that names a parameter which was not there.
  @Test func aRefusalNamesTheParametersThatAskForContents() async throws {
    let operations = FakeOperations()
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      for (query, words) in [
        ("bodies=true", "leave 'bodies' out"), ("text=Maria", "leave 'text' out"),
        ("bodies=true&text=Maria", "leave 'bodies' and 'text' out"),
      ] {
        let answer = try await server.get(
          "/api/v1/stream?\(query)", headers: ["Authorization: Bearer viewer"])
        #expect(answer.status == 403 && answer.body.contains(words), "\(query): \(answer.body)")
      }
    }
  }

  /// Also where the filter is one of several parts of what is asked.
  @Test func aGroupThatAsksAboutContentsMakesTheWholeAskAboutThem() {
    struct Whole: Input {
      @Field("A number.") var number: Int?
      @Fields var filter = EventFilterInput()
    }
    var whole = Whole()
    #expect(!whole.asksAboutContents)
    whole.filter.text = "Maria"
    #expect(whole.asksAboutContents)
  }
}
