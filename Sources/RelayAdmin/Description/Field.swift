/// A field of the API: its name, its type and what it means, declared once. From the declaration come the JSON that is written
/// and read (the name in `snake_case`), and what `/openapi.json` says.
///
///     struct PauseAnswer: Answer {
///       @Field("The destination.") var name: String
///       @Field("When the pause ends by itself; null: when somebody resumes it.") var pausedUntil: Timestamp?
///     }
///
/// A record's fields are given after `self.init()`, in an extension. An answer with a field that was not given is not sent: the
/// encoder fails. Optional fields are null, and lists empty, until they are given.
@propertyWrapper
package struct Field<Value> {
  private var given: Value?
  /// What it means, in a sentence or two.
  package let meaning: String
  package let rule: FieldRule

  package var wrappedValue: Value {
    get {
      guard let given else { preconditionFailure("a field was read before it was given: \(meaning)") }
      return given
    }
    set { given = newValue }
    // In its place: else whoever appends to a list of a field copies the list.
    _modify {
      precondition(given != nil, "a field was changed before it was given: \(meaning)")
      yield &given!
    }
  }

  /// nil: not yet.
  var givenValue: Value? { given }

  package init(_ meaning: String, _ rule: FieldRule = .plain) {
    self.init(given: nil, meaning, rule)
  }

  package init(_ meaning: String, _ rule: FieldRule = .plain) where Value: ExpressibleByNilLiteral {
    self.init(given: nil as Value, meaning, rule)
  }

  package init(_ meaning: String, _ rule: FieldRule = .plain) where Value: ExpressibleByArrayLiteral {
    self.init(given: [] as Value, meaning, rule)
  }

  init(given: Value?, _ meaning: String = "", _ rule: FieldRule = .plain) {
    self.given = given
    self.meaning = meaning
    self.rule = rule
  }
}

/// What holds for a field beside its type.
package enum FieldRule: Sendable {
  case plain
  /// Of an answer: where it is nil, it is not there at all.
  case leftOutIfNil
  /// Of a request: null is as good as none.
  case takesNull
  /// Of a request: a number in these bounds.
  case range(ClosedRange<Int>)
  /// Of an answer: a text that is one of these words. (A newer relay may have more: so it is not read as an enumeration.)
  case words(@Sendable () -> [String])
  /// Of a request: a text, or each of several, looks like this.
  case form(TextForm)
  /// Contents of an event, or what a destination answered to it. Of an answer: null for a caller whose role may not see it (the
  /// field is optional, then). Of a request: the audit does not repeat it.
  case contents

  var isLeftOutIfNil: Bool { if case .leftOutIfNil = self { true } else { false } }
  var takesNull: Bool { if case .takesNull = self { true } else { false } }
  var isContents: Bool { if case .contents = self { true } else { false } }
}

extension Field: Sendable where Value: Sendable {}

extension Field: Equatable where Value: Equatable {
  /// What it means is the same wherever it is; a decoded one does not know.
  package static func == (a: Field, b: Field) -> Bool { a.given == b.given }
}

extension Field: Encodable where Value: Encodable {
  package func encode(to encoder: any Encoder) throws {
    guard let given else {
      throw EncodingError.invalidValue(
        meaning,
        EncodingError.Context(codingPath: [], debugDescription: "a field was never given: \(meaning)"))
    }
    var container = encoder.singleValueContainer()
    try container.encode(given)
  }
}

extension Field: Decodable where Value: Decodable {
  package init(from decoder: any Decoder) throws {
    self.init(given: try decoder.singleValueContainer().decode(Value.self))
  }
}

/// Fields that several records have in common: they stand among the record's own, not in an object of their own.
@propertyWrapper
package struct Fields<Group> {
  package var wrappedValue: Group

  package init(wrappedValue: Group) {
    self.wrappedValue = wrappedValue
  }
}

extension Fields: Sendable where Group: Sendable {}
extension Fields: Equatable where Group: Equatable {}

extension Fields: Encodable where Group: Encodable {
  package func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

extension Fields: Decodable where Group: Decodable {
  package init(from decoder: any Decoder) throws { self.init(wrappedValue: try Group(from: decoder)) }
}

/// A field, whatever its type.
protocol AnyField {
  /// - Parameter use: Whether a request or an answer has it.
  func description(named name: String, in use: Schema.Use) -> FieldDescription
  var rule: FieldRule { get }
  func ruled(by rule: FieldRule) -> Self
  /// It is nil, or an empty list: a request says that by leaving it out.
  var isEmpty: Bool { get }
  /// What it is where a document does not have it; nil: it must.
  static var missing: Self? { get }
}

/// A group of fields, whatever it holds.
protocol AnyFields {
  func descriptions(in use: Schema.Use) -> [FieldDescription]
  /// By which it asks about contents.
  var contentParameters: [String] { get }
}

extension Fields: AnyFields where Group: Record {
  func descriptions(in use: Schema.Use) -> [FieldDescription] { Group.fields(in: use) }
  var contentParameters: [String] { (wrappedValue as? any Input)?.allContentParameters ?? [] }
}

extension Field: AnyField where Value: APIValue {
  func description(named name: String, in use: Schema.Use) -> FieldDescription {
    FieldDescription(
      name: name, meaning: meaning, rule: rule, schema: Value.schema.used(in: use, by: rule),
      isRequired: use == .request ? Self.missing == nil : !rule.isLeftOutIfNil)
  }

  func ruled(by rule: FieldRule) -> Field { Field(given: givenValue, meaning, rule) }

  var isEmpty: Bool { givenValue != nil && givenValue == Self.missing?.givenValue }

  static var missing: Self? { (Value.self as? any HasEmpty.Type).map { Self(given: $0.empty as? Value) } }
}

/// A type with a value that stands for nothing.
protocol HasEmpty {
  static var empty: Self { get }
}

extension Optional: HasEmpty {
  static var empty: Self { nil }
}

extension Array: HasEmpty {
  static var empty: Self { [] }
}
