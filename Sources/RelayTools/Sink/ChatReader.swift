import RelayCore
import RelayJSON

/// Reads which conversation a forwarded body tells of, in the way in which the relay itself would.
struct ChatReader: Sendable {
  private static let scanner = EnvelopeScanner(fields: RoutingTable([]).fields)

  /// - Parameters:
  ///   - body: An envelope, or an event alone.
  ///   - eventType: What an event alone is.
  static func chat(in body: [UInt8], eventType: String?) -> String? {
    if let chat = firstChat(in: body) { return chat }
    // An event alone: put it where the scanner looks for events.
    var envelope = Array(#"{"messages":{"event":"#.utf8)
    envelope += body
    envelope += Array("}}".utf8)
    return firstChat(in: envelope, type: eventType ?? "")
  }

  private static func firstChat(in envelope: [UInt8], type: String? = nil) -> String? {
    guard let scanned = try? scanner.scan(envelope), let event = scanned.events.first else { return nil }
    return envelope.withUnsafeBufferPointer { document in
      EventView(
        source: "", type: type ?? event.type.text(in: document), fallbackCompany: nil,
        fields: scanned.fields[event.fields], document: document
      ).chat
    }
  }
}
