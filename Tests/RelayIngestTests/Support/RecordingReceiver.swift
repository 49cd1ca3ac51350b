import RelayPipeline

/// Notes what the listener says, and answers when the test says so; for tests on one thread.
final class RecordingReceiver: EnvelopeReceiver, @unchecked Sendable {  // Each test has one thread.
  struct Received {
    var path: String
    var body: [UInt8]
    var complete: @Sendable (IngestReply) -> Void
  }

  struct Refused: Equatable {
    var path: String
    var status: Int
  }

  static let reply = IngestReply(status: 200, body: Array("{}".utf8))

  /// nil: the test completes each request itself.
  var answersAtOnce: IngestReply?
  private(set) var received: [Received] = []
  private(set) var refused: [Refused] = []

  init(answersAtOnce: IngestReply? = RecordingReceiver.reply) {
    self.answersAtOnce = answersAtOnce
  }

  var bodies: [String] { received.map { String(decoding: $0.body, as: UTF8.self) } }

  func accepts(path: String) -> Bool { path == "/huggy" }

  func receive(path: String, body: [UInt8], completion: @escaping @Sendable (IngestReply) -> Void) {
    received.append(Received(path: path, body: body, complete: completion))
    if let answersAtOnce { completion(answersAtOnce) }
  }

  func refused(path: String, reply: IngestReply) {
    refused.append(Refused(path: path, status: reply.status))
  }
}
