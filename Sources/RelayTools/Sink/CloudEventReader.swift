import RelayJSON
import RelayText

/// Reads CloudEvents in structured mode, as their receiver would: what the relay sends with `format: cloudevents`.
enum CloudEventReader {
  /// What is read of one.
  struct Reading {
    var event: SinkBatch.Event
    /// What is wrong with it, for people; nil: nothing.
    var flaw: String?

    /// - Parameter id: By the request's headers; nil: they say none.
    func idFlaw(_ id: String?) -> String? {
      id == event.id ? nil : "its id is not the one that the headers say"
    }
  }

  /// Whether a request's body is one, or a batch of them.
  static func reads(contentType: String?) -> Bool {
    contentType?.asciiLowercased.hasPrefix("application/cloudevents") ?? false
  }

  /// Those of a batch, or one alone; none where it is neither.
  static func events(in body: [UInt8]) -> [Reading] {
    // Put where the scanner looks for events.
    let document = Array(#"{"messages":{"":"#.utf8) + body + Array("}}".utf8)
    guard let scanned = try? scanner.scan(document) else { return [] }
    return scanned.events.map { reading(of: scanned.fields[$0.fields], in: document) }
  }

  private enum Attribute: Int, CaseIterable {
    case specversion, id, source, type, time, subject, datacontenttype, huggycompany, data

    static let required: [Attribute] = [.id, .source, .type]
    /// Those that are not required are no empty texts.
    static let texts: [Attribute] = [.time, .subject, .datacontenttype, .huggycompany]
  }

  private static let scanner = EnvelopeScanner(
    fields: FieldTree(paths: Attribute.allCases.map { ["\($0)"] }))

  private static func reading(of fields: ArraySlice<NotedField>, in document: [UInt8]) -> Reading {
    func value(_ attribute: Attribute) -> JSONValue? {
      fields.first { $0.slot == attribute.rawValue }?.value
    }
    func text(_ attribute: Attribute) -> String? {
      value(attribute).flatMap { $0.kind == .string && !$0.range.isEmpty ? $0.text(in: document) : nil }
    }
    let missing = Attribute.required.first { text($0) == nil }
    let empty = Attribute.texts.first { value($0) != nil && text($0) == nil }
    let flaw: String? =
      if text(.specversion) != "1.0" {
        "it is no CloudEvent of specversion 1.0"
      } else if let missing {
        "\(missing) is no text, or an empty one"
      } else if let empty {
        "\(empty) is no text, or an empty one"
      } else if value(.data) == nil {
        "it has no data"
      } else {
        nil
      }
    return Reading(
      event: SinkBatch.Event(
        type: text(.type).map { $0.withoutPrefix("io.huggy.") }, company: text(.huggycompany),
        chat: text(.subject).map { $0.withoutPrefix("chat/") }, id: text(.id)),
      flaw: flaw)
  }
}

extension String {
  fileprivate func withoutPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }
}
