import RelayJSON

/// What an event's body is: a JSON object.
enum EventBody {
  private static let scanner = EnvelopeScanner(fields: FieldTree(paths: []))

  static func isObject(_ body: [UInt8]) -> Bool {
    let envelope = Array(#"{"messages":{"":["#.utf8) + body + Array("]}}".utf8)
    return envelope.withUnsafeBufferPointer { document in
      (try? scanner.scan(document)).map { $0.events.count == 1 } ?? false
    }
  }
}
