import RelayPipeline

/// Hands what the listener says to the test, on whatever thread that runs; the test answers.
final class StreamReceiver: EnvelopeReceiver {
  struct Received: Sendable {
    var body: [UInt8]
    var complete: @Sendable (IngestReply) -> Void

    var text: String { String(decoding: body, as: UTF8.self) }
    func complete(_ status: Int = 200) { complete(IngestReply(status: status, body: body)) }
  }

  let received: AsyncStream<Received>
  let refused: AsyncStream<Refusal>
  private let receivedContinuation: AsyncStream<Received>.Continuation
  private let refusedContinuation: AsyncStream<Refusal>.Continuation
  private let answersAtOnce: Bool

  init(answersAtOnce: Bool = false) {
    self.answersAtOnce = answersAtOnce
    (received, receivedContinuation) = AsyncStream.makeStream()
    (refused, refusedContinuation) = AsyncStream.makeStream()
  }

  func entry(at path: String) -> PathEntry { path == "/huggy" ? .open : .none }

  func refusal(of origin: any RequestOrigin, at path: String) -> Refusal? { nil }

  func receive(
    path: String, body: [UInt8], origin: any RequestOrigin,
    completion: @escaping @Sendable (IngestReply) -> Void
  ) {
    let received = Received(body: body, complete: completion)
    if answersAtOnce { received.complete() }
    receivedContinuation.yield(received)
  }

  func refused(path: String, _ refusal: Refusal, origin: any RequestOrigin) {
    refusedContinuation.yield(refusal)
  }

  /// The next body that the listener hands over.
  func next() async throws -> Received {
    for await next in received { return next }
    throw CancellationError()
  }

  func nextRefusal() async throws -> Refusal {
    for await next in refused { return next }
    throw CancellationError()
  }
}
