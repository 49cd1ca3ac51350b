import RelayCore
import RelayPipeline

/// Notes what the listener says, and answers when the test says so; for tests on one thread.
final class RecordingReceiver: EnvelopeReceiver, @unchecked Sendable {  // Each test has one thread.
  struct Received {
    var path: String
    var body: [UInt8]
    var origin: Origin
    var complete: @Sendable (IngestReply) -> Void
  }

  struct Refused: Equatable {
    var path: String
    var status: Int
  }

  /// Where a request came from, as its texts were while it was handed over.
  struct Origin: Equatable {
    var peer: String?
    var forwardedFor: String?
    var userAgent: String?
    var trace: String?

    init(
      peer: String? = nil, forwardedFor: String? = nil, userAgent: String? = nil, trace: String? = nil
    ) {
      self.trace = trace
      self.peer = peer
      self.forwardedFor = forwardedFor
      self.userAgent = userAgent
    }

    init(_ origin: any RequestOrigin) {
      self.init(
        peer: origin.peer, forwardedFor: origin.forwardedFor, userAgent: origin.userAgent,
        trace: origin.trace.map { "\($0)" })
    }
  }

  static let reply = IngestReply(status: 200, body: Array("{}".utf8))

  /// nil: the test completes each request itself.
  var answersAtOnce: IngestReply?
  private(set) var received: [Received] = []
  private(set) var refused: [Refused] = []
  private(set) var refusals: [Refusal] = []
  /// Whom it was asked about who posted to `/guarded`, and what it says of them.
  private(set) var asked: [ClientAddress] = []
  var denial: (ClientAddress) -> Refusal? = { _ in nil }
  /// Of the refused ones.
  private(set) var origins: [Origin] = []

  init(answersAtOnce: IngestReply? = RecordingReceiver.reply) {
    self.answersAtOnce = answersAtOnce
  }

  var bodies: [String] { received.map { String(decoding: $0.body, as: UTF8.self) } }

  func entry(at path: String) -> PathEntry {
    switch path {
    case "/huggy": .open
    case "/guarded": .guarded
    default: .none
    }
  }

  func refusal(of origin: any RequestOrigin, at path: String) -> Refusal? {
    asked.append(origin.client)
    return denial(origin.client)
  }

  func receive(
    path: String, body: [UInt8], origin: any RequestOrigin,
    completion: @escaping @Sendable (IngestReply) -> Void
  ) {
    received.append(Received(path: path, body: body, origin: Origin(origin), complete: completion))
    if let answersAtOnce { completion(answersAtOnce) }
  }

  func refused(path: String, _ refusal: Refusal, origin: any RequestOrigin) {
    refused.append(Refused(path: path, status: refusal.reason.status))
    refusals.append(refusal)
    origins.append(Origin(origin))
  }
}
