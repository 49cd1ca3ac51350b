import Foundation
import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What `/openapi.json` says of the API is what the API does.
@Suite(.timeLimit(.minutes(15))) struct OpenAPITests {
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
      case .any, .boolean, .integer, .number, .string, .text, .object, .word: break
      case .array(let inner, _), .nullable(let inner): visit(inner, use)
      case .either(let all): for one in all { visit(one, use) }
      case .record(let record), .message(_, let record), .lines(let record):
        if let other = types.updateValue(record, forKey: record.name) {
          #expect(other == record, "\(record.name)")
        } else {
          for field in record.type.fields(in: use) { visit(field.schema, use) }
        }
      }
    }
    for endpoint in EndpointTable.relay.endpoints {
      for reply in endpoint.replies { visit(reply.schema, .answer) }
      if endpoint.method == .post { visit(endpoint.input.schema, .request) }
    }
  }

  @Test func everyFieldSaysWhatItMeans() {
    for endpoint in EndpointTable.relay.endpoints {
      for field in endpoint.input.fields(in: .request) { #expect(!field.meaning.isEmpty, "\(endpoint.id)") }
      for name in endpoint.path.names { #expect(PathTemplate.names[name] != nil, "\(endpoint.id)") }
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

  /// What `publish` answers is the receiver's own.
  @Test(arguments: [
    Refusal(.invalidJSON, "no", offset: 3), Refusal(.tooLarge, "no"), Refusal.notFound,
  ]) func aRefusalOfAnEnvelopeIsDescribed(refusal: Refusal) throws {
    let schema = try #require(Self.check.part("components", "schemas", "ErrorAnswer"))
    #expect(Self.check.problems(of: try #require(JSONInput.parse(refusal.reply.body)), by: schema) == [])
  }

  @Test func eachMessageOfTheStreamIsDescribed() throws {
    let schema = Self.check.part(
      "paths", "/api/v1/stream", "get", "responses", "200", "content", "text/event-stream", "schema", "anyOf")
    guard case .array(let messages)? = schema else { return #expect(Bool(false), "\(schema as Any)") }
    let names = messages.map { message in
      let check = SchemaCheck(document: message)
      if case .string(let name)? = check.part("properties", "event", "const") { return name }
      return ""
    }
    #expect(names == ["received", "settled", "discarded", "missed", "overloaded"])
  }

  // MARK: What is asked

  /// Broken by a description that is narrower than what is taken: who goes by it would think that something can't be said.
  @Test(arguments: [
    (TextForm.time, ["24h", "250ms", "7d", "2026-01-02T03:04:05Z", "2026-01-02t03:04:05.678-03:00"]),
    (.number, ["0", "1", "999999999999999999"]), (.eventID, ["\(Samples.eventID)"]),
    (.eventIDs, ["\(Samples.eventID)", "\(Samples.eventID),\(Samples.eventID)"]),
    (.numberOrEventID, ["7", "\(Samples.eventID)"]), (.liveID, ["\(Samples.eventID).12"]),
    (.rate, ["50/s", "600/m", "5000/h"]), (.duration, ["15m"]), (.status, ["422", "5xx", "none"]),
    (.list, ["a", "a,b", ",a"]), (.filled, ["a", "\n"]),
  ])
  func whatIsTakenHasTheFormThatIsDescribed(form: TextForm, texts: [String]) throws {
    let pattern = try Regex(form.pattern)
    for text in texts { #expect(text.firstMatch(of: pattern) != nil, "\(text)") }
  }

  /// Broken by a description that promises what is refused.
  @Test(arguments: [
    ("/api/v1/events", "since", ""), ("/api/v1/events", "since", "yesterday"),
    ("/api/v1/events", "until", "24"),
    ("/api/v1/events", "after", "+5"), ("/api/v1/events", "after", "007"), ("/api/v1/events", "ids", "0"),
    ("/api/v1/events", "outcome", "lost"), ("/api/v1/events", "type", ","), ("/api/v1/events", "text", ""),
    ("/api/v1/deliveries", "destination", ""), ("/api/v1/deliveries", "status", "late"),
    ("/api/v1/deliveries", "reason", "why"), ("/api/v1/stream", "kinds", "sent"),
    ("/api/v1/stream", "last_event_id", "5"), ("/api/v1/audit", "since", "1 h"),
    ("/api/v1/gaps", "until", "now"), ("/api/v1/series", "step", "1m"), ("/api/v1/series", "since", "now"),
    ("/api/v1/replays", "after", "-1"),
  ])
  func whatHasNotTheFormThatIsDescribedIsRefused(path: String, name: String, text: String) async throws {
    let endpoint = try #require(EndpointTable.relay.place(at: path)?.endpoint(for: "GET"))
    let field = try #require(endpoint.input.fields(in: .request).first { $0.name == name })
    for pattern in Self.patterns(of: field.schema) {
      let form = try Regex(pattern)
      #expect(text.firstMatch(of: form) == nil, "\(pattern)")
    }
    try await withServer { server in
      let query = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      let answer = try await server.get("\(path)?\(name)=\(query)")
      #expect(answer.status == 400, "\(answer.body)")
    }
  }

  private static func patterns(of schema: Schema) -> [String] {
    switch schema {
    case .text(let form): [form.pattern]
    case .either(let schemas): schemas.flatMap { patterns(of: $0) }
    case .nullable(let schema): patterns(of: schema)
    default: []
    }
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
    "POST /api/v1/notify/{receiver}/test": ["{}"],
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
