import RelayJSON

/// What a sink sends back.
struct SinkAnswer: Sendable, Equatable {
  var status: Int
  var body: [UInt8]
  var delay = Duration.zero

  /// For browsers and health checks.
  static let greeting = SinkAnswer(
    status: 200, body: Array("This is a huggy-relay sink. POST webhooks here.\n".utf8))

  static let tooLarge = SinkAnswer(
    status: 413, body: Array("The sink takes bodies of 16 MiB at most.\n".utf8))

  /// What goes with a status. Huggy's handshake is confirmed, so that a sink can stand in a relay's place.
  static func body(for status: Int, request: [UInt8]) -> [UInt8] {
    guard (200..<300).contains(status) else { return Array("The sink answers \(status), as told.\n".utf8) }
    return handshakeToken(in: request) ?? Array("ok\n".utf8)
  }

  /// T of `{"token":T,"validToken":true}`.
  private static func handshakeToken(in body: [UInt8]) -> [UInt8]? {
    // Longer bodies are envelopes: not worth a second scan.
    guard body.count < 1_024, let document = try? EnvelopeScanner(fields: FieldTree(paths: [])).scan(body),
      !document.hasMessages, document.validToken?.kind == .true, let token = document.token,
      token.kind == .string
    else { return nil }
    return Array(token.text(in: body).utf8)
  }
}
