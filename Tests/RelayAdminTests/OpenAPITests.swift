import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What `/openapi.json` says of the API is what the API does.
@Suite(.timeLimit(.minutes(5))) struct OpenAPITests {
  private static let document = JSONInput.parse(OpenAPI(table: .relay, version: "1").json)!
  private static let check = SchemaCheck(document: document)

  @Test func itIsJSONAndNamesEachEndpointOnce() throws {
    for endpoint in EndpointTable.relay.endpoints {
      let method = endpoint.method.rawValue.lowercased()
      let operation = try #require(
        Self.check.part("paths", endpoint.path.text, method), "\(endpoint.id)")
      guard case .object(let members) = operation else { return #expect(Bool(false)) }
      #expect(members["operationId"] != nil)
    }
  }

  /// Two records of one name would be one schema.
  @Test func noTwoRecordsHaveOneName() {
    var types: [String: RecordType] = [:]
    func visit(_ schema: Schema, _ use: Schema.Use) {
      switch schema {
      case .any, .boolean, .integer, .number, .string, .word: break
      case .array(let inner), .nullable(let inner): visit(inner, use)
      case .either(let all): for one in all { visit(one, use) }
      case .record(let record):
        if let other = types.updateValue(record, forKey: record.name) {
          #expect(other == record, "\(record.name)")
        } else {
          for field in record.type.fields(in: use) { visit(field.schema, use) }
        }
      }
    }
    for endpoint in EndpointTable.relay.endpoints {
      for record in endpoint.replies.compactMap(\.record) { visit(record.schema, .answer) }
      if endpoint.method == .post { visit(endpoint.input.schema, .request) }
    }
  }

  @Test func everyFieldSaysWhatItMeans() {
    for endpoint in EndpointTable.relay.endpoints {
      for field in endpoint.input.fields(in: .request) { #expect(!field.meaning.isEmpty, "\(endpoint.id)") }
      for name in endpoint.path.names { #expect(PathTemplate.meanings[name] != nil, "\(endpoint.id)") }
    }
  }

  /// With answers that hold something, where there is a sample for it below, and in any case with the answer to nothing much.
  @Test(arguments: EndpointTable.relay.endpoints, [Role.viewer, .admin])
  func eachAnswerIsAsDescribed(endpoint: Endpoint, role: Role) async throws {
    guard endpoint.replies.allSatisfy({ $0.contentType == "application/json" }) else { return }
    try await withServer(Self.operations, people: AdminToken.ofEachRole) { server in
      for request in Self.requests(to: endpoint) {
        let headers = [
          "Authorization: Bearer \(role.rawValue)", "Content-Type: application/json",
          "Content-Length: \(request.body.utf8.count)",
        ]
        let answer = try await server.send(
          endpoint.method.rawValue, request.path, headers: headers, body: request.body)
        let status = try #require(answer.status)
        #expect(status < 500, "\(request.path): \(answer.body)")
        let described = Self.check.part(
          "paths", endpoint.path.text, endpoint.method.rawValue.lowercased(), "responses", "\(status)",
          "content",
          "application/json", "schema")
        let schema = try #require(described, "\(status) of \(endpoint.id) is not described")
        let json = try #require(JSONInput.parse(Array(answer.body.utf8)))
        let problems = Self.check.problems(of: json, by: schema)
        #expect(problems.isEmpty, "\(endpoint.id) as \(role.rawValue): \(problems)")
      }
    }
  }

  @Test func aSchemaThatAnAnswerDoesNotFitIsFound() throws {
    let schema = try #require(Self.check.part("components", "schemas", "PauseAnswer"))
    func problems(_ text: String) -> [String] {
      Self.check.problems(of: JSONInput.parse(Array(text.utf8))!, by: schema)
    }
    #expect(problems(#"{"name":"crm","paused":true,"paused_until":null}"#) == [])
    #expect(problems(#"{"name":"crm","paused":true}"#).count == 1)
    #expect(problems(#"{"name":"crm","paused":1,"paused_until":"yesterday"}"#).count == 2)
    #expect(problems(#"{"name":"crm","paused":true,"paused_until":null,"x":1}"#) == ["$: x is unknown"])
  }

  // MARK: Samples

  private struct Request {
    var path: String
    var body = ""
  }

  private static func requests(to endpoint: Endpoint) -> [Request] {
    var path = endpoint.path.text
    for name in endpoint.path.names {
      let value = name == "event" ? "\(Samples.eventID)" : "crm"
      path = path.split(separator: "{\(name)}", omittingEmptySubsequences: false).joined(separator: value)
    }
    let bodies = endpoint.method == .post ? ["{}"] + (Self.bodies[endpoint.id] ?? []) : [""]
    return bodies.map { Request(path: path, body: $0) }
  }

  private static let bodies = [
    "POST /api/v1/deliveries/retry": [#"{"all":true}"#, #"{"ids":[1],"dry_run":true,"reason":"x"}"#],
    "POST /api/v1/deliveries/discard": [#"{"state":["dead","pending"]}"#],
    "POST /api/v1/destinations/{destination}/pause": [#"{"until":"2026-02-02T03:04:05Z"}"#],
    "POST /api/v1/destinations/{destination}/test": [#"{"type":"createdChat"}"#],
    "POST /api/v1/sources/{source}/token": [#"{"learn_for":"15m"}"#, #"{"forget":true}"#],
  ]

  private static let operations = FakeOperations { state in
    let deliveries = [
      Samples.delivery(.retrying, attempts: 2, wait: .retry(at: Samples.now)) {
        $0.due = Samples.now
        $0.lastAttempt = DeliveryRecord.LastAttempt(
          at: Samples.now, duration: .milliseconds(5), status: 503, error: nil)
        $0.failures = [Samples.failure(1, status: 503, answer: "no")]
      },
      Samples.delivery(.dead) { ($0.deathReason, $0.settledAt) = (.permanent, Samples.now) },
      Samples.delivery(.waiting, wait: .circuit(openSince: Samples.now, lastFailure: "x")),
    ]
    state.events[Samples.eventID] = Samples.event(deliveries)
    state.page = DeliveryReportPage(deliveries: deliveries, next: DeliveryID(rawValue: 1))
    state.counts.add(2, of: "crm", .dead)
    state.changed = 2
    state.resumed.liftedHold = Samples.now
    state.status.clockOffset = .seconds(1)
    state.status.store.reader = RelayStatus.Store.Reader(name: "x", time: .seconds(1))
    state.status.destinations = [
      Samples.destination("crm") {
        let kind = EventKind(type: "t", company: "c", channel: nil)
        $0.stuckHead = StuckHead(delivery: DeliveryID(rawValue: 1), event: Samples.eventID, kind: kind)
        $0.refusedKinds = [RefusedKind(kind: kind, since: Samples.now, lastFailed: Samples.now)]
        $0.oldestPending = .seconds(1)
      }
    ]
    state.refusedRequests = [
      RefusedRequest(
        at: Samples.now, path: "/huggy", status: 400, code: "invalid_json", reason: "no", bodyBytes: 5,
        body: Array("{".utf8))
    ]
  }
}

extension Endpoint: CustomTestStringConvertible {
  public var testDescription: String { id }
}
