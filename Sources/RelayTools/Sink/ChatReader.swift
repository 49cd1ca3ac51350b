import RelayCore
import RelayJSON

/// Reads what a forwarded body tells of, in the way in which the relay itself would.
struct ChatReader: Sendable {
  private static let scanner = EnvelopeScanner(fields: RoutingTable([]).fields)

  /// - Parameters:
  ///   - body: An envelope, or an event alone.
  ///   - eventType: What an event alone is.
  static func chat(in body: [UInt8], eventType: String?) -> String? {
    // An event alone has no `messages`.
    (events(in: body).first ?? events(among: body, type: eventType).first)?.chat
  }

  /// The events of an envelope, in the order in which they stand there; none where it is no envelope.
  static func events(in envelope: [UInt8], type: String? = nil) -> [SinkBatch.Event] {
    guard let scanned = try? scanner.scan(envelope) else { return [] }
    return envelope.withUnsafeBufferPointer { document in
      scanned.events.map { event in
        let view = EventView(
          source: "", type: type ?? event.type.text(in: document), fallbackCompany: nil,
          fields: scanned.fields[event.fields], document: document)
        return SinkBatch.Event(type: view.type, company: view.company, chat: view.chat)
      }
    }
  }

  /// The events of a list, or one alone.
  ///
  /// - Parameter type: What they are; nil: nobody says it.
  static func events(among content: [UInt8], type: String?) -> [SinkBatch.Event] {
    // Put where the scanner looks for events.
    let envelope = Array(#"{"messages":{"event":"#.utf8) + content + Array("}}".utf8)
    return events(in: envelope, type: type ?? "")
  }
}
