import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// Who may do what, and see what.
@Suite(.timeLimit(.minutes(5))) struct RoleTests {
  private static func admission(
    people: [AdminToken] = AdminToken.ofEachRole, token: String? = nil, bound: String = "127.0.0.1"
  ) -> (Admission, AdminAccess) {
    let access = AdminAccess(token: token, people: people)
    let address = ListenAddress(host: bound, port: 1)
    return (Admission(configured: address, bound: address, access: access), access)
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

  private static func status(_ result: Result<Admission.Admitted, APIError>) -> Int? {
    if case .failure(let error) = result { error.status } else { nil }
  }

  @Test func aScraperGetsTheMetricsAndNothingElseOfTheAPI() {
    let (admission, _) = Self.admission()
    let open = EndpointTable.relay.endpoints.filter {
      (try? admission.admit(Self.head($0, token: "metrics")).get()) != nil
    }
    #expect(open.map(\.path.text).allSatisfy { ["/healthz", "/readyz", "/metrics"].contains($0) })
    #expect(open.contains { $0.path.text == "/metrics" })
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
    let failed = Samples.delivery(.dead) { $0.failures = [Samples.failure(1, status: 422, answer: "Maria")] }
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

  /// To learn whether a text stands in an event is to learn the text.
  @Test func onlyAReaderMayAskWhatStandsInBodies() throws {
    let services = AdminServices(relay: FakeOperations(), clock: FixedClock(), logger: .quiet)
    func call(_ role: Role) throws -> Call<EventFilterInput> {
      try Call(
        AdminRequest(caller: Caller(name: "x", role: role), query: "type=a&text=Maria"), services, by: .get)
    }
    let error = #expect(throws: APIError.self) { try call(.viewer) }
    #expect((error?.status, error?.code) == (403, "forbidden_role"))
    #expect(try call(.reader).input.text == "Maria")
  }

  /// Also where the filter is one of several parts of what is asked.
  @Test func aGroupThatAsksAboutContentsMakesTheWholeAskAboutThem() {
    struct Whole: Input {
      @Field("A number.") var number: Int?
      @Fields var filter = EventFilterInput()
    }
    var whole = Whole()
    #expect(!whole.asksAboutContentsAnywhere)
    whole.filter.text = "Maria"
    #expect(whole.asksAboutContentsAnywhere)
  }
}
