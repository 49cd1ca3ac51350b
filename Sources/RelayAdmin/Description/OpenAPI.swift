/// `GET /openapi.json`: what the table of endpoints says, as OpenAPI 3.1 has it.
struct OpenAPI {
  let table: EndpointTable
  /// The relay's.
  let version: String

  /// The document.
  var json: [UInt8] {
    var output = JSONOutput()
    output.object { output in
      output.field("openapi", "3.1.0")
      output.key("info")
      output.object { output in
        output.field("title", "huggy-relay")
        output.field("version", version)
        output.field("description", Self.about)
      }
      output.key("paths")
      output.object { output in
        for path in paths {
          output.key(path)
          output.object { output in
            for endpoint in table.endpoints where endpoint.path.text == path { endpoint.write(to: &output) }
          }
        }
      }
      output.key("components")
      output.object { output in writeComponents(to: &output) }
    }
    return output.bytes
  }

  private static let about =
    "The relay's admin API. Times are RFC 3339, in UTC. Roles: metrics, viewer, reader, operator, admin; each may what the "
    + "one before may. Contents of events (`x-contents`) are null for callers below reader, and the answer then says "
    + "`\"masked\":true`."

  /// Each once, in the table's order.
  private var paths: [String] {
    var seen: Set<String> = []
    return table.endpoints.map(\.path.text).filter { seen.insert($0).inserted }
  }

  private func writeComponents(to output: inout JSONOutput) {
    output.key("securitySchemes")
    output.object { output in
      output.key("token")
      output.object { output in
        output.field("type", "http")
        output.field("scheme", "bearer")
      }
      output.key("session")
      output.object { output in
        output.field("type", "apiKey")
        output.field("in", "cookie")
        output.field("name", SessionCookie.name)
        output.field("description", "What `POST /login` gives a browser.")
      }
    }
    output.key("schemas")
    output.object { output in
      for use in RecordUse.all(in: table.endpoints) {
        output.key(use.name)
        use.write(to: &output)
      }
    }
  }
}

/// A record as requests or answers have it.
private struct RecordUse {
  let record: RecordType
  let use: Schema.Use
  /// What every answer that shows contents has where they are left out.
  let mayBeMasked: Bool

  var name: String { record.name }

  /// Those that endpoints take and answer, and all that are in them.
  static func all(in endpoints: [Endpoint]) -> [RecordUse] {
    var found: [RecordUse] = []
    let whole = endpoints.flatMap(\.replies).compactMap(\.schema.wholeRecord)
    func add(_ schema: Schema, _ use: Schema.Use) {
      switch schema {
      case .any, .boolean, .integer, .number, .string, .text, .object, .word: break
      case .array(let schema, _), .nullable(let schema): add(schema, use)
      case .either(let schemas): for schema in schemas { add(schema, use) }
      case .record(let record), .message(_, let record), .lines(let record):
        guard !found.contains(where: { $0.record == record }) else { return }
        let masks = whole.contains(record) && record.showsContents
        found.append(RecordUse(record: record, use: use, mayBeMasked: masks))
        for field in record.type.fields(in: use) { add(field.schema, use) }
      }
    }
    for endpoint in endpoints {
      for reply in endpoint.replies { add(reply.schema, .answer) }
      if endpoint.method == .post { add(endpoint.input.schema, .request) }
    }
    add(ErrorAnswer.schema, .answer)
    return found
  }

  func write(to output: inout JSONOutput) {
    let fields = record.type.fields(in: use)
    output.object { output in
      output.field("type", "object")
      output.key("properties")
      output.object { output in
        for field in fields { field.write(to: &output) }
        if mayBeMasked {
          output.key("masked")
          output.object { output in
            output.field("const", true)
            output.field(
              "description",
              "Contents of events are left out: the caller's role is below reader, or that they look can't be recorded."
            )
          }
        }
        if use == .request { writeReason(to: &output) }
      }
      let required = fields.filter(\.isRequired).map(\.name)
      if !required.isEmpty { output.field("required", required) }
      output.field("additionalProperties", false)
    }
  }

