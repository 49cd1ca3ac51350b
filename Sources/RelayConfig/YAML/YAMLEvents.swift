import CYAML

/// Why a text can't be composed.
enum YAMLFailure: Error, Equatable {
  /// It is not YAML.
  ///
  /// - Parameters:
  ///   - problem: In libyaml's words.
  ///   - mark: Where it was noticed.
  ///   - began: Where what was being read begins, if libyaml says it.
  case syntax(problem: String, mark: YAMLMark, began: YAMLMark?)
  /// A text is a key of one mapping twice.
  ///
  /// - Parameter mark: Where it stands for the second time.
  case duplicateKey(mark: YAMLMark)
  /// An alias, an anchor or a tag, none of which is understood here.
  case reference(mark: YAMLMark)
  /// libyaml can't go on, and tells no place: it has no memory left, or the bytes are no text.
  case unreadable
}

/// What libyaml sees in a text, one after the other.
struct YAMLEvent {
  enum Kind {
    case streamStart, documentStart, documentEnd, streamEnd
    case alias
    case scalar(String, isPlain: Bool)
    case sequenceStart, sequenceEnd
    case mappingStart, mappingEnd
  }

  var kind: Kind
  var mark: YAMLMark
  /// An anchor or a tag is written before it.
  var hasProperties: Bool
}

/// Reads the events of one text by libyaml.
final class YAMLEvents {
  // libyaml keeps pointers into both: neither ever moves.
  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let input: UnsafeMutableBufferPointer<UInt8>

  init(_ text: String) throws(YAMLFailure) {
    let bytes = Array(text.utf8)
    input = .allocate(capacity: bytes.count)
    _ = input.initialize(from: bytes)
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else { throw .unreadable }
    // Said, since libyaml would guess it.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  /// The next event. None is asked for after the stream's end.
  func next() throws(YAMLFailure) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw failure }
    defer { yaml_event_delete(&event) }
    let data = event.data
    let (kind, hasProperties): (YAMLEvent.Kind, Bool) =
      switch event.type {
      case YAML_STREAM_START_EVENT: (.streamStart, false)
      case YAML_DOCUMENT_START_EVENT: (.documentStart, false)
      case YAML_DOCUMENT_END_EVENT: (.documentEnd, false)
      case YAML_ALIAS_EVENT: (.alias, false)
      case YAML_SCALAR_EVENT:
        (
          .scalar(Self.text(of: event), isPlain: data.scalar.style == YAML_PLAIN_SCALAR_STYLE),
          data.scalar.anchor != nil || data.scalar.tag != nil
        )
      case YAML_SEQUENCE_START_EVENT:
        (.sequenceStart, data.sequence_start.anchor != nil || data.sequence_start.tag != nil)
      case YAML_SEQUENCE_END_EVENT: (.sequenceEnd, false)
      case YAML_MAPPING_START_EVENT:
        (.mappingStart, data.mapping_start.anchor != nil || data.mapping_start.tag != nil)
      case YAML_MAPPING_END_EVENT: (.mappingEnd, false)
      default: (.streamEnd, false)
      }
    return YAMLEvent(kind: kind, mark: YAMLMark(event.start_mark), hasProperties: hasProperties)
  }

  private var failure: YAMLFailure {
    guard parser.pointee.error == YAML_SCANNER_ERROR || parser.pointee.error == YAML_PARSER_ERROR,
      let problem = parser.pointee.problem
    else { return .unreadable }
    let began = parser.pointee.context.map { _ in place(parser.pointee.context_mark) }
    return .syntax(problem: String(cString: problem), mark: place(parser.pointee.problem_mark), began: began)
  }

  /// Where a problem is. What is missing at the end of a last line without an end is missing there: libyaml ends that line, and
  /// says that it is missing on a line that the text does not have.
  private func place(_ mark: yaml_mark_t) -> YAMLMark {
    let scalars = String(decoding: input, as: UTF8.self).unicodeScalars
    guard let last = scalars.last, last != "\n", last != "\r", mark.column == 0, mark.index >= scalars.count
    else { return YAMLMark(mark) }
    let lastLine = scalars.reversed().prefix { $0 != "\n" && $0 != "\r" }
    return YAMLMark(line: mark.line, column: lastLine.count + 1)
  }

  /// A scalar's. It may hold U+0000, as an escape.
  private static func text(of event: yaml_event_t) -> String {
    let scalar = event.data.scalar
    return String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
  }
}

@available(*, unavailable) extension YAMLEvents: Sendable {}

extension YAMLMark {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: mark.line + 1, column: mark.column + 1)
  }
}
