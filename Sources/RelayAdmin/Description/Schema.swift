/// What a JSON value may be: as much of JSON Schema as this API needs.
indirect enum Schema: Sendable, Equatable {
  /// Whose value it is: the same declaration reads and writes otherwise. What is optional may be left out of a request, and is
  /// null in an answer.
  enum Use: Sendable {
    case request, answer
  }

  /// Anything: an event as it came.
  case any
  case boolean
  case integer(ClosedRange<Int>? = nil)
  case number
  case string(format: String? = nil)
  /// A string of this form.
  case text(TextForm)
  /// Any object.
  case object
  /// One of these words.
  case word([String])
  case array(Schema, isFilled: Bool = false)
  case nullable(Schema)
  case either([Schema])
  /// A record, by its type: its fields are looked at when they are needed.
  case record(RecordType)
  /// A server-sent event of this name, whose data is the record's JSON.
  case message(String, RecordType)
  /// Text whose lines are the record's JSON each.
  case lines(RecordType)

  /// As it is in a request or in an answer.
  func used(in use: Use, by rule: FieldRule) -> Schema {
    guard case .nullable(let schema) = self else { return rule.takesNull ? .nullable(self) : kept(to: rule) }
    return switch rule {
    case .takesNull: .nullable(schema)
    case .leftOutIfNil: schema
    case .plain, .range, .words, .form, .contents:
      use == .request ? schema.kept(to: rule) : .nullable(schema.kept(to: rule))
    }
  }

  private func kept(to rule: FieldRule) -> Schema {
    switch (self, rule) {
    case (.integer, .range(let range)): .integer(range)
    case (.string, .words(let words)): .word(words())
    case (.string, .form(let form)), (.text, .form(let form)): .text(form)
    case (.array(let items, let isFilled), .form): .array(items.kept(to: rule), isFilled: isFilled)
    // What has a form is no number.
    case (.either(let schemas), .form):
      .choice(of: schemas.filter { $0 != .integer() }.map { $0.kept(to: rule) })
    default: self
    }
  }
}

extension Schema {
  static func choice(of schemas: [Schema]) -> Schema { schemas.count == 1 ? schemas[0] : .either(schemas) }
}

/// A type of records: compared and named by the type.
struct RecordType: Sendable, Equatable {
  let type: any Record.Type

  /// What `/openapi.json` calls it.
  var name: String { "\(type)".split(separator: ".").last.map(String.init) ?? "" }

  static func == (a: RecordType, b: RecordType) -> Bool { a.type == b.type }
}

/// What is known of a field of a record.
struct FieldDescription: Sendable {
  /// As the JSON has it.
  var name: String
  var meaning: String
  var rule: FieldRule
  var schema: Schema
  var isRequired: Bool
}