  private func writeReason(to output: inout JSONOutput) {
    output.key((record.type as? any Input.Type)?.reasonKey ?? Nothing.reasonKey)
    output.object { output in
      output.field("type", "string")
      output.field("description", Endpoint.reasonMeaning)
    }
  }
}

extension RecordType {
  /// Somewhere in it.
  var showsContents: Bool {
    type.fields(in: .answer).contains {
      $0.rule.isContents || $0.schema.records.contains(where: \.showsContents)
    }
  }
}

extension RecordType {
  fileprivate func writeReference(to output: inout JSONOutput) {
    output.field("$ref", "#/components/schemas/\(name)")
  }
}

extension Schema {
  /// Those that it is made of, not those in them.
  var records: [RecordType] {
    switch self {
    case .any, .boolean, .integer, .number, .string, .text, .object, .word: []
    case .array(let schema, _), .nullable(let schema): schema.records
    case .either(let schemas): schemas.flatMap(\.records)
    case .record(let record), .message(_, let record), .lines(let record): [record]
    }
  }

  fileprivate var wholeRecord: RecordType? { if case .record(let record) = self { record } else { nil } }

  /// - Parameter description: nil: there is none.
  func write(description: String? = nil, isContents: Bool = false, to output: inout JSONOutput) {
    output.object { output in
      writeMembers(to: &output)
      if let description { output.field("description", description) }
      if isContents { output.field("x-contents", true) }
    }
  }

  private func writeMembers(to output: inout JSONOutput) {
    switch self {
    case .any: break
    case .boolean: output.field("type", "boolean")
    case .integer(let range):
      output.field("type", "integer")
      if let range {
        output.field("minimum", range.lowerBound)
        if range.upperBound != .max { output.field("maximum", range.upperBound) }
      }
    case .number: output.field("type", "number")
    case .string(let format):
      output.field("type", "string")
      if let format { output.field("format", format) }
    case .text(let form):
      output.field("type", "string")
      output.field("pattern", form.pattern)
    case .object: output.field("type", "object")
    case .word(let words): output.field("enum", words)
    case .array(let schema, let isFilled):
      output.field("type", "array")
      if isFilled { output.field("minItems", 1) }
      output.key("items")
      schema.write(to: &output)
    case .nullable(.any): break
    case .nullable(let schema): Self.writeChoice([schema, nil], to: &output)
    case .either(let schemas): Self.writeChoice(schemas, to: &output)
    case .record(let record): record.writeReference(to: &output)
    case .message(let name, let record): Self.writeMessage(name, record, to: &output)
    case .lines(let record):
      output.field("type", "string")
      output.key("x-line")
      output.object { record.writeReference(to: &$0) }
    }
  }

  /// As those who check such streams read their events: an object of the fields.
  private static func writeMessage(_ name: String, _ record: RecordType, to output: inout JSONOutput) {
    output.field("type", "object")
    output.key("properties")
    output.object { output in
      output.key("event")
      output.object { $0.field("const", name) }
      output.key("id")
      Schema.string().write(to: &output)
      output.key("data")
      output.object { output in
        output.field("type", "string")
        output.field("contentMediaType", "application/json")
        output.key("contentSchema")
        output.object { record.writeReference(to: &$0) }
      }
    }
    output.field("required", ["event", "data"])
  }

  /// - Parameter schemas: nil: null.
  private static func writeChoice(_ schemas: [Schema?], to output: inout JSONOutput) {
    output.key("anyOf")
    output.array { output in
      for schema in schemas {
        if let schema { schema.write(to: &output) } else { output.object { $0.field("type", "null") } }
      }
    }
  }
}

extension FieldDescription {
  fileprivate func write(to output: inout JSONOutput) {
    output.key(name)
    schema.write(description: meaning, isContents: rule.isContents, to: &output)
  }
}

// MARK: Endpoints

extension Endpoint {
  static let reasonMeaning = "Why: it stands in the audit."

  fileprivate func write(to output: inout JSONOutput) {
    output.key(method.rawValue.lowercased())
    output.object { output in
      output.field("operationId", operationID)
      output.field("summary", summary)
      if let role {
        output.field("x-role", role.rawValue)
        output.key("security")
        output.array { output in
          for scheme in ["token", "session"] { output.object { $0.field(scheme, [String]()) } }
        }
      }
      writeParameters(to: &output)
      if method == .post { writeBody(to: &output) }
      output.key("responses")
      output.object { output in writeResponses(to: &output) }
    }
  }

  private var operationID: String {
    ([method.rawValue.lowercased()] + path.text.split(separator: "/").map { $0.filter { !"{}".contains($0) } })
      .joined(separator: "_")
  }

  private func writeParameters(to output: inout JSONOutput) {
    output.key("parameters")
    output.array { output in
      for name in path.names {
        output.object { output in
          output.field("name", name)
          output.field("in", "path")
          output.field("required", true)
          let known = PathTemplate.names[name]
          output.field("description", known?.meaning ?? "")
          output.key("schema")
          (known.map { .text($0.form) } ?? Schema.string()).write(to: &output)
        }
      }
      guard method == .get, !ignoresQuery else { return }
      for field in input.fields(in: .request) { Self.writeParameter(field, to: &output) }
      Self.writeParameter(
        FieldDescription(
          name: input.reasonKey, meaning: Self.reasonMeaning, rule: .plain, schema: .string(),
          isRequired: false), to: &output)
    }
  }

  private static func writeParameter(_ field: FieldDescription, to output: inout JSONOutput) {
    output.object { output in
      output.field("name", field.name)
      output.field("in", "query")
      output.field("required", field.isRequired)
      output.field("description", field.meaning)
      output.key("schema")
      // An address has no null.
      if case .nullable(let schema) = field.schema {
        schema.write(to: &output)
      } else {
        field.schema.write(to: &output)
      }
    }
  }

  private func writeBody(to output: inout JSONOutput) {
    output.key("requestBody")
    output.object { output in
      // If it is `{}`: it is what says that this is JSON.
      output.field("required", true)
      output.key("content")
      output.object { output in
        output.key("application/json")
        output.object { output in
          output.key("schema")
          input.schema.write(to: &output)
        }
      }
    }
  }

  // MARK: Answers

  private func writeResponses(to output: inout JSONOutput) {
    for status in Set(replies.map(\.status)).sorted() {
      let replies = replies.filter { $0.status == status }
      output.key("\(status)")
      output.object { output in
        output.field("description", status == 304 ? "What the browser has is the same." : "Done.")
        let types = Set(replies.map(\.contentType)).subtracting([""]).sorted()
        guard !types.isEmpty else { return }
        output.key("content")
        output.object { output in
          for type in types {
            output.key(type)
            output.object { output in
              output.key("schema")
              Schema.choice(of: replies.filter { $0.contentType == type }.map(\.schema)).write(to: &output)
            }
          }
        }
      }
    }
    let problems = allProblems
    for status in Set(problems.map(\.status)).sorted() {
      output.key("\(status)")
      output.object { output in
        output.field(
          "description",
          problems.filter { $0.status == status }.map { "`\($0.code)`: \($0.meaning)" }.joined(separator: " ")
        )
        output.key("content")
        output.object { output in
          output.key("application/json")
          output.object { output in
            output.key("schema")
            ErrorAnswer.schema.write(to: &output)
          }
        }
      }
    }
  }

  /// Its own, and those that all have.
  var allProblems: [Problem] {
    var all = problems
    all.append(Problem(403, "forbidden_host", "The Host or Origin is not the relay's."))
    all.append(Problem(500, "internal_error", "This failed inside the relay; see its log."))
    if !ignoresQuery {
      all.append(.init(400, "invalid_request", "What was asked is wrong; the message says how."))
    }
    all.append(Problem(413, "too_large", "The body is too large."))
    if let role {
      all.append(Problem(401, "unauthorized", "The token is missing, or nobody's."))
      all.append(Problem(403, "forbidden_role", "This needs the role \(role.rawValue)."))
      all.append(
        Problem(503, "unavailable", "The store does not answer, or can't keep what is to be recorded."))
    }
    if method == .post {
      all.append(Problem(415, "unsupported_media_type", "The body is not called application/json."))
    }
    return all
  }
}
